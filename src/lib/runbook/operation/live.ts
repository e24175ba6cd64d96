import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {clockTime} from '../../text/time.ts'
import {compareTemplates, decodeDeployment, differenceWords, type Deployment, type FieldManager} from '../../workload/index.ts'

/** A deployment as an operation needs it: the rules' view of it, and what tells one write from another. */
export interface LiveDeployment extends Deployment {
  readonly resourceVersion: string
  /** The whole pod template as the server wrote it: equal texts are equal templates. */
  readonly templateText: string
  /** Names of the persistent volume claims of its pods. */
  readonly claims: readonly string[]
  /** Whoever wrote to it, with the text of what is theirs; the status is left out. */
  readonly writers: readonly Writer[]
  /** The tool that would put it back as it was declared; null where none owns it. */
  readonly managedBy: 'Argo CD' | 'Flux' | 'Helm' | null
}

export interface Writer {
  readonly manager: string
  /** '' for the object itself, else `scale`. */
  readonly subresource: string
  readonly ownsReplicas: boolean
  /** Of its last write; null where the server keeps none. */
  readonly at: number | null
  readonly text: string
}

export function decodeLive(object: JsonObject): LiveDeployment {
  const deployment = decodeDeployment(object)
  const metadata = record(object['metadata'])
  const template = record(record(object['spec'])['template'])
  return {
    ...deployment,
    resourceVersion: typeof metadata['resourceVersion'] === 'string' ? metadata['resourceVersion'] : '',
    templateText: JSON.stringify(template),
    claims: claimsOf(template),
    writers: writersOf(metadata, deployment.managers),
    managedBy: managerOf(deployment),
  }
}

function claimsOf(template: JsonObject): string[] {
  const volumes = record(template['spec'])['volumes']
  if (!Array.isArray(volumes)) return []
  return volumes.flatMap((volume) => {
    const name = record(record(volume)['persistentVolumeClaim'])['claimName']
    return typeof name === 'string' ? [name] : []
  })
}

function writersOf(metadata: JsonObject, managers: readonly FieldManager[]): Writer[] {
  const entries = metadata['managedFields']
  const texts = Array.isArray(entries) ? entries.map((entry) => JSON.stringify(entry)) : []
  return managers.flatMap(({manager, subresource, ownsReplicas, at}, index) =>
    subresource === 'status' ? [] : [{manager, subresource, ownsReplicas, at, text: texts[index] ?? ''}],
  )
}

/** Field managers of the tools that reconcile what they own. */
const RECONCILERS: Readonly<Record<string, LiveDeployment['managedBy']>> = {
  'argocd-controller': 'Argo CD',
  'argocd-application-controller': 'Argo CD',
  'kustomize-controller': 'Flux',
  'helm-controller': 'Flux',
  helm: 'Helm',
}

function managerOf({labels, annotations, managers}: Deployment): LiveDeployment['managedBy'] {
  const marks = [...Object.keys(labels), ...Object.keys(annotations)]
  if (marks.some((mark) => mark.startsWith('argocd.argoproj.io/'))) return 'Argo CD'
  if (marks.some((mark) => mark.startsWith('kustomize.toolkit.fluxcd.io/') || mark.startsWith('helm.toolkit.fluxcd.io/'))) return 'Flux'
  if (labels['app.kubernetes.io/managed-by'] === 'Helm' || annotations['meta.helm.sh/release-name'] !== undefined) return 'Helm'
  return managers.map(({manager}) => RECONCILERS[manager]).find((tool) => tool !== undefined) ?? null
}

/**
 * Who changed a deployment between two looks at it, by managedFields, and when: `kubectl-set at 2026-11-22 03:12:07Z`. A change of replicas asks
 * for the owner of that field, which nobody is of a zero that was set through `scale`. `unknown` where nothing tells.
 */
export function changedBy(before: LiveDeployment, after: LiveDeployment): string {
  const known = new Set(before.writers.map(({text}) => text))
  const fresh = after.writers.filter(({text}) => !known.has(text)).toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0))
  // A write through `scale` leaves no time behind, so that a second one by the same manager changes no text.
  const writer = before.replicas === after.replicas ? fresh.at(-1) : [...fresh, ...after.writers].find(({ownsReplicas}) => ownsReplicas)
  if (writer === undefined) return 'unknown'
  const {manager, subresource, at} = writer
  if (manager === 'kube-controller-manager' && subresource === 'scale') return 'the autoscaler (kube-controller-manager)'
  const who = manager === 'sapoche' ? 'another run of sapoche' : manager
  // The time of an entry of `scale` is that of another write (facts/kubernetes.md, section 10).
  return at === null || subresource !== '' || !fresh.includes(writer) ? who : `${who} at ${clockTime(at)}`
}

/** What somebody else did to the count between two looks; null where it is the same. */
export function otherCount(before: LiveDeployment, after: LiveDeployment): string | null {
  return after.replicas === before.replicas ? null : `set to ${after.replicas} meanwhile by ${changedBy(before, after)}`
}

/** What somebody else did to the pod template between two looks; null where it is the same. */
export function otherTemplate(before: LiveDeployment, after: LiveDeployment): string | null {
  if (after.templateText === before.templateText) return null
  return `changed meanwhile by ${changedBy(before, after)}: ${differenceWords(compareTemplates(before.template, after.template))}`
}

function record(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
