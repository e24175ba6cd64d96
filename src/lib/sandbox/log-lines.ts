/** What the programs of the platform write to their logs: the same lines for the same container at the same time, whoever asks, and nothing of a patient. */
import {rfc3339} from './types.ts'

export interface LogLine {
  /** Milliseconds since 1970, for comparisons. */
  readonly at: number
  /** RFC 3339 with nanoseconds, as the container runtime writes it. */
  readonly time: string
  readonly text: string
}

/** One run of a container. */
export interface ContainerRun {
  /** Tells it from all other runs. */
  readonly id: string
  readonly workload: string
  readonly container: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** Null while it runs. */
  readonly end: {readonly at: number; readonly exitCode: number} | null
  /** What it says, and nothing else, since something ails it; null while nothing does. */
  readonly complaint: Complaint | null
}

export interface Complaint {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly message: string
}

type Severity = 'DEBUG' | 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'CRITICAL'

interface Said {
  readonly severity: Severity
  readonly message: string
  readonly context: Readonly<Record<string, number>>
  /** Frames of a stack trace. */
  readonly trace: readonly string[]
}

type Style = (said: Said, at: number, workload: string) => string[]

/** A container says something once in each period, at a moment of its own. */
const SHORTEST_PERIOD = 2000
const LONGEST_PERIOD = 12_000
const TRACE = ['#0 /app/vendor/http/src/Client.php(88): send()', '#1 /app/src/Worker/Loop.php(41): handle()', '#2 {main}']

/** The lines of a run after `after` and up to `until`, milliseconds since 1970. */
export function linesOf(run: ContainerRun, after: number, until: number): LogLine[] {
  const lines: LogLine[] = []
  const period = periodOf(run)
  const style = styleOf(run)
  const last = Math.min(until, run.end?.at ?? until)
  const add = (said: Said, at: number): void => {
    if (at <= after || at > last) return
    style(said, at, run.workload).forEach((text, index) => lines.push(line(run, at, index, text)))
  }
  // A run that ended as soon as it began still said why.
  const startedAt = Math.min(run.startedAt, last - 1)
  add({severity: 'NOTICE', message: `${run.workload} starting`, context: {}, trace: []}, startedAt)
  const from = Math.max(1, Math.floor((after - startedAt) / period))
  for (let number = from; startedAt + number * period <= last; number += 1) {
    const at = startedAt + number * period + Math.floor(chance(`${run.id}/${number}`) * period * 0.9)
    add(saidAt(run, number, at), at)
  }
  if (run.end !== null && run.end.exitCode !== 0) add(lastWords(run.end.exitCode), run.end.at)
  return lines
}

/** The last `count` lines of a run up to `until`. */
export function lastLinesOf(run: ContainerRun, count: number, until: number): LogLine[] {
  if (count === 0) return []
  for (let span = LONGEST_PERIOD * (count + 2); ; span *= 4) {
    const lines = linesOf(run, until - span, until)
    if (lines.length >= count || until - span < run.startedAt - LONGEST_PERIOD) return lines.slice(-count)
  }
}

/** When the run says something again, at the earliest. */
export function nextMoment(run: ContainerRun, after: number): number {
  const period = periodOf(run)
  for (let number = Math.max(1, Math.floor((after - run.startedAt) / period)); ; number += 1) {
    const at = run.startedAt + number * period + Math.floor(chance(`${run.id}/${number}`) * period * 0.9)
    if (at > after) return at
  }
}

/** `index`: the lines of one record stand in their order. */
function line(run: ContainerRun, at: number, index: number, text: string): LogLine {
  const nanos = (at % 1000) * 1_000_000 + Math.floor(chance(run.id) * 900) * 1000 + index
  return {at, time: `${rfc3339(at).slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`, text}
}

function periodOf({workload, container}: ContainerRun): number {
  return SHORTEST_PERIOD + Math.floor(chance(`${workload}/${container}`) * (LONGEST_PERIOD - SHORTEST_PERIOD))
}

function saidAt(run: ContainerRun, number: number, at: number): Said {
  const {complaint} = run
  if (complaint !== null && at >= complaint.since) return {severity: 'ERROR', message: complaint.message, context: {}, trace: []}
  const draw = chance(`${run.id}/${number}/kind`)
  const order = Math.floor(chance(`${run.id}/${number}/order`) * 9000) + 1000
  const milliseconds = Math.floor(chance(`${run.id}/${number}/ms`) * 400) + 5
  if (draw < 0.01) return {severity: 'ERROR', message: 'upstream timed out after 30 s', context: {attempt: 3}, trace: TRACE}
  if (draw < 0.04)
    return {severity: 'WARNING', message: `slow answer, ${milliseconds * 10} ms`, context: {milliseconds: milliseconds * 10}, trace: []}
  if (draw < 0.12) return {severity: 'DEBUG', message: 'heartbeat', context: {}, trace: []}
  return {severity: 'INFO', message: `order ${order} done in ${milliseconds} ms`, context: {order, milliseconds}, trace: []}
}

function lastWords(exitCode: number): Said {
  if (exitCode === 137) return {severity: 'ERROR', message: 'Allowed memory size exhausted', context: {}, trace: []}
  return {
    severity: 'CRITICAL',
    message: 'Uncaught RuntimeException: environment variable QUEUE_PASSWORD is not set',
    context: {},
    trace: TRACE,
  }
}

function styleOf({workload, container}: ContainerRun): Style {
  if (/nginx/.test(workload) || /nginx/.test(container)) return nginx
  if (/redis/.test(workload)) return redis
  if (/orthanc/.test(workload)) return orthanc
  return workload.startsWith('consumer-') && chance(workload) < 0.5 ? json : monolog
}

const monolog: Style = ({severity, message, context, trace}, at, workload) => {
  const channel = workload.split('-')[0] ?? 'app'
  const rest = Object.keys(context).length === 0 ? '[]' : JSON.stringify(context)
  const head = `[${rfc3339(at).slice(0, 19)}.${String(at % 1000).padStart(3, '0')}+00:00] ${channel}.${severity}: ${message} ${rest} []`
  return trace.length === 0 ? [head] : [head, 'Stack trace:', ...trace]
}

const NUMBERS: Readonly<Record<Severity, number>> = {DEBUG: 100, INFO: 200, NOTICE: 250, WARNING: 300, ERROR: 400, CRITICAL: 500}

/** Monolog's JsonFormatter. */
const json: Style = ({severity, message, context, trace}, at, workload) => [
  JSON.stringify({
    message,
    context: trace.length === 0 ? context : {...context, trace},
    level: NUMBERS[severity],
    level_name: severity,
    channel: workload,
    datetime: `${rfc3339(at).slice(0, 19)}+00:00`,
    extra: {},
  }),
]

const nginx: Style = ({severity, context}, at) => {
  const time = rfc3339(at)
  const request = `GET /api/orders/${context['order'] ?? 'health'} HTTP/1.1`
  if (severity === 'ERROR' || severity === 'CRITICAL') {
    const stamp = time.slice(0, 19).replaceAll('-', '/').replace('T', ' ')
    return [`${stamp} [error] 31#31: *${at % 100_000} upstream timed out (110: Operation timed out), request: "${request}"`]
  }
  const status = severity === 'WARNING' ? 499 : 200
  return [`10.40.1.7 - - [${time}] "${request}" ${status} ${(at % 4000) + 100} "-" "okhttp/4.12"`]
}

const redis: Style = ({severity, message}, at) => {
  const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
  const time = rfc3339(at)
  const date = `${time.slice(8, 10)} ${months[Number(time.slice(5, 7)) - 1]} ${time.slice(0, 4)} ${time.slice(11, 19)}.${String(at % 1000).padStart(3, '0')}`
  const [mark, text] = severity === 'INFO' || severity === 'DEBUG' ? ['*', '100 changes in 300 seconds. Saving...'] : ['#', message]
  return [`1:M ${date} ${mark} ${text}`]
}

/** glog. */
const orthanc: Style = ({severity, message}, at) => {
  const time = rfc3339(at)
  const letter = {DEBUG: 'I', INFO: 'I', NOTICE: 'W', WARNING: 'W', ERROR: 'E', CRITICAL: 'E'}[severity]
  const date = `${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 19)}.${String(at % 1000).padStart(3, '0')}000`
  return [`${letter}${date} HttpServer.cpp:1272] ${message}`]
}

/** From 0 to 1, always the same for the same text (FNV-1a, stirred). */
function chance(text: string): number {
  let value = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  return ((value ^ (value >>> 13)) >>> 0) / 2 ** 32
}
