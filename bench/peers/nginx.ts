import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts, isFree } from '../../dev/child.ts'
import { residentBytes } from '../process.ts'
import type { Peer } from './scene.ts'

/** Whether nginx is on this machine; Debian: `apt-get install nginx`. */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).error === undefined
}

/** One nginx process on loopback that passes all on, its files in a folder of its own. */
export async function startNginx(
  upstream: { readonly url: string },
  buffering: 'on' | 'off',
): Promise<Omit<Peer, 'sink'>> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-nginx-'))
  const port = await freePorts(1)
  const file = join(folder, 'nginx.conf')
  await writeFile(file, configOf({ folder, port, buffering, upstream: upstream.url }))
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], { stdio: 'inherit' })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  for (let at = 0; at < 100 && (await isFree(port)); at++) {
    if (child.exitCode !== null) throw new Error(`nginx ended with code ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  const pid = child.pid ?? -1
  return {
    pid,
    idleBytes: residentBytes(pid).now,
    runUrl: `http://127.0.0.1:${port}/v2/bench/run`,
    async stop() {
      child.kill('SIGTERM')
      await exited
      process.off('exit', kill)
      await rm(folder, { recursive: true })
    },
  }
}

interface Settings {
  readonly folder: string
  readonly port: number
  readonly buffering: 'on' | 'off'
  readonly upstream: string
}

/** A single process, so that all its work is in one place to be measured. */
function configOf({ folder, port, buffering, upstream }: Settings): string {
  return `daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      proxy_http_version 1.1;
      proxy_request_buffering ${buffering};
    }
  }
}
`
}
