import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {ensurePackages} from './apt.ts'
import {freePort, processesIn, type Progress, waitUntil} from './processes.ts'

/** An nginx of Debian's that serves files as a single-page application's are served, in a folder of its own, gone with it. */
export interface RealNginx {
  readonly port: number
  stop(): Promise<void>
}

export interface NginxOptions {
  /** By their names; there has to be an `index.html`, which is the answer wherever there is no file. */
  readonly files: Readonly<Record<string, string>>
  /** What is under the path is passed on to a port of loopback. */
  readonly passOn: {readonly path: string; readonly port: number}
}

const PROGRAM = '/usr/sbin/nginx'
export const NGINX_PACKAGES = {'nginx-light': PROGRAM}

/** Starts one on a free port of loopback; installs nginx on a Debian machine that has none. */
export async function startNginx({files, passOn}: NginxOptions, progress: Progress = console.error): Promise<RealNginx> {
  await ensurePackages(NGINX_PACKAGES, progress)
  const dir = await mkdtemp(join(tmpdir(), 'sapoche-nginx-'))
  const root = join(dir, 'root')
  for (const folder of [join(dir, 'logs'), root]) await mkdir(folder)
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text)
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(dir, name)};`)
  // One process, whose user is ours: it need not share the folder with anybody.
  const config = `
daemon off;
master_process off;
pid ${join(dir, 'pid')};
error_log stderr;
events {}
http {
  access_log off;
  types { text/html html; application/javascript js; }
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${root};
    location / { try_files $uri /index.html; }
    location ${passOn.path} { proxy_pass http://127.0.0.1:${passOn.port}; }
  }
}
`
  const file = join(dir, 'nginx.conf')
  await writeFile(file, config)
  const processes = processesIn(dir, progress, {removeFolder: true})
  const running = await processes.start('nginx', PROGRAM, ['-c', file, '-e', 'stderr'])
  const answers = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}/`, {signal: AbortSignal.timeout(1000)})).ok
  await waitUntil('nginx answers', answers, {needs: [running], timeout: 10_000})
  return {
    port,
    async stop() {
      await processes.stopAll()
      await rm(dir, {recursive: true, force: true})
    },
  }
}
