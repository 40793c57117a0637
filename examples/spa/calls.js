/** What this page calls, by the routes of scopegate.yaml. */
export const CALLS = [
  { name: 'product', method: 'GET', path: '/catalog/tea-pot', needs: 'nothing: it is public' },
  { name: 'order', method: 'GET', path: '/orders/7', needs: 'the scope orders:read' },
  { name: 'buy', method: 'POST', path: '/orders', needs: 'the scope orders:write' },
  { name: 'refund', method: 'POST', path: '/refunds', needs: 'the scope refunds:write; three a minute' },
]
