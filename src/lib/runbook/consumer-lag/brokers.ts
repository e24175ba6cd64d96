import {ServerDownError} from '../../clients/reach/errors.ts'
import {count} from '../../text/view.ts'
import type {ServerHint} from '../bindings/index.ts'
import {clusterNames} from '../endpoints/index.ts'
import {isKnown, type Look} from './look.ts'
import type {LagBroker} from './schema.ts'

/** Where the pods of the brokers are to be seen, by what the workloads call these; nothing where that is no name of the cluster. */
export function brokerPods(hint: ServerHint | null, namespace: string): string[] {
  const [place] = clusterNames(hint?.addresses[0]?.host ?? '', namespace)
  return place === undefined ? [] : [`sapoche pods -n ${place.namespace}`]
}

/**
 * The brokers that there are, and those that the cluster misses: copies of partitions should be there, and it is not. `next` helps those
 * that are in trouble. Pure.
 */
export function brokerRows({survey, topics}: Pick<Look, 'survey' | 'topics'>, next: readonly string[]): LagBroker[] {
  const rows = survey.brokers.map(({id, address, error}): LagBroker => {
    if (error === null) return {id, address, severity: 'ok', reason: '', next: []}
    return {id, address, severity: error instanceof ServerDownError ? 'warning' : 'unknown', reason: error.message, next: [...next]}
  })
  const present = new Set(survey.brokers.map(({id}) => id))
  const missed = new Map<number, number>()
  for (const states of topics.values()) {
    if (!isKnown(states)) continue
    for (const {replicas} of states) for (const id of replicas) if (!present.has(id)) missed.set(id, (missed.get(id) ?? 0) + 1)
  }
  const lost = [...missed]
    .sort(([a], [b]) => a - b)
    .map(([id, partitions]): LagBroker => {
      const reason = `the cluster has lost it; ${count(partitions, 'partition')} of these groups should be on it`
      return {id, address: null, severity: 'warning', reason, next: [...next]}
    })
  return [...rows, ...lost]
}
