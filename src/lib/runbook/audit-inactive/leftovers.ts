import type {Group} from '../inventory/index.ts'
import {selects, type Look} from './collect.ts'
import type {InactiveItem} from './schema.ts'

type Leftover = InactiveItem['leftovers'][number]

/**
 * What is attached to a deployment at zero and to nothing else: by templates, not by pods, of which it has none. What a deployment that runs,
 * another kind, or a pod without an owner uses as well is no leftover.
 */
export function leftoversOf(
  {name, deployment}: Group,
  {inventory, autoscalers, scaledObjects, services, budgets, others, ownerless}: Look,
): Leftover[] {
  if (deployment === null) return []
  const rest = [
    ...inventory.deployments
      .filter(({uid}) => uid !== deployment.uid)
      .map(({template, references}) => ({labels: template.labels, references})),
    ...others.flatMap(({items}) => items ?? []),
    ...ownerless,
  ]
  const {labels} = deployment.template
  const isOwn = (means: (labels: Readonly<Record<string, string>>) => boolean): boolean =>
    means(labels) && !rest.some((other) => means(other.labels))
  const targeted = (
    kind: string,
    items: readonly {readonly name: string; readonly target: {readonly kind: string; readonly name: string}; readonly min: number}[] | null,
  ) =>
    (items ?? [])
      .filter(({target}) => target.kind === 'Deployment' && target.name === name)
      .map((each) => ({kind, name: each.name, note: each.min > 0 ? `stands still while the count is 0; its minimum is ${each.min}` : ''}))
  const owned = (kind: 'ConfigMap' | 'Secret', list: 'configMaps' | 'secrets') =>
    [...deployment.references[list]]
      .filter((each) => !rest.some(({references}) => references[list].has(each)))
      .map((each) => ({kind, name: each, note: 'no other pod template refers to it'}))
  return [
    ...targeted(
      'HorizontalPodAutoscaler',
      (autoscalers.items ?? []).filter(({byKeda}) => !byKeda),
    ),
    ...targeted('ScaledObject', scaledObjects.items),
    ...(services.items ?? [])
      .filter(({selector}) => selector !== null && isOwn((of) => selects({labels: selector, expressions: []}, of)))
      .map((service) => ({kind: 'Service', name: service.name, note: 'has no other pods to lead to'})),
    ...(budgets.items ?? [])
      .filter(({selector}) => isOwn((of) => selects(selector, of)))
      .map((budget) => ({kind: 'PodDisruptionBudget', name: budget.name, note: ''})),
    ...owned('ConfigMap', 'configMaps'),
    ...owned('Secret', 'secrets'),
  ]
}

/** Kinds whose templates could not be read: they may use what seems to be left. */
export function unreadUsers({others}: Look): boolean {
  return others.some(({items}) => items === null)
}
