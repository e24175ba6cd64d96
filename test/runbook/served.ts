import type {ClusterClient} from '../../src/lib/clients/kubernetes/index.ts'
import {builtinCatalogue, type Catalogue} from '../../src/lib/catalogue/index.ts'
import {connect, NOW, serve, writeKubeconfig, type Asked} from '../clients/kubernetes/support.ts'

export {NOW}

type Json = Readonly<Record<string, unknown>>

export interface ServedOptions {
  /** Plurals that may not be read (403). */
  readonly forbidden?: readonly string[]
  readonly catalogue?: Catalogue
  /** Answers in the place of the lists; false leaves it to them. */
  readonly handle?: (asked: Asked) => boolean
}

/** What a step of the runbook gets, and what it asked for. */
export interface Served {
  readonly cluster: ClusterClient
  readonly catalogue: Catalogue
  now(): number
  /** `GET /api/v1/namespaces/sapoche/pods?…`, in the order of asking. */
  readonly requests: readonly Asked[]
}

/** API groups that every cluster has, whether it has objects of them or not. */
const GROUPS = ['', 'apps', 'batch', 'autoscaling', 'discovery.k8s.io', 'policy']

/**
 * A real client and an API server that has these objects, by their plural (`pods`), or by group and plural where the group is not of the
 * common ones (`metrics.k8s.io/pods`). Its clock stands at NOW. Ends with the test.
 */
export async function served(objects: Readonly<Record<string, readonly Json[]>>, options: ServedOptions = {}): Promise<Served> {
  const {forbidden = [], catalogue = builtinCatalogue, handle} = options
  const server = await serve(
    {} as never,
    (asked) => {
      asked.response.setHeader('date', new Date(NOW).toUTCString())
      if (handle?.(asked) === true) return
      const [, group = '', namespace, plural = '', name] =
        /^\/(?:api|apis\/([^/]+))\/[^/]+(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?$/.exec(asked.path) ?? []
      const key = GROUPS.includes(group) ? plural : `${group}/${plural}`
      if (forbidden.includes(plural)) return asked.status(403, {message: denial(plural, group, namespace ?? ''), reason: 'Forbidden'})
      if (!GROUPS.includes(group) && objects[key] === undefined) {
        asked.response.writeHead(404, {'content-type': 'text/plain'}).end('404 page not found\n')
        return
      }
      const items = objects[key] ?? []
      if (name === undefined) return asked.json({kind: 'List', apiVersion: 'v1', metadata: {resourceVersion: '7'}, items})
      const found = items.find((item) => (item['metadata'] as {name?: unknown} | undefined)?.name === name)
      if (found !== undefined) return asked.json(found)
      asked.status(404, {message: `${plural} "${name}" not found`, reason: 'NotFound', details: {name, kind: plural}})
    },
    {protocol: 'plain'},
  )
  const cluster = await connect({kubeconfig: writeKubeconfig({server: server.url}), now: () => NOW})
  return {cluster, catalogue, now: () => cluster.serverClock()?.now ?? NOW, requests: server.asked}
}

function denial(plural: string, group: string, namespace: string): string {
  return `${plural} is forbidden: User "bob" cannot list resource "${plural}" in API group "${group}" in the namespace "${namespace}"`
}

/** Never aborts. */
export const PATIENT = new AbortController().signal

/** The replica set of a deployment's present template, raw. */
export function rawReplicaSet(
  deployment: string,
  {name = `${deployment}-new`, revision = 12, ...more}: {name?: string; revision?: number} & Json = {},
): Json {
  return {
    metadata: {
      name,
      uid: `${name}-uid`,
      creationTimestamp: new Date(NOW - 86_400_000).toISOString(),
      annotations: {'deployment.kubernetes.io/revision': String(revision)},
      ownerReferences: [{kind: 'Deployment', name: deployment, uid: `${deployment}-uid`, controller: true}],
      ...(more['metadata'] as Json | undefined),
    },
    spec: {replicas: 1, template: {spec: {containers: []}}, ...(more['spec'] as Json | undefined)},
    status: {},
  }
}
