import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, existsSync, openSync, readFileSync} from 'node:fs'
import {connect, createServer} from 'node:net'
import {join} from 'node:path'

/** Says one line about what is going on. */
export type Progress = (line: string) => void

export interface Output {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

export interface Running {
  readonly name: string
  readonly pid: number
  readonly logFile: string
  /** How it ended, in words; resolves once, and never rejects. */
  readonly ended: Promise<string>
  hasEnded(): boolean
}

export interface StartOptions {
  /** The run's folder unless told. */
  readonly cwd?: string
  /** This process's unless told. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * The background processes of one run. Each is the leader of its own process group, so that Ctrl-C on the terminal reaches only us
 * and we end them in order; should this process die without a word, a small shell that waits on a pipe ends them and removes the folder.
 */
export interface Processes {
  /** Starts a program whose output goes to FOLDER/logs/NAME.log. Throws where it can't be started. */
  start(name: string, command: string, args: readonly string[], options?: StartOptions): Promise<Running>
  /** Ends one process group and waits until it is gone: with `signal`, and with SIGKILL after `patience` milliseconds. */
  stop(running: Running, signal?: NodeJS.Signals, patience?: number): Promise<void>
  /** Nothing can be started afterwards. */
  stopAll(): Promise<void>
}

// Kept alive by the pipe on its stdin. One line for each process that begins or ends; when the pipe closes, those left over are killed.
const WATCHDOG = `
trap '' INT TERM HUP
pids=
while read -r word pid; do
  kept=
  for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done
  pids=$kept
  [ "$word" = start ] && pids="$pids $pid"
done
for p in $pids; do kill -KILL "-$p" 2>/dev/null; done
[ -z "$1" ] || rm -rf -- "$1"
`

/**
 * `folder` holds the logs; with `removeFolder` it goes as well when this process has died without calling `stopAll`.
 * A process that ends without being stopped is told to `progress`.
 */
export function processesIn(folder: string, progress: Progress, options: {readonly removeFolder?: boolean} = {}): Processes {
  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', options.removeFolder === true ? folder : ''], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watchdog.stdin.on('error', () => undefined)
  watchdog.unref()
  const alive = new Set<Running>()
  let closed = false

  async function start(name: string, command: string, args: readonly string[], options: StartOptions = {}): Promise<Running> {
    if (closed) throw new Error(`${name} is not started any more`)
    const logFile = join(folder, 'logs', `${name}.log`)
    const log = openSync(logFile, 'a')
    const child = spawn(command, args, {cwd: folder, ...options, detached: true, stdio: ['ignore', log, log]})
    closeSync(log)
    const {pid} = child
    if (pid === undefined) {
      const [error] = (await once(child, 'error')) as [Error]
      throw new Error(`${name} can't be started: ${error.message}`)
    }
    watchdog.stdin.write(`start ${pid}\n`)
    let over = false
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        over = true
        const how = signal === null ? `exit code ${code}` : signal
        watchdog.stdin.write(`end ${pid}\n`)
        if (alive.delete(running) && code !== 0) progress(`${name} has ended by itself (${how}); its log: ${logFile}`)
        resolve(how)
      })
    })
    const running: Running = {name, pid, logFile, ended, hasEnded: () => over}
    alive.add(running)
    return running
  }

  async function stop(running: Running, signal: NodeJS.Signals = 'SIGKILL', patience = 5000): Promise<void> {
    if (!alive.delete(running)) return
    process.kill(-running.pid, signal)
    const killer = setTimeout(() => !running.hasEnded() && process.kill(-running.pid, 'SIGKILL'), patience)
    await running.ended
    clearTimeout(killer)
  }

  async function stopAll(): Promise<void> {
    closed = true
    await Promise.all([...alive].map((running) => stop(running)))
    watchdog.kill('SIGKILL')
  }

  return {start, stop, stopAll}
}

/** Waits until `check` says true (a rejection counts as no, and so does one that never answers). Throws when time is up or one of the processes it needs has ended. */
export async function waitUntil(
  what: string,
  check: () => Promise<boolean>,
  {needs = [], timeout = 60_000}: {readonly needs?: readonly Running[]; readonly timeout?: number} = {},
): Promise<void> {
  const late = AbortSignal.timeout(timeout)
  for (;;) {
    for (const running of needs)
      if (running.hasEnded())
        throw new Error(`${running.name} ended (${await running.ended}) before ${what}\n${lastLines(running.logFile)}`)
    if (await orAbort(late, check()).catch(() => false)) return
    if (late.aborted) {
      throw new Error(`${what}: not within ${timeout / 1000} s\n${needs.map((running) => lastLines(running.logFile)).join('\n')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** The promise, or a rejection as soon as the signal aborts, whichever is first. What goes on behind it is not our business any more. */
export function orAbort<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, {once: true})
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The end of a log file, for an error message. */
export function lastLines(file: string, count = 15): string {
  if (!existsSync(file)) return ''
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n')
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly input?: string
  /** Milliseconds, after which the program is killed. */
  readonly timeout?: number
  /** Kills the program as well; what it has written so far is the output. */
  readonly signal?: AbortSignal
}

/** Runs a program to its end, with its output collected. Rejects only where it can't be started. */
export function run(command: string, args: readonly string[], {cwd, env, input, timeout, signal}: RunOptions = {}): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {cwd, env: env ?? process.env, timeout, killSignal: 'SIGKILL', stdio: ['pipe', 'pipe', 'pipe']})
    signal?.addEventListener('abort', () => child.kill('SIGKILL'), {once: true})
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdin.on('error', () => undefined).end(input)
    child.once('error', reject)
    child.once('close', (code) => resolve({stdout, stderr, code: code ?? 128}))
  })
}

/** True where somebody accepts connections on a port of loopback. */
export function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

const taken = new Set<number>()

/**
 * A free port on loopback. Below the range from which the system picks the ports of outgoing connections: a client that keeps on
 * connecting to a stopped server could otherwise be given that very port, and the server could not come back.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000)
    if (!taken.has(port) && (await isFree(port))) {
      taken.add(port)
      return port
    }
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
