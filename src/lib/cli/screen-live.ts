import {EXIT, InterruptedError, TimedOutError, UsageError} from '../errors/index.ts'
import {age} from '../text/age.ts'
import {LONGEST_TIMER_MS} from '../text/duration.ts'
import {Flags, duration, type Format} from './flags.ts'
import {renderReport} from './output.ts'
import {type ClusterChoice, sameCluster} from './same-cluster.ts'
import {displayOf, type DisplayOptions, type Live} from './screen-display.ts'
import {toJson} from '../text/json.ts'

const WATCH = 'WATCH'
const DEFAULT_TIMEOUT_MS = 300_000
/** What `--watch` can write. */
const LINE_FORMATS: readonly Format[] = ['table', 'wide', 'json']

/** For a check that can be followed. */
export const liveFlags = {
  watch: Flags.boolean({char: 'w', summary: 'redraw at each change; off a terminal, and with -o json, a line for each', helpGroup: WATCH}),
  until: Flags.option({
    options: ['ok', 'warning'] as const,
    summary: 'wait until the verdict is no worse than this; 75 when time runs out',
    helpGroup: WATCH,
    helpValue: '<ok|warning>',
  })(),
  timeout: duration({summary: 'time limit of --until, 5m when not given, 0 for none', helpGroup: WATCH, dependsOn: ['until']}),
}

export interface LiveOptions<R extends object> extends DisplayOptions<R> {
  /** As `liveFlags` and `clusterFlags` have them. */
  readonly flags: ClusterChoice & {readonly watch: boolean; readonly until?: string | undefined; readonly timeout?: number | undefined}
  /** Ctrl-C. */
  readonly signal: AbortSignal
}

/** How it ended: with the last report, and the exit code that goes before the verdict's; null for none. */
export interface LiveEnd<R> {
  readonly report: R
  readonly code: number | null
}

/**
 * Shows a check: once; with `--watch` on a screen or as lines until the user, or the reader, has had enough; with `--until` when the goal is
 * reached or time is up. Rejects as `live.read` and `live.follow`, and with an InterruptedError (130) where a goal was given up.
 */
export async function showLive<S extends {readonly report: R}, R extends object>(
  live: Live<S, R>,
  options: LiveOptions<R>,
): Promise<LiveEnd<R>> {
  const {flags, format, progress, signal} = options
  if (flags.watch && !LINE_FORMATS.includes(format)) throw new UsageError(`--watch has no -o ${format}; it has ${LINE_FORMATS.join(', ')}`)
  if (flags.watch || flags.until !== undefined) return await follow(live, options)
  const report = sameCluster(await live.read(signal), flags)
  progress.stop()
  await writeLast(report, options)
  return {report, code: null}
}

async function follow<S extends {readonly report: R}, R extends object>(live: Live<S, R>, options: LiveOptions<R>): Promise<LiveEnd<R>> {
  const {until, watch, timeout = DEFAULT_TIMEOUT_MS} = options.flags
  const life = lifeOf(options.signal, until === undefined ? 0 : timeout)
  const display = displayOf(live, options, watch, () => life.end('left'))
  let last: S | null = null
  try {
    for await (const seen of live.follow(life.signal)) {
      const moment = sameCluster(seen, options.flags)
      last = moment
      if (until !== undefined && live.isReached(moment)) life.end('reached')
      await display.show(moment)
    }
  } finally {
    life.stop()
    display.close()
    options.progress.stop()
  }
  if (last === null) throw new InterruptedError()
  const isGivenUp = until !== undefined && life.ending() === 'left'
  if (display.isScreen || (until !== undefined && !isGivenUp)) await writeLast(last.report, options)
  if (isGivenUp) throw new InterruptedError(`interrupted before the verdict was ${until}`)
  if (life.ending() !== 'late') return {report: last.report, code: null}
  const wanted = until === 'warning' ? 'ok or warning' : 'ok'
  options.terminal.stderr.write(`sapoche: not ${wanted} within ${age(timeout)}: ${live.waitingFor(last)}\n`)
  return {report: last.report, code: EXIT['timed-out']}
}

/** In the chosen format; among JSON lines as a line. */
async function writeLast<R extends object>(report: R, {flags, format, views, terminal, now}: LiveOptions<R>): Promise<void> {
  const {stdout} = terminal
  const isLine = flags.watch && format === 'json'
  const text = isLine
    ? `${toJson(report)}\n`
    : await renderReport(report, format, views, {width: stdout.width, colour: stdout.colour, now: now()})
  stdout.write(text)
}

/** How following may end: by the user (or whoever read it), by time, or well. */
type Ending = 'left' | 'late' | 'reached'

interface Life {
  readonly signal: AbortSignal
  /** The first of these counts. */
  end(how: Ending): void
  ending(): Ending | null
  /** Lets go of timer and signal. */
  stop(): void
}

function lifeOf(interruption: AbortSignal, limit: number): Life {
  const controller = new AbortController()
  let ending: Ending | null = null
  const end = (how: Ending): void => {
    ending ??= how
    controller.abort(how === 'late' ? new TimedOutError(`no verdict within ${age(limit)}`) : new InterruptedError())
  }
  const interrupt = (): void => end('left')
  const timer = limit === 0 ? undefined : setTimeout(() => end('late'), Math.min(limit, LONGEST_TIMER_MS))
  interruption.addEventListener('abort', interrupt, {once: true})
  if (interruption.aborted) interrupt()
  return {
    signal: controller.signal,
    end,
    ending: () => ending,
    stop() {
      clearTimeout(timer)
      interruption.removeEventListener('abort', interrupt)
    },
  }
}
