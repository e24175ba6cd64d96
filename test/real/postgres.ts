import {chown, mkdir, mkdtemp, readdir, rm, chmod} from 'node:fs/promises'
import {connect} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {ensurePackages} from './apt.ts'
import {freePort, processesIn, type Progress, run, type Running, waitUntil} from './processes.ts'

/** A PostgreSQL of Debian's with one empty database, in a folder of its own, gone with it. */
export interface RealPostgres {
  readonly port: number
  /** Whose password nobody asks for. */
  readonly user: string
  readonly database: string
  /** At once: its clients are told that it crashed. */
  kill(): Promise<void>
  stop(): Promise<void>
}

const VERSIONS = '/usr/lib/postgresql'
export const POSTGRES_PACKAGES = {postgresql: VERSIONS}
const USER = 'orthanc'
/** It refuses to be run by root, who has to become somebody else: nobody, and nogroup (Debian's base-passwd). */
const NOBODY = 65_534

/** Starts one on a free port of loopback; installs postgresql on a Debian machine that has none. */
export async function startPostgres(progress: Progress = console.error): Promise<RealPostgres> {
  const programs = await ensurePrograms(progress)
  const isRoot = process.getuid?.() === 0
  // Somebody else has no way into a folder for temporary files that is root's own.
  const dir = await mkdtemp(join(isRoot ? '/tmp' : tmpdir(), 'sapoche-postgres-'))
  const home = join(dir, 'home')
  await mkdir(join(dir, 'logs'))
  await mkdir(home)
  if (isRoot) {
    await chmod(dir, 0o711)
    await chown(home, NOBODY, NOBODY)
  }
  const asSomebody = (program: string, args: readonly string[]): [string, string[]] => {
    const command = join(programs, program)
    if (!isRoot) return [command, [...args]]
    return ['setpriv', [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--', command, ...args]]
  }
  const data = join(home, 'data')
  const {code, stderr} = await run(...asSomebody('initdb', ['-D', data, '-U', USER, '-A', 'trust', '--no-sync', '-E', 'UTF8']), {
    cwd: home,
    timeout: 60_000,
  })
  if (code !== 0) throw new Error(`initdb failed: ${stderr.trim()}`)
  const port = await freePort()
  const processes = processesIn(dir, progress, {removeFolder: true})
  // Shared memory in its own folder, which goes with it.
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', home, '-F', '-c', 'dynamic_shared_memory_type=mmap']
  const running: Running = await processes.start('postgres', ...asSomebody('postgres', options), {cwd: home})
  const isReady = async (): Promise<boolean> => {
    const args = ['-h', '127.0.0.1', '-p', String(port), '-U', USER, '-d', 'postgres']
    return (await run(join(programs, 'pg_isready'), args)).code === 0
  }
  await waitUntil('PostgreSQL answers', isReady, {needs: [running], timeout: 20_000})
  return {
    port,
    user: USER,
    database: 'postgres',
    async kill() {
      await processes.stop(running, 'SIGQUIT')
      await waitUntil('its port is closed', () => isClosed(port), {timeout: 5000})
    },
    async stop() {
      await processes.stop(running, 'SIGQUIT')
      await processes.stopAll()
      await rm(dir, {recursive: true, force: true})
    },
  }
}

/** The folder of the newest one's programs. */
async function ensurePrograms(progress: Progress): Promise<string> {
  await ensurePackages(POSTGRES_PACKAGES, progress)
  const versions = (await readdir(VERSIONS)).filter((name) => /^\d+$/.test(name)).toSorted((a, b) => Number(b) - Number(a))
  if (versions[0] === undefined) throw new Error(`the package postgresql has no server below ${VERSIONS}`)
  return join(VERSIONS, versions[0], 'bin')
}

function isClosed(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('error', () => resolve(true))
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
  })
}
