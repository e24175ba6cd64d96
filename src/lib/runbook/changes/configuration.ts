import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {listAt, objectAt, stringAt, timeAt} from '../../workload/index.ts'
import {writtenAt} from '../cluster/index.ts'
import type {Inventory} from '../inventory/index.ts'
import {type Change, changeOf} from './change.ts'

/** A ConfigMap or Secret without what it holds. */
export interface Written {
  readonly name: string
  readonly createdAt: number | null
  readonly at: number | null
  /** Who wrote last; '' where nothing says. */
  readonly manager: string
}

/** Of any object: from its metadata alone. */
export function decodeWritten(object: JsonObject): Written {
  const metadata = objectAt(object, 'metadata')
  const at = writtenAt(object)
  const writers = listAt(metadata, 'managedFields', (entry) => ({manager: stringAt(entry, 'manager'), at: timeAt(entry, 'time')}))
  return {
    name: stringAt(metadata, 'name'),
    createdAt: timeAt(metadata, 'creationTimestamp'),
    at,
    manager: writers.find((writer) => writer.at === at)?.manager ?? '',
  }
}

/** When each was written last; what it holds is not looked at. With targets only those that their templates refer to. */
export function changesOfConfiguration(kind: 'ConfigMap' | 'Secret', written: readonly Written[], {groups, narrowed}: Inventory): Change[] {
  return written.flatMap(({name, createdAt, at, manager}) => {
    const usedBy = groups
      .filter(({deployment}) => deployment?.references[kind === 'Secret' ? 'secrets' : 'configMaps'].has(name) ?? false)
      .map((group) => group.name)
    if (at === null || (narrowed && usedBy.length === 0)) return []
    return [
      changeOf({
        at,
        kind,
        workload: usedBy.length === 1 ? (usedBy[0] ?? null) : null,
        object: {kind, name},
        what: `${kind} ${name} ${at === createdAt ? 'created' : 'written'}`,
        by: manager === '' ? null : manager,
        usedBy,
        sources: ['managedFields'],
      }),
    ]
  })
}
