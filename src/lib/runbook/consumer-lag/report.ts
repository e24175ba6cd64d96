import type {ServerDownError} from '../../clients/reach/errors.ts'
import {isoTime} from '../../text/time.ts'
import {count} from '../../text/view.ts'
import {verdictOf} from '../../workload/index.ts'
import type {Warning} from '../schema.ts'
import {brokerRows} from './brokers.ts'
import type {WantedGroup} from './groups.ts'
import {isRebalancing, itemOf} from './item.ts'
import type {Look} from './look.ts'
import {offsetOf} from './rows.ts'
import type {ConsumerLagReport, LagBroker, LagItem} from './schema.ts'

export interface ReportOptions {
  readonly context: string | null
  readonly namespace: string
  /** The API server's clock, epoch milliseconds. */
  readonly now: number
  readonly warnings: readonly Warning[]
  /** What helps brokers that are in trouble. */
  readonly brokerNext: readonly string[]
  /** Targets or `--group` were given: other groups are not missed. */
  readonly narrowed: boolean
  /** Since when (epoch milliseconds) groups have been seen rebalancing, while watching. */
  readonly rebalancingSince?: ReadonlyMap<string, number>
}

/** The report on what was read. Pure. */
export function lagReport(groups: readonly WantedGroup[], look: Look, options: ReportOptions): ConsumerLagReport {
  const {before, now, survey} = look
  const items = groups.map((group) => {
    const since = options.rebalancingSince?.get(group.name) ?? before?.at ?? now.at
    return itemOf(group, look, isRebalancing(group.name, look) ? now.at - since : null)
  })
  const named = new Set(groups.map(({name}) => name))
  const others = survey.groups.filter(({name, protocol}) => !named.has(name) && protocol === 'consumer').length
  const notChecked = [
    ...(before === null && groups.length > 0 ? ['how it moves (--window 10s)'] : []),
    ...(others > 0 && !options.narrowed ? [`${count(others, 'group')} that no workload here names (--group '*')`] : []),
  ]
  return documentOf(items, brokerRows(look, options.brokerNext), {
    ...options,
    notChecked,
    windowSeconds: before === null ? null : (now.at - before.at) / 1000,
  })
}

/** The report where Kafka is down: that is an answer. */
export function silentReport(groups: readonly WantedGroup[], error: ServerDownError, options: ReportOptions): ConsumerLagReport {
  const items = groups.map((group): LagItem => ({
    group: group.name,
    sources: [...group.sources],
    workloads: group.workloads.map(({name, ready, desired}) => ({name, ready, desired})),
    state: null,
    movement: null,
    lag: null,
    worstLag: null,
    oldestUnreadSeconds: null,
    etaSeconds: null,
    members: null,
    idleConsumers: null,
    partitions: [],
    deadLetters: null,
    thresholds: {allowedLag: group.allowedLag, maxAgeSeconds: group.maxAge},
    severity: 'unknown',
    reason: 'no broker answers',
    next: [],
  }))
  const broker: LagBroker = {
    id: null,
    address: null,
    severity: 'critical',
    reason: error.message,
    next: [...options.brokerNext],
  }
  return documentOf(items, [broker], {...options, notChecked: [], windowSeconds: null})
}

/** The report where there is no group to look for. */
export function emptyReport(options: ReportOptions): ConsumerLagReport {
  return documentOf([], [], {...options, notChecked: [], windowSeconds: null})
}

function documentOf(
  items: LagItem[],
  brokers: LagBroker[],
  options: ReportOptions & Pick<ConsumerLagReport, 'notChecked' | 'windowSeconds'>,
): ConsumerLagReport {
  const counted = (...severities: readonly LagItem['severity'][]): number =>
    items.filter(({severity}) => severities.includes(severity)).length
  return {
    apiVersion: 'sapoche/v1',
    kind: 'ConsumerLagReport',
    generatedAt: isoTime(options.now),
    context: options.context,
    namespace: options.namespace,
    verdict: verdictOf([...items, ...brokers], new Set()),
    windowSeconds: options.windowSeconds,
    summary: {
      groups: items.length,
      ok: counted('ok', 'info'),
      warning: counted('warning'),
      critical: counted('critical'),
      unknown: counted('unknown'),
      lag: offsetOf(items.reduce((sum, {lag}) => sum + BigInt(lag ?? 0), 0n)),
    },
    items,
    brokers,
    notChecked: options.notChecked,
    warnings: [...options.warnings],
  }
}
