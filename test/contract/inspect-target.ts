import {spawn, type ChildProcessByStdio} from 'node:child_process'
import {readFile} from 'node:fs/promises'
import type {Readable, Writable} from 'node:stream'
import {expect} from 'vitest'
import {PROGRAM} from '../package/program.ts'
import type {Cluster} from '../real/cluster-handle.ts'
import {giveExec, giveLog, givePort} from '../real/containers.ts'
import {restore} from '../real/faults.ts'
import {startRedis} from '../real/redis.ts'
import {type TcpProxy, startTcpProxy} from '../real/tcp-proxy.ts'
import {realTarget, sandboxTarget, writeFileFor, type Person, type ServersTarget} from './target.ts'

type Program = ChildProcessByStdio<Writable, Readable, Readable>

/** A run of the program that a test does something to before it ends. */
export interface Started {
  readonly child: Program
  stdout(): string
  stderr(): string
  /** Resolves when stdout is as wished for; rejects when it has ended without, and after 15 s. */
  shows(wished: RegExp): Promise<void>
  /** Ctrl-C. */
  interrupt(): void
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
}

/** A cluster in whose pods something runs. */
export interface InspectTarget extends ServersTarget {
  /** Gives containers a log and programs, and the cluster metrics; the sandbox has them. */
  prepare(): Promise<void>
  /** The cluster as it was before. */
  restore(): Promise<void>
  /** A kubeconfig that leads through a proxy, whose connections can be cut. */
  throughProxy(): Promise<{readonly proxy: TcpProxy; readonly kubeconfig: string}>
  start(args: readonly string[], kubeconfig?: string): Started
}

const LOG = 'order 81 done'

export async function sandboxInspect(people: readonly Person[] = []): Promise<InspectTarget> {
  const target = await sandboxTarget(people)
  return around(target, {
    prepare: async () => void target.sandbox.giveLog({}, [{time: new Date().toISOString(), text: LOG}]),
    restore: async () => {},
  })
}

export async function realInspect(cluster: Cluster): Promise<InspectTarget> {
  const redis = await startRedis()
  return around(await realTarget(cluster), {
    async prepare() {
      await giveLog(cluster, {}, [{time: new Date().toISOString(), text: LOG}])
      await giveExec(cluster, {}, {QUEUE_CONNECTION: 'redis'})
      await givePort(cluster, {}, 6379, redis.port)
      await cluster.startMetrics()
    },
    async restore() {
      await restore(cluster.api)
      await redis.stop()
    },
  })
}

function around(target: ServersTarget, own: Pick<InspectTarget, 'prepare' | 'restore'>): InspectTarget {
  const proxies: TcpProxy[] = []
  const started: Started[] = []
  // The journal of these runs is theirs.
  const home = {XDG_STATE_HOME: target.folder}
  return {
    ...target,
    ...own,
    sapoche: (args, options) => target.sapoche(args, {...options, env: {...home, ...options?.env}}),
    async throughProxy() {
      const proxy = await startTcpProxy({host: '127.0.0.1', port: Number(new URL(target.server).port)})
      proxies.push(proxy)
      const text = (await readFile(target.kubeconfig, 'utf8')).replace(target.server, `https://127.0.0.1:${proxy.port}`)
      return {proxy, kubeconfig: await writeFileFor(target, `kubeconfig-proxy-${proxies.length}`, text)}
    },
    start(args, kubeconfig = target.kubeconfig) {
      const {PATH, HOME, TMPDIR} = process.env
      const child = spawn(process.execPath, [PROGRAM, ...args], {
        env: {PATH, HOME, TMPDIR, KUBECONFIG: kubeconfig, ...home},
        stdio: ['pipe', 'pipe', 'pipe'],
      })
      let [stdout, stderr] = ['', '']
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
      child.stdin.on('error', () => {})
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
      const one: Started = {
        child,
        stdout: () => stdout,
        stderr: () => stderr,
        async shows(wished) {
          const early = async (): Promise<void> => {
            const code = await ended
            if (!wished.test(stdout)) throw new Error(`ended with ${code}: ${stdout}${stderr}`)
          }
          await Promise.race([early(), expect.poll(() => stdout, {timeout: 15_000}).toMatch(wished)])
        },
        interrupt: () => void child.kill('SIGINT'),
        ended,
      }
      started.push(one)
      return one
    },
    async close() {
      for (const {child} of started) child.kill('SIGKILL')
      await Promise.all(started.map(({ended}) => ended))
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await target.close()
    },
  }
}
