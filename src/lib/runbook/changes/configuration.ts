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

/** The manager that the API server notes where a client does not say its name. */
const NOBODY = 'unknown'

/** When each was written last, and which templates refer to it; what it holds is not looked at. */
export function changesOfConfiguration(kind: 'ConfigMap' | 'Secret', written: readonly Written[], {deployments}: Inventory): Change[] {
  return written.flatMap(({name, createdAt, at, manager}) => {
    const usedBy = deployments
      .filter(({references}) => references[kind === 'Secret' ? 'secrets' : 'configMaps'].has(name))
      .map((deployment) => deployment.name)
    if (at === null) return []
    return [
      changeOf({
        at,
        kind,
        workload: usedBy.length === 1 ? (usedBy[0] ?? null) : null,
        object: {kind, name},
        what: `${kind} ${name} ${at === createdAt ? 'created' : 'written'}`,
        by: manager === '' || manager === NOBODY ? null : manager,
        usedBy,
        sources: ['managedFields'],
      }),
    ]
  })
}
