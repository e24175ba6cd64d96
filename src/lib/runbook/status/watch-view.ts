import {stripLine} from '../../text/strip.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {tones, type Tone} from '../../text/tone.ts'
import {trend} from '../../text/trend.ts'
import {clip, type ViewOptions} from '../../text/view.ts'
import {watchHead} from '../polling.ts'
import {toned} from '../view.ts'
import type {Sight} from './follow.ts'
import type {StatusChange} from './schema.ts'
import {statusProblems, statusTable, statusWide, TREND_WIDTH} from './view.ts'
import {toJson} from '../../text/json.ts'

export type WatchForm = 'table' | 'wide' | 'problems'

const FORMS = {table: statusTable, wide: statusWide, problems: statusProblems} as const
const SHOWN_CHANGES = 10
/** Length of `2026-11-22 `. */
const DATE = 11

/** A sight for a screen: `head` stays at the top, `body` may be longer than the screen. */
export function watchPage(sight: Sight, form: WatchForm, options: ViewOptions): {head: string[]; body: string[]} {
  const tone = tones(options.colour)
  const {report, waiting} = sight
  const trendOf = (name: string): string => trend(waiting.get(name) ?? [], TREND_WIDTH)
  const news = recentChanges(sight, options, tone)
  const [title = '', ...body] = FORMS[form](report, options, waiting.size === 0 ? {news} : {news, trendOf})
    .trimEnd()
    .split('\n')
  return {head: watchHead(title, sight.blind, options), body}
}

/** The changes of a sight, a line each; '' where there are none. */
export function watchLines(sight: Sight, {colour}: ViewOptions): string {
  const tone = tones(colour)
  return sight.changes.map((change) => `${clockTime(parseTime(change.time) ?? 0)}  ${changeText(change, tone)}\n`).join('')
}

/** The changes of a sight as JSON lines. */
export function watchJsonLines({changes}: Sight): string {
  return changes.map((change) => `${toJson(change)}\n`).join('')
}

/** `worker-sapoche-pdf  ok -> down: container app: CrashLoopBackOff`, with as much of the reason as there is room. */
function changeText({objectKind, name, from, to, severity, reason}: StatusChange, tone: Tone, room = Infinity): string {
  const isPlain = objectKind === 'Deployment' || objectKind === 'Namespace'
  const who = stripLine(isPlain ? name : `${objectKind}/${name}`)
  const states = [from, to ?? 'gone'].filter((state) => state !== null).join(' -> ')
  const why = reason === '' || to === null ? '' : clip(`: ${stripLine(reason)}`, room - who.length - 2 - states.length)
  return `${tone.strong(who)}  ${toned(states, severity, tone)}${why}`
}

/** The section of a page that says what changed when. */
function recentChanges({recent, since}: Sight, options: ViewOptions, tone: Tone): string[] {
  const title = tone.strong('CHANGES')
  if (recent.length === 0) return [`${title}  none since ${clockTime(since)}`, '']
  const today = clockTime(options.now).slice(0, DATE)
  const lines = recent.slice(-SHOWN_CHANGES).map((change) => {
    const at = clockTime(parseTime(change.time) ?? 0)
    const when = at.startsWith(today) ? at.slice(DATE) : at
    return `  ${when}  ${changeText(change, tone, options.width - when.length - 4)}`
  })
  return [title, ...lines, '']
}
