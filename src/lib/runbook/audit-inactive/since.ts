import {age} from '../../text/age.ts'
import {clockTime, parseTime} from '../../text/time.ts'
import {type Deployment, type ReplicaSet, scaleRecord} from '../../workload/index.ts'
import type {SeenEvent} from '../events/index.ts'
import type {JournalEntry} from '../journal/index.ts'

/** Since when a deployment stands at zero, and by whom: what something says, and nothing that is only likely. */
export interface Since {
  /** Null where nothing says it exactly. */
  readonly at: number | null
  /** It has been so at least since then; null where nothing bounds it. */
  readonly atLatest: number | null
  readonly by: string | null
  /** A sentence for each thing that was found. */
  readonly evidence: readonly string[]
}

export interface SinceSources {
  readonly deployment: Deployment
  readonly replicaSets: readonly ReplicaSet[]
  /** Of this deployment: `ScalingReplicaSet`. */
  readonly events: readonly SeenEvent[]
  /** Of this deployment, on this cluster. */
  readonly journal: readonly JournalEntry[]
  readonly now: number
}

/**
 * In this order: the record that `sapoche scale` leaves on the deployment, the journal of this machine, the event of the scaling (kept for an hour).
 * Else a bound: whoever sets the count makes the controller write the status, so that its last write, or the last write of whoever owns
 * the count, came after (facts/kubernetes.md, section 10).
 */
export function sinceWhen({deployment, replicaSets, events, journal, now}: SinceSources): Since {
  const evidence: string[] = []
  const when = (at: number): string => `${clockTime(at)} (${age(now - at)} ago)`
  const record = scaleRecord(deployment.annotations, 0)
  if (record !== null) {
    const why = record.reason === null ? '' : `: ${record.reason}`
    evidence.push(
      `scaled to 0${record.previous === null ? '' : ` from ${record.previous}`} by ${record.by ?? 'unknown'}${record.at === null ? '' : ` at ${when(record.at)}`}${why}`,
    )
  }
  const entry = journal.findLast(({command, after}) => command === 'scale' && after === 0)
  const entered = parseTime(entry?.at)
  if (entry !== undefined && entered !== null) evidence.push(`the journal has a scaling to 0 by ${entry.who} at ${when(entered)}`)
  const event = events.filter(({message}) => / to 0(?: from \d+)?$/.test(message)).findLast(({at}) => at !== null)
  if (event?.at != null) evidence.push(`event at ${when(event.at)}: ${event.message}`)

  const status = latest(deployment.managers.filter(({subresource}) => subresource === 'status').map(({at}) => at))
  if (status !== null) evidence.push(`its controller has written nothing since ${when(status)}: at zero since then, or for longer`)
  const owner = deployment.managers.find(({ownsReplicas}) => ownsReplicas)
  // An entry of `scale` has no time of its own: where it has one it is that of an earlier write.
  const set = owner === undefined || owner.subresource === 'scale' ? null : owner.at
  if (owner !== undefined) {
    evidence.push(`the count was set by ${owner.manager}${set === null ? ', through scale' : `, which wrote last at ${when(set)}`}`)
  }
  const rollout = latest(replicaSets.map(({createdAt}) => createdAt))
  if (rollout !== null) evidence.push(`its newest replica set is of ${when(rollout)}`)

  const bounds = [status, set].filter((at) => at !== null)
  const at = record?.at ?? entered ?? event?.at ?? null
  return {
    at,
    atLatest: at ?? (bounds.length === 0 ? null : Math.min(...bounds)),
    by: record?.by ?? entry?.who ?? null,
    evidence,
  }
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}
