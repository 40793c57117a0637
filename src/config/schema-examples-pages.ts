/** Examples for the sections of what the gateway itself answers: tickets, sessions, the API reference page. */
import { below, type Notes } from './schema-notes.ts'

export const PAGE_EXAMPLES: Notes<readonly unknown[]> = {
  ...below('tickets', {
    '': [{ life: '30s', cors: 'spa' }],
    '.life': ['30s'],
    '.rateLimits': [['per-ip', 'per-user']],
    '.cors': ['spa'],
  }),
  ...below('login', {
    '': [
      {
        publicUrl: 'https://shop.example.com',
        client: { id: 'shop-web', secret: '${SHOP_WEB_SECRET}' },
        keys: [{ id: 'k1', secret: '${SESSION_KEY}' }],
      },
    ],
    '.issuer': ['main'],
    '.discovery': ['http://keycloak:8080/realms/shop/.well-known/openid-configuration'],
    '.publicUrl': ['https://shop.example.com'],
    '.client': [{ id: 'shop-web', secret: '${SHOP_WEB_SECRET}' }],
    '.client.id': ['shop-web'],
    '.client.secret': ['${SHOP_WEB_SECRET}', { file: 'secrets/shop-web' }],
    '.client.secret.file': ['secrets/shop-web'],
    '.scopes': [['orders:read', 'orders:write']],
    '.keys': [
      [
        { id: 'k2', secret: '${SESSION_KEY}' },
        { id: 'k1', secret: { file: 'secrets/session-key-1' } },
      ],
    ],
    '.keys[].id': ['k1'],
    '.keys[].secret': ['${SESSION_KEY}', { file: 'secrets/session-key' }],
    '.keys[].secret.file': ['secrets/session-key'],
    '.path': ['/auth'],
    '.idle': ['30m'],
    '.absolute': ['10h'],
    '.me': [['sub', 'name', 'email']],
    '.afterLogout': ['/'],
    '.rateLimits': [['per-ip']],
  }),
  ...below('docs', {
    '': [{ clientId: 'shop-docs', title: 'Shop', scopes: ['orders:read'] }],
    '.path': ['/docs', '/reference'],
    '.title': ['Shop'],
    '.clientId': ['shop-docs'],
    '.issuer': ['main'],
    '.scopes': [['orders:read']],
    '.leaveOut': [['/internal/**']],
  }),
}
