import {execFile, spawn} from 'node:child_process'
import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {promisify} from 'node:util'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {startSandbox} from '../../src/lib/sandbox/index.ts'
import {PROGRAM, run, type Run, type RunOptions} from '../package/program.ts'
import {type Api, connectApi} from '../real/api.ts'
import type {Cluster} from '../real/cluster-handle.ts'
import {type ContainerLog, giveLog, type LogLine, type Where} from '../real/containers.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {type Proxy, startProxy} from '../real/proxy.ts'
import {createUser} from '../real/users.ts'

/** A cluster whose containers write what a test wants: the embedded one, or a real control plane with a simulated kubelet. */
export interface LogsTarget {
  readonly kind: 'sandbox' | 'real'
  readonly api: Api
  readonly kubeconfig: string
  giveLog(where: Where, lines: readonly LogLine[], previous?: readonly LogLine[]): Promise<ContainerLog>
  /** Of somebody who may read all but logs. */
  readonly strangersKubeconfig: string
  /** A proxy before the API server, and the kubeconfig that leads to it. */
  openProxy(): Promise<{readonly proxy: Proxy; readonly kubeconfig: string}>
  sapoche(args: readonly string[], options?: RunOptions): Promise<Run>
  /** Starts `sapoche logs -f -o raw` for a test to look at while it runs. */
  follow(args: readonly string[], kubeconfig?: string): Follower
  /** `sapoche ... | head -1` in a shell; what head prints, and behind anything on stderr how sapoche ended. */
  headOf(args: readonly string[]): Promise<{readonly stdout: string; readonly stderr: string}>
  close(): Promise<void>
}

export interface Follower {
  readonly lines: readonly string[]
  stderr(): string
  /** Resolves when so many lines have come. */
  until(count: number): Promise<void>
  /** Ctrl-C; the exit code. */
  stop(): Promise<number | null>
}

const RULES = [
  {apiGroups: ['apps'], resources: ['deployments', 'replicasets'], verbs: ['get', 'list', 'watch']},
  {apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch']},
]

export async function sandboxLogs(): Promise<LogsTarget> {
  const users = [{name: 'stranger', token: 'strangers-token', rules: RULES}]
  const sandbox = await startSandbox({scenario: 'baseline', catalogue: builtinCatalogue, now: Date.now, users})
  const access = {server: sandbox.url, ca: sandbox.caPem}
  const api = connectApi({...access, token: sandbox.token})
  return target('sandbox', {
    api,
    ...access,
    token: sandbox.token,
    giveLog: async (where, lines, previous) => {
      const given = sandbox.giveLog(where, lines, previous)
      return {append: async (more) => given.append(more)}
    },
    stranger: async (folder) => writeKubeconfig(path.join(folder, 'stranger'), {...access, token: 'strangers-token'}),
    end: async () => {
      api.close()
      await sandbox.close()
    },
  })
}

export async function realLogs(cluster: Cluster): Promise<LogsTarget> {
  const {api, server, ca, token} = cluster
  return target('real', {
    api,
    server,
    ca,
    token,
    giveLog: (where, lines, previous) => giveLog(cluster, where, lines, previous),
    stranger: async () => (await createUser(cluster, {rules: RULES})).kubeconfig,
    end: async () => api.close(),
  })
}

interface Parts {
  readonly api: Api
  readonly server: string
  readonly ca: string
  readonly token: string
  readonly giveLog: LogsTarget['giveLog']
  readonly stranger: (folder: string) => Promise<string>
  readonly end: () => Promise<void>
}

async function target(kind: LogsTarget['kind'], {api, server, ca, token, giveLog: give, stranger, end}: Parts): Promise<LogsTarget> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-logs-'))
  const kubeconfig = await writeKubeconfig(path.join(folder, 'kubeconfig'), {server, ca, token})
  const proxies: Proxy[] = []
  const followers: Follower[] = []
  return {
    kind,
    api,
    kubeconfig,
    giveLog: give,
    strangersKubeconfig: await stranger(folder),
    async openProxy() {
      const proxy = await startProxy({server, ca})
      proxies.push(proxy)
      const file = path.join(folder, `proxy-${proxies.length}`)
      return {proxy, kubeconfig: await writeKubeconfig(file, {server: proxy.server, ca: proxy.ca, token})}
    },
    sapoche: (args, options) => run(args, {...options, env: {KUBECONFIG: kubeconfig, ...options?.env}}),
    follow(args, through = kubeconfig) {
      const follower = startFollowing(args, through)
      followers.push(follower)
      return follower
    },
    headOf: (args) =>
      promisify(execFile)('sh', ['-c', '{ "$@"; echo "code $?" >&2; } | head -1', 'sh', process.execPath, PROGRAM, ...args], {
        env: {...plainEnvironment(), KUBECONFIG: kubeconfig},
      }),
    async close() {
      await Promise.all(followers.map((follower) => follower.stop()))
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await end()
      await rm(folder, {recursive: true, force: true})
    },
  }
}

function startFollowing(args: readonly string[], kubeconfig: string): Follower {
  const child = spawn(process.execPath, [PROGRAM, 'logs', '-f', '-o', 'raw', ...args], {
    env: {...plainEnvironment(), KUBECONFIG: kubeconfig},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let rest = ''
  let stderr = ''
  let waiting: {count: number; resolve: () => void} | null = null
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
    if (waiting !== null && lines.length >= waiting.count) waiting.resolve()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    lines,
    stderr: () => stderr,
    until: (count) =>
      new Promise((resolve) => {
        waiting = {count, resolve}
        if (lines.length >= count) resolve()
      }),
    stop() {
      child.kill('SIGINT')
      return ended
    },
  }
}

function plainEnvironment(): Record<string, string | undefined> {
  const {PATH, HOME, TMPDIR} = process.env
  return {PATH, HOME, TMPDIR}
}
