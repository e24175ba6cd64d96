import {strip} from '../../text/strip.ts'
import {isoTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {type Level, rankOf, readLine, type Reading} from './level.ts'
import type {Line} from './lines.ts'
import type {OutputBuffer} from './output.ts'
import type {Prefixes} from './prefix.ts'
import type {LogLine} from './schema.ts'
import type {Container, ContainerLog} from './source.ts'
import {toJson} from '../../text/json.ts'

export const LOG_FORMATS = ['text', 'raw', 'json'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

export interface FormatOptions {
  /** Whole time stamps: in place of the time of day, or before raw lines. */
  readonly timestamps: boolean
  /** False: without workload and pod. */
  readonly prefix: boolean
  /** The output is a terminal: nothing that a line brings may command it. */
  readonly isTerminal: boolean
  readonly colour: boolean
}

/** Writes the head of a log's queue, with the lines that go on its record, and takes them away. */
export type RecordWriter = (log: Pick<ContainerLog, 'container' | 'queue'>, output: OutputBuffer) => void

const LINE_FEED = 10
const SPACE = ' '

/** The lines as they were written, byte for byte. */
export function rawWriter({timestamps, isTerminal}: FormatOptions): RecordWriter {
  return ({queue}, output) => {
    do {
      const {bytes, stampStart, textStart, end} = queue.head
      const start = timestamps ? stampStart : textStart
      if (isTerminal) output.addText(strip(bytes.toString('utf8', start, end)))
      else output.add(bytes, start, end)
      output.addByte(LINE_FEED)
      queue.shift()
    } while (!queue.isEmpty && queue.head.continues)
  }
}

const WORDS: Readonly<Record<Level, string>> = {
  debug: 'DEBUG',
  info: 'INFO',
  notice: 'NOTICE',
  warning: 'WARN',
  error: 'ERROR',
  critical: 'CRIT',
  alert: 'ALERT',
  emergency: 'EMERG',
}
const LEVEL_WIDTH = 6

/** For people: time, workload, pod, level and message in columns; what goes on a record stands under its message. */
export function textWriter({timestamps, prefix, isTerminal, colour}: FormatOptions, prefixes: Prefixes): RecordWriter {
  const tone = tones(colour)
  const addText = (output: OutputBuffer, bytes: Buffer, start: number, end: number): void => {
    if (isTerminal) output.addText(strip(bytes.toString('utf8', start, end)))
    else output.add(bytes, start, end)
    output.addByte(LINE_FEED)
  }
  return ({container, queue}, output) => {
    const {head} = queue
    const time = timestamps ? utcTime(head) : timeOfDay(head)
    output.addText(`${tone.quiet(time)}  ${prefix ? `${prefixes.of(container)}  ` : ''}`)
    const reading = readLine(head.bytes, head.textStart, head.end)
    const {level, json} = reading
    if (level !== null) output.addText(`${levelWord(level, tone)}  `)
    if (json === null) addText(output, head.bytes, reading.messageStart, reading.channel === null ? head.end : withoutEmpty(head))
    else output.addText(`${isTerminal ? strip(jsonText(json)) : jsonText(json)}\n`)
    queue.shift()
    if (queue.isEmpty || !queue.head.continues) return
    const indent = time.length + 2 + (prefix ? prefixes.width + 2 : 0) + (level === null ? 0 : LEVEL_WIDTH + 2)
    const margin = SPACE.repeat(indent)
    do {
      output.addText(margin)
      addText(output, queue.head.bytes, queue.head.textStart, queue.head.end)
      queue.shift()
    } while (!queue.isEmpty && queue.head.continues)
  }
}

/** One JSON object a record. */
export function jsonWriter(): RecordWriter {
  return ({container, queue}, output) => {
    const {head} = queue
    const time = stampOf(head) === '' ? null : utcTime(head)
    const reading = readLine(head.bytes, head.textStart, head.end)
    let message = reading.json?.message ?? head.bytes.toString('utf8', reading.messageStart, head.end)
    queue.shift()
    while (!queue.isEmpty && queue.head.continues) {
      message += `\n${queue.head.bytes.toString('utf8', queue.head.textStart, queue.head.end)}`
      queue.shift()
    }
    output.addText(`${toJson(lineOf(time, container, reading, message))}\n`)
  }
}

function lineOf(time: string | null, container: Container, {level, json, channel}: Reading, message: string): LogLine {
  const {workload, category, pod, name, node} = container
  const fields = json?.fields ?? (channel === null ? {} : {channel})
  return {
    time,
    category,
    deployment: workload,
    pod,
    container: name,
    node,
    ...(level === null ? {} : {level}),
    message,
    ...(Object.keys(fields).length === 0 ? {} : {fields}),
  }
}

/** The message, and behind it what the columns do not show. */
function jsonText({message, fields}: NonNullable<Reading['json']>): string {
  const rest = Object.entries(fields).filter(([key, value]) => !SHOWN.has(key) && !isEmpty(value))
  const [only] = rest
  const isContext = only !== undefined && rest.length === 1 && only[0] === 'context'
  const tail = rest.length === 0 ? '' : JSON.stringify(isContext ? only[1] : Object.fromEntries(rest))
  return [message.replaceAll('\n', ' '), tail].filter(Boolean).join(' ')
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** Where a line of Monolog's ends without the empty context and extra behind its message. */
function withoutEmpty({bytes, textStart, end}: Line): number {
  const from = Math.max(textStart, end - EMPTY_LOOK)
  return end - (/(?: \[\]){1,2} ?$/.exec(bytes.toString('latin1', from, end))?.[0].length ?? 0)
}
const EMPTY_LOOK = ' [] [] '.length

/** Fields of JSON lines that have a column, or are channel or time once more. */
const SHOWN = new Set([
  'channel',
  'level',
  'level_name',
  'severity',
  'lvl',
  'loglevel',
  'log.level',
  'datetime',
  'time',
  'timestamp',
  '@timestamp',
  'ts',
])

function levelWord(level: Level, tone: Tone): string {
  const word = WORDS[level].padEnd(LEVEL_WIDTH)
  if (rankOf(level) >= rankOf('error')) return tone.critical(word)
  if (level === 'warning') return tone.warning(word)
  return level === 'debug' ? tone.quiet(word) : word
}

function stampOf({bytes, stampStart, textStart}: Line): string {
  return bytes.toString('latin1', stampStart, textStart).trimEnd()
}

/** `03:12:07.114`, in UTC. */
function timeOfDay(line: Line): string {
  const text = utcTime(line)
  const point = text.indexOf('.')
  const fraction = point === -1 ? '' : text.slice(point + 1, -1)
  return `${text.slice(11, 19)}.${fraction.slice(0, 3).padEnd(3, '0')}`
}

/** The server's stamp, in UTC, with all its digits; for a line without one, the time of the line before. */
function utcTime(line: Line): string {
  const stamp = stampOf(line)
  if (stamp.endsWith('Z')) return stamp
  const fraction = /\.\d+/.exec(stamp)?.[0] ?? ''
  const whole = parseTime(stamp.replace(fraction, '')) ?? Math.max(0, line.seconds) * 1000
  return isoTime(whole).replace('.000Z', `${fraction}Z`)
}
