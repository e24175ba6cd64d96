import {spawn, type ChildProcess} from 'node:child_process'
import {ConfigurationError, RefusedError, TimedOutError} from '../../errors/index.ts'
import {parseTime} from '../../text/time.ts'
import type {Credentials, PluginHost} from './credentials.ts'
import {clean, interruption} from './errors.ts'
import {list, object, parseObject, string, strings} from './json.ts'
import type {Certificate, Cluster, User} from './entries.ts'
import type {JsonObject} from './types.ts'

/** Without a terminal nobody can answer a question, so a plugin that takes longer hangs. */
const TIME_LIMIT_MS = 30_000
/** Kept of a plugin's stderr, to say why it failed. */
const STDERR_KEPT = 4096

interface Login {
  readonly token: string | null
  readonly certificate: Certificate | null
  /** Milliseconds since 1970; Infinity where the plugin names no end. */
  readonly expires: number
}

function header({token}: Login): string | null {
  return token === null ? null : `Bearer ${token}`
}

/**
 * Credentials of a kubeconfig's `exec` entry: a program that prints an ExecCredential (client.authentication.k8s.io), run without a shell.
 * We run it ourselves because @kubernetes/client-node hides its stderr ("open this URL to log in"), gives it no stdin and no time limit.
 */
export class ExecPlugin implements Credentials {
  readonly description: string
  readonly #exec: JsonObject
  readonly #command: string
  readonly #user: User
  readonly #cluster: Cluster
  readonly #host: PluginHost
  readonly #timeLimitMs: number
  #login: Promise<Login> | null = null
  /** Of the newest login; undefined while there is none. */
  #header: string | null | undefined
  #certificate: Certificate | null

  constructor(user: User, exec: JsonObject, cluster: Cluster, host: PluginHost, timeLimitMs = TIME_LIMIT_MS) {
    const command = string(exec.command)
    if (command === undefined) throw new ConfigurationError(`the exec plugin of user "${user.name}" has no command`)
    this.description = `the credentials of ${command} for user "${user.name}"`
    this.#exec = exec
    this.#command = command
    this.#user = user
    this.#cluster = cluster
    this.#host = host
    this.#timeLimitMs = timeLimitMs
    this.#certificate = user.certificate
  }

  async authorization(): Promise<string | null> {
    const known = this.#login
    let login = await (known ?? this.#start())
    if (known !== null && login.expires <= this.#host.now()) {
      if (this.#login === known) this.#login = null
      login = await (this.#login ?? this.#start())
    }
    this.#certificate = login.certificate ?? this.#user.certificate
    return header(login)
  }

  certificate(): Certificate | null {
    return this.#certificate
  }

  refresh(refused: string | null): boolean {
    // Requests that were refused side by side share one new login.
    if (this.#header === refused) {
      this.#login = null
      this.#header = undefined
    }
    return true
  }

  #start(): Promise<Login> {
    this.#login = this.#run().then((login) => {
      this.#header = header(login)
      return login
    })
    return this.#login
  }

  async #run(): Promise<Login> {
    const {env, interactive, onMessage, signal} = this.#host
    const mode = string(this.#exec.interactiveMode) ?? 'IfAvailable'
    if (mode === 'Always' && !interactive) {
      throw new ConfigurationError(`auth plugin ${this.#command} needs a terminal (interactiveMode: Always)`)
    }
    const stdin = interactive && mode !== 'Never' ? 'inherit' : 'ignore'
    const child = spawn(this.#command, strings(this.#exec.args), {
      env: {...env, ...this.#variables(), KUBERNETES_EXEC_INFO: JSON.stringify(this.#info(stdin === 'inherit'))},
      stdio: [stdin, 'pipe', 'pipe'],
      windowsHide: true,
    })
    const {stdout, stderr, code} = await this.#finish(child, onMessage, interactive ? 0 : this.#timeLimitMs, signal)
    if (code !== 0) {
      const said = clean(stderr)
      throw new RefusedError(`auth plugin ${this.#command} failed (${code})${said === '' ? '' : `: ${said}`}`, {
        hints: [{label: 'cure', text: 'log in as its message says, or run the plugin by hand to see more'}],
      })
    }
    return this.#check(stdout)
  }

  #finish(
    child: ChildProcess,
    onMessage: (text: string) => void,
    limitMs: number,
    signal: AbortSignal,
  ): Promise<{stdout: string; stderr: string; code: number | string}> {
    let stdout = ''
    let stderr = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT)
      onMessage(text)
    })
    let timer: NodeJS.Timeout | undefined
    let onAbort = () => {}
    return new Promise<{stdout: string; stderr: string; code: number | string}>((resolve, reject) => {
      const stop = (reason: Error) => {
        child.kill()
        // A grandchild may hold the pipes open.
        child.stdout?.destroy()
        child.stderr?.destroy()
        reject(reason)
      }
      onAbort = () => stop(interruption(signal))
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort, {once: true})
      if (limitMs > 0) {
        const late = `auth plugin ${this.#command} gave no credentials within ${limitMs / 1000} s`
        const hints = [{label: 'cure', text: 'log in on a terminal first: there it may take its time'}]
        timer = setTimeout(() => stop(new TimedOutError(late, {hints})), limitMs)
      }
      child.once('error', (error) => reject(this.#notStarted(error)))
      child.once('close', (code, killedBy) => resolve({stdout, stderr, code: code ?? killedBy ?? 'unknown'}))
    }).finally(() => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    })
  }

  #notStarted(error: Error): ConfigurationError {
    const reason = 'code' in error && error.code === 'ENOENT' ? 'not found' : clean(error.message)
    const hint = string(this.#exec.installHint) ?? 'install it, or put it on the PATH'
    return new ConfigurationError(`auth plugin ${this.#command} of user "${this.#user.name}" can't be run: ${reason}`, {
      cause: error,
      hints: [{label: 'cure', text: clean(hint)}],
    })
  }

  #variables(): Record<string, string> {
    const pairs = list(this.#exec.env).map((item) => [string(object(item)?.name), string(object(item)?.value) ?? ''] as const)
    return Object.fromEntries(pairs.filter((pair): pair is [string, string] => pair[0] !== undefined))
  }

  /** KUBERNETES_EXEC_INFO, as the ExecCredential API defines it. */
  #info(interactive: boolean): JsonObject {
    const {server, ca, serverName, insecure, proxyUrl, execConfig} = this.#cluster
    const cluster = {
      server: server.href.replace(/\/$/, ''),
      ...(ca === null ? {} : {'certificate-authority-data': ca.toString('base64')}),
      ...(serverName === null ? {} : {'tls-server-name': serverName}),
      ...(insecure ? {'insecure-skip-tls-verify': true} : {}),
      ...(proxyUrl === null ? {} : {'proxy-url': proxyUrl}),
      ...(execConfig === undefined ? {} : {config: execConfig}),
    }
    return {
      apiVersion: this.#exec.apiVersion,
      kind: 'ExecCredential',
      spec: {...(this.#exec.provideClusterInfo === true ? {cluster} : {}), interactive},
    }
  }

  #check(stdout: string): Login {
    const answer = parseObject(stdout)
    const status = object(answer?.status)
    const token = string(status?.token) ?? null
    const cert = string(status?.clientCertificateData)
    const key = string(status?.clientKeyData)
    const isWhole = (cert === undefined) === (key === undefined) && (token !== null || cert !== undefined)
    if (answer?.kind !== 'ExecCredential' || answer.apiVersion !== this.#exec.apiVersion || !isWhole) {
      // Not what it printed: that may be a token.
      throw new RefusedError(`auth plugin ${this.#command} printed no credentials (an ExecCredential of ${String(this.#exec.apiVersion)})`)
    }
    return {
      token,
      certificate: cert === undefined || key === undefined ? null : {cert: Buffer.from(cert), key: Buffer.from(key)},
      expires: parseTime(status?.expirationTimestamp) ?? Infinity,
    }
  }
}
