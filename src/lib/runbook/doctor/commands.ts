import {count} from '../../text/view.ts'
import type {Reached} from './cluster.ts'
import type {Path} from './path.ts'
import {type CommandGaps, type Gap, gapsOf, neededRights} from './permissions.ts'
import {reviewRights} from './review.ts'
import type {DoctorStep} from './schema.ts'

/** Commands that `--read-only` refuses. */
const CHANGING = new Set(['evict', 'exec', 'restart', 'rollback', 'scale', 'shell'])

/** Which commands may run: a row each, of a few requests for all of them. */
export async function examineCommands(
  hops: Path,
  reached: Reached | null,
  {readOnly, home}: {readonly readOnly: boolean; readonly home: string},
  signal: AbortSignal,
): Promise<void> {
  const namespace = reached?.cluster.namespace ?? ''
  const gaps = await hops.look('permissions', namespace === '' ? null : `namespace ${namespace}`, 'unknown', async () => {
    const {cluster, version} = reached!
    const needed = neededRights(version)
    const granted = await reviewRights(cluster, needed, signal)
    return {value: gapsOf(granted, version), reason: `${granted.size} of ${count(needed.length, 'right')} that commands may need`}
  })
  const elsewhere = namespace === home ? '' : ` -n ${namespace}`
  for (const each of gaps ?? []) hops.add(commandRow(each, {readOnly, elsewhere}))
}

/**
 * What a command lacks that it can't run without is a warning: with fewer rights on purpose, the others are as well as ever.
 * `elsewhere` are the flags for a namespace that is not the catalogue's. Pure.
 */
export function commandRow(
  {command, gaps}: CommandGaps,
  {readOnly, elsewhere}: {readonly readOnly: boolean; readonly elsewhere: string},
): Omit<DoctorStep, 'path'> {
  const row = {name: command, target: null, ms: null, cure: null}
  if (readOnly && CHANGING.has(command)) return {...row, status: 'skipped', reason: 'refused by --read-only'}
  const missing = gaps.filter(({optional}) => optional === '')
  const cure = `sapoche rbac ${command}${elsewhere} | kubectl apply -f -  (ask whoever may)`
  if (missing.length > 0) return {...row, status: 'warning', reason: `can't run: not allowed to ${rightsWords(missing)}`, cure}
  if (gaps.length === 0) return {...row, status: 'ok', reason: ''}
  const without = [...Map.groupBy(gaps, ({optional}) => optional)].map(([what, rights]) => `${rightsWords(rights)} (${what})`)
  return {...row, status: 'ok', reason: `may not ${without.join('; ')}`}
}

/** `get, patch deployments.apps; list pods` */
function rightsWords(gaps: readonly Gap[]): string {
  const resources = Map.groupBy(gaps, ({group, resource}) => (group === '' ? resource : `${resource}.${group}`))
  return [...resources].map(([resource, rights]) => `${[...new Set(rights.map(({verb}) => verb))].join(', ')} ${resource}`).join('; ')
}
