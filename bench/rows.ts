/** All rows, in the order of the table. */
import type { Row } from './row.ts'
import { ENVOY_ROWS } from './targets/envoy.ts'
import { FLOOR_ROWS } from './targets/floors.ts'
import { GATEWAY_ROWS } from './targets/gateway.ts'
import { HAPROXY_ROWS } from './targets/haproxy.ts'
import { NGINX_ROWS } from './targets/nginx.ts'
import { NODE_STACK_ROWS } from './targets/node-stacks.ts'

export const ROWS: readonly Row[] = [
  ...NGINX_ROWS,
  ...FLOOR_ROWS,
  ...GATEWAY_ROWS,
  ...HAPROXY_ROWS,
  ...ENVOY_ROWS,
  ...NODE_STACK_ROWS,
]

/** The rows with these ids, in the order of the table; throws when there is none of a name. */
export function chooseRows(rows: readonly Row[], ids: readonly string[] | undefined): Row[] {
  const unknown = ids?.filter((id) => !rows.some((row) => row.id === id)) ?? []
  if (unknown.length > 0) {
    throw new Error(`no such row: ${unknown.join(', ')}; there are ${rows.map(({ id }) => id).join(', ')}`)
  }
  return rows.filter(({ id }) => ids === undefined || ids.includes(id))
}
