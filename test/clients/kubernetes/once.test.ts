import {describe, expect, test} from 'vitest'
import {readOnce} from '../../../src/lib/clients/kubernetes/once.ts'
import type {JsonObject} from '../../../src/lib/clients/kubernetes/types.ts'
import {RefusedError} from '../../../src/lib/errors/index.ts'
import {RESOURCES} from '../../../src/lib/runbook/cluster/index.ts'
import {served} from '../../runbook/served.ts'

const named = (object: JsonObject): string => (object['metadata'] as {name: string}).name
const OBJECTS = {pods: [{metadata: {name: 'a'}}, {metadata: {name: 'b'}}], configmaps: [{metadata: {name: 'settings'}, data: {x: '1'}}]}

describe('a cluster that is read once', () => {
  test('a list is asked for once, and decoded for each; at the same time and later', async () => {
    const {cluster, requests} = await served(OBJECTS)
    const once = readOnce(cluster)
    const [names, whole] = await Promise.all([
      once.list(RESOURCES.pods, named),
      once.list(RESOURCES.pods, (object) => object, {signal: new AbortController().signal}),
    ])
    expect(names).toEqual({items: ['a', 'b'], resourceVersion: '7'})
    expect(whole.items).toEqual(OBJECTS.pods)
    expect((await once.list(RESOURCES.pods, named)).items).toEqual(['a', 'b'])
    expect(requests).toHaveLength(1)
  })

  test('another selection, resource, namespace or name is another question', async () => {
    const {cluster, requests} = await served(OBJECTS)
    const once = readOnce(cluster)
    await once.list(RESOURCES.pods, named)
    await once.list(RESOURCES.pods, named, {labelSelector: 'app=x'})
    await once.list(RESOURCES.services, named)
    await once.within('kafka').list(RESOURCES.pods, named)
    expect(await once.get(RESOURCES.configMaps, 'settings', named)).toBe('settings')
    expect(await once.get(RESOURCES.configMaps, 'settings', named)).toBe('settings')
    expect(await once.get(RESOURCES.configMaps, 'gone', named)).toBe(null)
    expect(await once.get(RESOURCES.configMaps, 'gone', named)).toBe(null)
    expect(requests.map(({path}) => path)).toEqual([
      '/api/v1/namespaces/sapoche/pods',
      '/api/v1/namespaces/sapoche/pods',
      '/api/v1/namespaces/sapoche/services',
      '/api/v1/namespaces/kafka/pods',
      '/api/v1/namespaces/sapoche/configmaps/settings',
      '/api/v1/namespaces/sapoche/configmaps/gone',
    ])
  })

  test('an error is the same for all; what is no reading is that of the cluster', async () => {
    const {cluster, requests} = await served(OBJECTS, {forbidden: ['pods']})
    const once = readOnce(cluster)
    const errors = await Promise.all([0, 1].map(() => once.list(RESOURCES.pods, named).catch((error: unknown) => error)))
    expect(errors[0]).toBeInstanceOf(RefusedError)
    expect(errors[1]).toBe(errors[0])
    expect(requests).toHaveLength(1)
    expect([once.namespace, once.server, once.context]).toEqual([cluster.namespace, cluster.server, cluster.context])
    expect(once.serverClock()).toEqual(cluster.serverClock())
  })
})
