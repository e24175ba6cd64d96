import type {Api} from './api.ts'
import {waitUntil} from './processes.ts'

const NAME = 'scaledobjects.keda.sh'
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

/** Makes the API server know KEDA's ScaledObjects, of which nobody takes care. Resolves when they are served; takes them away again. */
export async function serveScaledObjects(api: Api): Promise<() => Promise<void>> {
  await api.create(DEFINITIONS, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {name: NAME},
    spec: {
      group: 'keda.sh',
      scope: 'Namespaced',
      names: {plural: 'scaledobjects', singular: 'scaledobject', kind: 'ScaledObject', listKind: 'ScaledObjectList'},
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          schema: {openAPIV3Schema: {type: 'object', 'x-kubernetes-preserve-unknown-fields': true}},
        },
      ],
    },
  })
  const all = '/apis/keda.sh/v1alpha1/scaledobjects'
  await waitUntil('ScaledObjects are served', async () => (await api.request('GET', all)).status === 200)
  return async () => void (await api.request('DELETE', `${DEFINITIONS}/${NAME}`))
}
