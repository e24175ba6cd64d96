/** The levels of RFC 5424 and PSR-3, which Monolog has; every other scale is read into them. */
export const LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const
export type Level = (typeof LEVELS)[number]

export function rankOf(level: Level): number {
  return LEVELS.indexOf(level)
}

const NAMES: Readonly<Record<string, Level>> = {
  trace: 'debug',
  verbose: 'debug',
  debug: 'debug',
  info: 'info',
  information: 'info',
  notice: 'notice',
  deprecated: 'notice',
  warn: 'warning',
  warning: 'warning',
  err: 'error',
  error: 'error',
  crit: 'critical',
  critical: 'critical',
  fatal: 'critical',
  'fatal error': 'critical',
  'parse error': 'critical',
  alert: 'alert',
  emerg: 'emergency',
  emergency: 'emergency',
  panic: 'emergency',
  // glog (Orthanc)
  i: 'info',
  w: 'warning',
  e: 'error',
  f: 'critical',
  // Redis
  '.': 'debug',
  '-': 'info',
  '*': 'notice',
  '#': 'warning',
}

function fromName(name: string): Level | null {
  return NAMES[name.toLowerCase()] ?? null
}

/** Monolog counts in hundreds, Bunyan and Pino in tens. */
function fromNumber(value: number): Level | null {
  const step = value >= 100 ? Math.floor(value / 50) * 50 : value
  const monolog: Readonly<Record<number, Level>> = {
    100: 'debug',
    200: 'info',
    250: 'notice',
    300: 'warning',
    400: 'error',
    500: 'critical',
    550: 'alert',
    600: 'emergency',
    10: 'debug',
    20: 'debug',
    30: 'info',
    40: 'warning',
    50: 'error',
    60: 'critical',
  }
  return monolog[step] ?? null
}

/** How the programs of this platform begin a line: what is matched is time and level, and goes into columns of their own. */
const BEGINNINGS: readonly RegExp[] = [
  // Monolog: [2026-11-22T03:12:07.114+00:00] production.ERROR: text
  /^\[\d{4}-[^\]]+\] (?:(?<channel>[\w.-]+)\.)?(?<level>DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT|EMERGENCY): /,
  // glog, as Orthanc writes it: E1122 03:12:07.114032 MAIN ServerIndex.cpp:88] text
  /^(?<level>[IWEF])\d{4} \d\d:\d\d:\d\d\.\d+ +(?=[^\]]*\] )/,
  // nginx: 2026/11/22 03:12:07 [error] 31#31: text
  /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[(?<level>\w+)\] (?=\d+#\d+:)/,
  // PHP, whose words stay: [22-Nov-2026 03:12:07 UTC] PHP Warning:  text
  /^(?:\[[^\]]+\] )?(?=(?:PHP )?(?<level>Fatal error|Parse error|Warning|Notice|Deprecated): )/,
  // PHP-FPM: [22-Nov-2026 03:12:07] WARNING: text
  /^\[[^\]]+\] (?<level>DEBUG|NOTICE|WARNING|ERROR|ALERT): /,
  // Redis: 1:M 22 Nov 2026 03:12:07.114 # text
  /^\d+:[XCSM] \d\d \w{3} \d{4} [\d:.]+ (?<level>[.*#-]) /,
  // A level after at most a time, as most programs have it: 2026-11-22 03:12:07,114 ERROR text
  /^(?:\[?[\d:.,+TZ/-]+\]? ){0,2}(?<level>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|ALERT|EMERGENCY|PANIC)(?::|(?= )) */,
  // In small letters only where it is set off: [error] text, error: text
  /^(?:\[?[\d:.,+TZ/-]+\]? ){0,2}(?:\[(?=\w+\]))?(?<level>trace|debug|info|notice|warn|warning|error|critical|fatal|alert|emergency|panic)[\]:]:? */i,
]
/** logfmt keeps its place: time=… level=error msg="…" */
const LOGFMT = /(?:^| )(?:level|lvl|severity)="?(?<level>\w+)"?(?: |$)/
/** As much of a line as is searched for its level. */
const LOOK = 256

const LEVEL_KEYS = ['level_name', 'level', 'severity', 'lvl', 'loglevel', 'log.level'] as const
const MESSAGE_KEYS = ['message', 'msg'] as const
const BRACE = 123

/** What a line says besides its text. */
export interface Reading {
  readonly level: Level | null
  /** Where the text begins that is not time, channel or level. */
  readonly messageStart: number
  /** The message and what is left beside it, of a line that is a JSON object; null for any other. */
  readonly json: {readonly message: string; readonly fields: Readonly<Record<string, unknown>>} | null
  /** Monolog's. */
  readonly channel: string | null
}

export function levelOf(bytes: Buffer, start: number, end: number): Level | null {
  return readLine(bytes, start, end).level
}

/** Reads level and message of a line whose text stands from `start` to `end`. */
export function readLine(bytes: Buffer, start: number, end: number): Reading {
  if (bytes[start] === BRACE) {
    const json = readJson(bytes.toString('utf8', start, end))
    if (json !== null) return {...json, messageStart: start, channel: null}
  }
  const head = bytes.toString('latin1', start, Math.min(end, start + LOOK))
  for (const beginning of BEGINNINGS) {
    const found = beginning.exec(head)
    const level = found && fromName(found.groups!['level']!)
    if (level !== null) return {level, messageStart: start + found![0].length, json: null, channel: found!.groups!['channel'] ?? null}
  }
  return {level: fromName(LOGFMT.exec(head)?.groups!['level'] ?? ''), messageStart: start, json: null, channel: null}
}

function readJson(text: string): Pick<Reading, 'level' | 'json'> | null {
  // Bytes that are no UTF-8 would be lost.
  const value = text.includes('\uFFFD') ? null : parse(text)
  if (value === null) return null
  const messageKey = MESSAGE_KEYS.find((key) => typeof value[key] === 'string')
  if (messageKey === undefined) return {level: levelIn(value), json: {message: '', fields: value}}
  const {[messageKey]: message, ...fields} = value
  return {level: levelIn(value), json: {message: String(message), fields}}
}

function levelIn(value: Record<string, unknown>): Level | null {
  for (const key of LEVEL_KEYS) {
    const level = value[key]
    const found = typeof level === 'string' ? fromName(level) : typeof level === 'number' ? fromNumber(level) : null
    if (found !== null) return found
  }
  return null
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
