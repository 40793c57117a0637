/** nginx as the upstream of all, and as a proxy that checks nothing. One worker, no access log, connections kept. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/support/free-port.ts'
import { findProgram, GATEWAY_CORE, startPinned } from '../processes.ts'
import { missingProgram, type Row } from '../row.ts'

function nginxConfig(port: number, folder: string, name: string, upstream: string, location: string): string {
  return `daemon off;
master_process off;
pid ${folder}/${name}.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  default_type application/json;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/${name}-body;
  proxy_temp_path ${folder}/${name}-proxy;
  fastcgi_temp_path ${folder}/${name}-fastcgi;
  uwsgi_temp_path ${folder}/${name}-uwsgi;
  scgi_temp_path ${folder}/${name}-scgi;
  ${upstream}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /orders/ { ${location} }
    location / { return 404; }
  }
}
`
}

export function nginxUpstreamConfig(port: number, folder: string, body: string): string {
  return nginxConfig(port, folder, 'upstream', '', `return 200 "${body}";`)
}

function nginxProxyConfig(port: number, folder: string, upstreamPort: number): string {
  const upstream = `upstream orders { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 100000000; }`
  const location = 'proxy_pass http://orders; proxy_http_version 1.1; proxy_set_header Connection "";'
  return nginxConfig(port, folder, 'proxy', upstream, location)
}

const nginx: Row = {
  ...{ id: 'nginx', title: 'nginx, no checks', group: 'floor', tokens: 'few', checks: [] },
  missing: () => missingProgram('nginx'),
  async start(world) {
    const port = await freePort()
    const config = join(world.folder, 'nginx-proxy.conf')
    await writeFile(config, nginxProxyConfig(port, world.folder, world.upstream.port))
    const options = { core: GATEWAY_CORE, port, outputFile: world.outputFile('nginx') }
    return startPinned([findProgram('nginx') as string, '-c', config, '-e', '/dev/stderr'], options)
  },
}

export const NGINX_ROWS: readonly Row[] = [nginx]
