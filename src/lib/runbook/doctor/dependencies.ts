import {RefusedError, UnreachableError} from '../../errors/index.ts'
import type {Address} from '../../clients/reach/types.ts'
import {count} from '../../text/view.ts'
import {choosePlaces, type Place} from '../exec/index.ts'
import {type Attempt, connectFrom, type Outcome} from './attempt.ts'
import type {Contents, Reached} from './cluster.ts'
import {cureOf, failureOf, type Path} from './path.ts'
import type {Naming} from './naming.ts'
import type {DoctorStep} from './schema.ts'

/** Which workloads name what lies outside of the namespace; with `fromPods`, whether one of their pods can connect to it. */
export async function examineDependencies(
  hops: Path,
  namings: readonly Naming[],
  from: {readonly reached: Reached; readonly contents: Contents} | null,
  signal: AbortSignal,
): Promise<void> {
  const rows = await Promise.all(namings.map(async (naming) => (from === null ? nameRow(naming) : await attemptRow(naming, from, signal))))
  for (const row of rows) hops.add(row)
}

type Row = Omit<DoctorStep, 'path'>

/** Pure. */
export function nameRow({dependency: {name, where, environment}, address, sources, workloads}: Naming): Row {
  const row = {name, target: address === null ? null : addressWords(address), ms: null, cure: null, workloads: [...workloads]}
  if (workloads.length > 0) return {...row, status: 'ok', reason: `${sources.join(', ')}: ${workloadWords(workloads)}`}
  const reason = environment.length === 0 ? `${where}; nothing here names it` : `no workload names it (${environment.join(', ')})`
  return {...row, status: 'skipped', reason}
}

async function attemptRow(
  naming: Naming,
  from: {readonly reached: Reached; readonly contents: Contents},
  signal: AbortSignal,
): Promise<Row> {
  const row = nameRow(naming)
  const {address, workloads} = naming
  if (address === null) return row
  const place = placeIn(workloads, from.contents)
  if (place === null) return {...row, status: 'unknown', reason: `${row.reason}; none of them runs, to try it from`}
  const {access} = from.reached
  try {
    const attempt = await connectFrom(access, place, address, signal)
    return {...row, ...attemptWords(attempt, place.pod)}
  } catch (error) {
    const failure = failureOf(error)
    const cure = failure instanceof RefusedError ? cureOf(failure) : null
    return {...row, status: 'unknown', reason: `can't be tried: ${failure.message}`, cure}
  }
}

const WORDS: Readonly<Record<Outcome, readonly [DoctorStep['status'], string, string | null]>> = {
  connected: ['ok', 'reachable', null],
  resolved: ['unknown', 'its name is known; nothing there can connect', null],
  unresolved: ['critical', 'its name is not known', 'check the name where it is set, and the DNS of the cluster'],
  refused: ['critical', 'refuses connections', 'check whether it runs, and its port'],
  silent: ['critical', 'no answer', 'check network policies, firewalls, and whether it runs'],
  failed: ['critical', 'not reachable', 'check network policies, firewalls, and whether it runs'],
}

function attemptWords(attempt: Attempt | null, pod: string): Pick<Row, 'status' | 'reason' | 'cure'> {
  if (attempt === null) return {status: 'unknown', reason: `pod ${pod} has no php, bash, nc or getent to try it with`, cure: null}
  const [status, words, cure] = WORDS[attempt.outcome]
  return {status, reason: `${words}, by ${attempt.program} in pod ${pod}`, cure}
}

/** A running pod of one of these workloads, a ready one first; null where there is none. */
function placeIn(workloads: readonly string[], {inventory}: Contents): Place | null {
  const places = inventory.groups
    .filter(({name}) => workloads.includes(name))
    .flatMap((group) => {
      try {
        return choosePlaces({...inventory, groups: [group], strays: []}, {target: group.name, allPods: false})
      } catch (error) {
        if (error instanceof UnreachableError) return []
        throw error
      }
    })
  return places.find(({isReady}) => isReady) ?? places[0] ?? null
}

function addressWords({host, port}: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function workloadWords(workloads: readonly string[]): string {
  return workloads.length > 3 ? count(workloads.length, 'workload') : workloads.join(', ')
}
