/** `pods/NAME/exec` of the sandbox: programs in containers, with and without a terminal. */
import {PassThrough, type Readable, type Writable} from 'node:stream'
import {finished} from 'node:stream/promises'
import type {Channels} from './channels.ts'
import type {Cluster} from './cluster.ts'
import {environmentOf} from './environment.ts'
import {ApiFailure, badRequest} from './failure.ts'
import {isRecord} from './json.ts'
import {keysToLines, withReturns} from './line-discipline.ts'
import type {Program, ProgramContext} from './programs.ts'
import {findProgram} from './shell.ts'
import type {Container, Pod} from './types.ts'

export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

const [STDIN, STDOUT, STDERR, STATUS, RESIZE] = [0, 1, 2, 3, 4] as const

/** Programs that a container has besides the common ones, by the name of the workload (`app` label). */
export type OwnPrograms = Readonly<Record<string, Program>>

/** Checked before the handshake: throws ApiFailure as the API server and the kubelet refuse. */
export function containerFor(pod: Pod, query: URLSearchParams): Container {
  const {name} = pod.metadata
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  const names = pod.spec.containers.map((container) => container.name)
  const asked = query.get('container') ?? (names.length === 1 ? names[0] : undefined)
  if (asked === undefined) throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`)
  const container = all.find((each) => each.name === asked)
  if (container === undefined) throw badRequest(`container ${asked} is not valid for pod ${name}`)
  if (query.getAll('command').length === 0) throw badRequest('you must specify at least 1 command for the container')
  const status = pod.status.containerStatuses?.find((each) => each.name === asked)
  if (status?.state.running === undefined) {
    throw new ApiFailure(500, 'InternalError', `Internal error occurred: unable to upgrade connection: container not found ("${asked}")`)
  }
  return container
}

/** Runs what the query asks for, tells how it ended, and closes. */
export async function execute(
  cluster: Cluster,
  {pod, container, own}: {readonly pod: Pod; readonly container: Container; readonly own: OwnPrograms},
  query: URLSearchParams,
  channels: Channels,
): Promise<void> {
  const words = query.getAll('command')
  const program = findProgram(words[0] ?? '', own)
  if (program === null) {
    channels.send(STATUS, Buffer.from(JSON.stringify(notFound(words[0] ?? ''))))
    channels.close()
    return
  }
  const tty = isTrue(query, 'tty')
  const hangup = channels.gone
  let interrupt = new AbortController()
  const stdout = outputTo(channels.output(STDOUT), tty)
  const stderr = tty ? stdout.stream : channels.output(STDERR)
  let size = {columns: 80, rows: 24}
  channels.input(RESIZE).on('data', (chunk: Buffer) => (size = sizeOf(chunk) ?? size))
  const onInterrupt = (): void => {
    interrupt.abort()
    interrupt = new AbortController()
  }
  const context: ProgramContext = {
    words,
    environment: environmentOf(cluster, pod, container),
    stdin: isTrue(query, 'stdin') ? inputOf(channels.input(STDIN), tty, stdout.stream, onInterrupt) : emptyInput(),
    stdout: stdout.stream,
    stderr,
    tty,
    size: () => size,
    signal: AbortSignal.any([hangup, interrupt.signal]),
    nextInterrupt: () => interrupt.signal,
    hangup,
  }
  const code = await program(context)
  await stdout.flush()
  channels.send(STATUS, Buffer.from(JSON.stringify(statusOf(code))))
  channels.close()
}

function outputTo(raw: Writable, tty: boolean): {readonly stream: Writable; flush(): Promise<void>} {
  if (!tty) return {stream: raw, flush: () => Promise.resolve()}
  const stream = withReturns()
  stream.pipe(raw)
  return {
    stream,
    async flush() {
      stream.end()
      await finished(raw)
    },
  }
}

function inputOf(raw: Readable, tty: boolean, echo: Writable, onInterrupt: () => void): Readable {
  return tty ? raw.pipe(keysToLines(echo, onInterrupt)) : raw
}

function emptyInput(): Readable {
  const stream = new PassThrough()
  stream.end()
  return stream
}

function isTrue(query: URLSearchParams, name: string): boolean {
  return ['1', 'true'].includes(query.get(name) ?? '')
}

/** `{"Width":120,"Height":40}` */
function sizeOf(chunk: Buffer): {columns: number; rows: number} | null {
  const value: unknown = JSON.parse(chunk.toString())
  return isRecord(value) ? {columns: Number(value['Width']), rows: Number(value['Height'])} : null
}

function statusOf(code: number): object {
  if (code === 0) return {metadata: {}, status: 'Success'}
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: error executing command, exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: {causes: [{reason: 'ExitCode', message: String(code)}]},
  }
}

function notFound(name: string): object {
  const why = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": executable file not found in $PATH`
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: error executing command in container: ${why}`,
    reason: 'InternalError',
    code: 500,
  }
}
