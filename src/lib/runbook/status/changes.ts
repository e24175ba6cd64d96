import type {Severity} from '../schema.ts'
import {waitsOf} from './backlog.ts'
import type {StatusChange, StatusReport} from './schema.ts'
import {verdictWords} from './faults-view.ts'

/** What can change: a workload, a service, another object, what waits in a queue or for a consumer group. */
interface Entry {
  readonly objectKind: string
  readonly name: string
  /** Its health; of what has none, its severity. */
  readonly state: string
  readonly severity: Severity
  readonly reason: string
}

/**
 * What became different from one report to the next, the verdict last; reasons and counts alone are no change. Pure.
 * Before the first report there was none (null): then all that is not well is named, after the verdict, as it was found.
 */
export function changesBetween(before: StatusReport | null, after: StatusReport): StatusChange[] {
  const change = (entry: Entry, from: string | null, to: string | null): StatusChange => ({
    apiVersion: 'sapoche/v1',
    kind: 'StatusChange',
    time: after.generatedAt,
    context: after.context,
    namespace: after.namespace,
    objectKind: entry.objectKind,
    name: entry.name,
    from,
    to,
    severity: entry.severity,
    reason: entry.reason,
    verdict: after.verdict,
  })
  const verdict = change(verdictEntry(after), before?.verdict ?? null, after.verdict)
  const entries = entriesOf(after)
  if (before === null) {
    const unwell = [...entries.values()].filter(({severity}) => severity !== 'ok' && severity !== 'info')
    return [verdict, ...unwell.map((entry) => change(entry, null, entry.state))]
  }
  const known = entriesOf(before)
  const gone = [...known].filter(([key]) => !entries.has(key))
  const changed = [...entries].filter(
    ([key, {state, severity}]) => known.get(key)?.state !== state || known.get(key)?.severity !== severity,
  )
  return [
    ...changed.map(([key, entry]) => change(entry, known.get(key)?.state ?? null, entry.state)),
    ...gone.map(([, entry]) => change({...entry, severity: 'info', reason: 'gone'}, entry.state, null)),
    ...(before.verdict === after.verdict ? [] : [verdict]),
  ]
}

/** The connection was lost, or came back; the verdict is the last that there was. */
export function watchChange(last: StatusReport, time: string, isBlind: boolean, reason: string): StatusChange {
  const [from, to] = isBlind ? ['watching', 'blind'] : ['blind', 'watching']
  return {
    apiVersion: 'sapoche/v1',
    kind: 'StatusChange',
    time,
    context: last.context,
    namespace: last.namespace,
    objectKind: 'Watch',
    name: last.namespace,
    from,
    to,
    severity: isBlind ? 'unknown' : 'ok',
    reason,
    verdict: last.verdict,
  }
}

function verdictEntry(report: StatusReport): Entry {
  const {namespace, verdict} = report
  return {objectKind: 'Namespace', name: namespace, state: verdict, severity: verdict, reason: verdictWords(report)}
}

function entriesOf({items, services, others, servers}: StatusReport): Map<string, Entry> {
  const entries: Entry[] = [
    ...items.map(({kind, name, health, severity, reason}) => ({objectKind: kind, name, state: health, severity, reason})),
    ...services.map(({name, severity, reason}) => ({objectKind: 'Service', name, state: severity, severity, reason})),
    ...others.map(({kind, name, severity, reason}) => ({objectKind: kind, name, state: severity, severity, reason})),
    ...items.flatMap(waitsOf).map((each) => {
      const [objectKind, name] = 'queue' in each ? ['Queue', each.queue] : ['ConsumerGroup', each.group]
      return {objectKind, name, state: each.severity, severity: each.severity, reason: each.reason}
    }),
    ...servers.map(({name, severity, reason}) => ({objectKind: 'Server', name, state: severity, severity, reason})),
  ]
  return new Map(entries.map((entry) => [`${entry.objectKind}/${entry.name}`, entry]))
}
