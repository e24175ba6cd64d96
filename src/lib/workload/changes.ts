import {findCondition} from './decode/metadata.ts'
import type {Container, Deployment, EnvVar, PodTemplate, ReplicaSet} from './objects.ts'
import {currentReplicaSet, previousReplicaSet} from './ownership.ts'
import {shortImage} from './trouble.ts'
import type {Change} from './types.ts'

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export type TemplateDifference = Pick<Change, 'images' | 'env'> & {readonly restarted: boolean}

/** What changed last in a deployment: its current replica set beside the one before. Null without a replica set. */
export function lastChange(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Change | null {
  const current = currentReplicaSet(deployment, replicaSets)
  if (current === null) return null
  const previous = previousReplicaSet(current, replicaSets)
  // A rollback takes up an old replica set: the end, or the last step, of the rollout is what is known of its time.
  const at = current.reused ? (findCondition(deployment.conditions, 'Progressing')?.lastUpdateAt ?? null) : current.createdAt
  const difference = previous === null ? null : compareTemplates(previous.template, current.template)
  return {
    revision: current.revision,
    at,
    images: difference?.images ?? [],
    env: difference?.env ?? [],
    what: difference === null ? 'first rollout' : differenceWords(difference),
    undoable: difference !== null && !isRestart(difference),
  }
}

function isRestart({images, env, restarted}: TemplateDifference): boolean {
  return restarted && images.length === 0 && env.length === 0
}

/** Images and environment of one template beside another's. Values of variables are compared, never kept. */
export function compareTemplates(from: PodTemplate, to: PodTemplate): TemplateDifference {
  const names = new Set([...from.containers, ...to.containers].map(({name}) => name))
  const images: Change['images'][number][] = []
  const env = new Set<string>()
  for (const name of names) {
    const before = from.containers.find((container) => container.name === name)
    const after = to.containers.find((container) => container.name === name)
    if (before?.image !== after?.image) images.push({container: name, from: before?.image ?? null, to: after?.image ?? null})
    for (const variable of changedVariables(before, after)) env.add(variable)
  }
  return {images, env: [...env].sort(), restarted: from.annotations[RESTARTED_AT] !== to.annotations[RESTARTED_AT]}
}

function changedVariables(before: Container | undefined, after: Container | undefined): string[] {
  const old = new Map((before?.env ?? []).map((variable) => [variable.name, variable]))
  const changed = (after?.env ?? []).filter((variable) => !sameVariable(old.get(variable.name), variable)).map(({name}) => name)
  const kept = new Set((after?.env ?? []).map(({name}) => name))
  return [...changed, ...[...old.keys()].filter((name) => !kept.has(name))]
}

function sameVariable(one: EnvVar | undefined, other: EnvVar): boolean {
  if (one === undefined || one.value !== other.value) return false
  return one.from?.kind === other.from?.kind && one.from?.name === other.from?.name && one.from?.key === other.from?.key
}

/** `image worker:1.4 -> worker:1.5; environment QUEUE_NAME`, `restarted`, or that something else of the template differs. */
export function differenceWords({images, env, restarted}: TemplateDifference): string {
  const words = images.map(({container, from, to}) => {
    if (from === null) return `container ${container} added`
    return to === null ? `container ${container} removed` : `image ${shortImage(from)} -> ${shortImage(to)}`
  })
  if (env.length > 0) words.push(`environment ${env.join(', ')}`)
  if (words.length > 0) return words.join('; ')
  return restarted ? 'restarted' : 'another part of the pod template'
}
