import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {decodeDeployment, type Deployment, type FieldManager} from '../../workload/index.ts'

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
  return managers.flatMap(({manager, subresource, ownsReplicas}, index) =>
    subresource === 'status' ? [] : [{manager, subresource, ownsReplicas, text: texts[index] ?? ''}],
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
 * Who changed a deployment between two looks at it, by managedFields: `kubectl-scale`, `the autoscaler (kube-controller-manager)`.
 * A change of replicas asks for the owner of that field first. `unknown` where nothing tells.
 */
export function changedBy(before: LiveDeployment, after: LiveDeployment): string {
  const known = new Set(before.writers.map(({text}) => text))
  const fresh = after.writers.filter(({text}) => !known.has(text))
  // A write through `scale` leaves no time behind, so that a second one by the same manager changes no text.
  const owner = [...fresh, ...after.writers].find(({ownsReplicas}) => ownsReplicas)
  const writer = (before.replicas === after.replicas ? undefined : owner) ?? fresh.at(-1)
  if (writer === undefined) return 'unknown'
  if (writer.manager === 'kube-controller-manager' && writer.subresource === 'scale') return 'the autoscaler (kube-controller-manager)'
  return writer.manager === 'sapoche' ? 'another run of sapoche' : writer.manager
}

function record(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}
