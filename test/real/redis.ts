import {once} from 'node:events'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Redis} from 'ioredis'
import {installPackages} from './apt.ts'
import {freePort, processesIn, type Progress, run, waitUntil} from './processes.ts'

/** A redis-server of Debian's, in a folder of its own, gone with it. */
export interface RealRedis {
  readonly port: number
  readonly dir: string
  readonly pid: number
  /** As somebody who may do everything. Rejects with what Redis answers as an error. */
  run(name: string, ...args: readonly (string | number)[]): Promise<unknown>
  /** Its `maxmemory` is less than what it holds: it refuses to take more. */
  fill(): Promise<void>
  /** `killed` and started again, with the data that was saved. */
  restart(): Promise<void>
  /** Holds it (SIGSTOP), or lets it go on. */
  freeze(on: boolean): void
  stop(): Promise<void>
}

export interface RedisOptions {
  /** Lines of redis.conf. */
  readonly config?: readonly string[]
  /** Sentinel in place of a server. */
  readonly sentinel?: boolean
  /** Of the administrator; '' for none. */
  readonly password?: string
  /** Resolves as soon as the port is open, and not only when it answers. */
  readonly impatient?: boolean
}

const WAIT = {timeout: 10_000}

/** Starts a Redis on a free port of loopback; installs redis-server on a Debian machine that has none. */
export async function startRedis(options: RedisOptions = {}, progress: Progress = console.error): Promise<RealRedis> {
  await ensureRedis(progress)
  const {config = [], sentinel = false, password = '', impatient = false} = options
  const dir = await mkdtemp(join(tmpdir(), 'sapoche-redis-'))
  await mkdir(join(dir, 'logs'))
  const port = await freePort()
  const file = join(dir, 'redis.conf')
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`, ...(sentinel ? [] : ['save ""', 'appendonly no']), ...config]
  await writeFile(file, `${lines.join('\n')}\n`)
  const processes = processesIn(dir, progress, {removeFolder: true})
  const args = [file, ...(sentinel ? ['--sentinel'] : [])]
  const admin = new Redis({
    port,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: () => null,
    protocol: 2,
    disableClientInfo: true,
    ...(password === '' ? {} : {password}),
  })
  admin.on('error', () => {})
  const start = async () => {
    const running = await processes.start('redis', 'redis-server', args)
    const answers = async (): Promise<boolean> => {
      if (admin.status !== 'ready') await admin.connect()
      return impatient || (await admin.call('PING')) === 'PONG'
    }
    await waitUntil('Redis answers', answers, {...WAIT, needs: [running]})
    return running
  }
  let running = await start()
  return {
    port,
    dir,
    get pid() {
      return running.pid
    },
    run: (name, ...rest) => admin.call(name, ...rest),
    async fill() {
      // What a connection brings along counts as used, and goes with it: only a limit well below what is kept is passed for sure.
      const used = Number(/^used_memory:(\d+)/m.exec(String(await admin.call('INFO', 'memory')))?.[1])
      await admin.call('CONFIG', 'SET', 'maxmemory', Math.floor(used * 0.9))
    },
    async restart() {
      // Until it has ended, it would pass for a connection to the one that is started.
      const ended = once(admin, 'end')
      admin.disconnect()
      await ended
      await processes.stop(running)
      running = await start()
    },
    freeze: (on) => void process.kill(running.pid, on ? 'SIGSTOP' : 'SIGCONT'),
    async stop() {
      admin.disconnect()
      await processes.stopAll()
      await rm(dir, {recursive: true, force: true})
    },
  }
}

async function ensureRedis(progress: Progress): Promise<void> {
  const {code} = await run('redis-server', ['--version']).catch(() => ({code: 1}))
  if (code !== 0) await installPackages(['redis-server'], progress)
}
