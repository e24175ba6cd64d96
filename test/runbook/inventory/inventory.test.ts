import {describe, expect, test} from 'vitest'
import {ConfigurationError, RefusedError, UsageError} from '../../../src/lib/errors/index.ts'
import {readInventory} from '../../../src/lib/runbook/inventory/index.ts'
import {rawDeployment, rawPod} from '../../workload/build.ts'
import {PATIENT, rawReplicaSet, served, type ServedOptions} from '../served.ts'

const CLUSTER = {
  deployments: [rawDeployment({name: 'consumer-ecg'}), rawDeployment({name: 'worker-booking'}), rawDeployment({name: 'extra'})],
  replicasets: [rawReplicaSet('consumer-ecg'), rawReplicaSet('worker-booking'), rawReplicaSet('extra')],
  pods: [
    rawPod({name: 'ecg-a', replicaSet: 'consumer-ecg-new'}),
    rawPod({name: 'ecg-b', replicaSet: 'consumer-ecg-new'}),
    rawPod({name: 'booking-a', replicaSet: 'worker-booking-new'}),
    rawPod({name: 'extra-a', replicaSet: 'extra-new'}),
    rawPod({name: 'lonely', owner: null}),
  ],
}

async function read(targets: readonly string[], {except = [], ...options}: ServedOptions & {except?: readonly string[]} = {}) {
  const sources = await served(CLUSTER, options)
  return {sources, inventory: await readInventory({targets, except}, sources, PATIENT)}
}

const podsOf = ({groups}: Awaited<ReturnType<typeof read>>['inventory']) =>
  groups.filter(({pods}) => pods.length > 0).map(({name, pods}) => [name, pods.map((pod) => pod.name)])

describe('what targets name', () => {
  test('nothing named is everything: the catalogue in its order, then the others, then pods of nobody', async () => {
    const {inventory} = await read([])
    expect(inventory.groups).toHaveLength(39)
    expect(podsOf(inventory)).toEqual([
      ['consumer-ecg', ['ecg-a', 'ecg-b']],
      ['worker-booking', ['booking-a']],
      ['extra', ['extra-a']],
    ])
    expect(inventory.strays.map(({name}) => name)).toEqual(['lonely'])
    expect(inventory.narrowed).toBe(false)
    expect(inventory.groups.find(({name}) => name === 'consumer-dicom')).toMatchObject({deployment: null, pods: []})
  })

  test.each<[string, string[], string[], unknown, string[]]>([
    ['a category', ['consumers'], [], [['consumer-ecg', ['ecg-a', 'ecg-b']]], []],
    ['one pod is that pod alone', ['ecg-b'], [], [['consumer-ecg', ['ecg-b']]], []],
    ['a pod beside its workload adds nothing', ['ecg-b', 'consumer-ecg'], [], [['consumer-ecg', ['ecg-a', 'ecg-b']]], []],
    ['a pod of nobody', ['lonely'], [], [], ['lonely']],
    ['without one pod', ['consumer-ecg'], ['ecg-a'], [['consumer-ecg', ['ecg-b']]], []],
    ['without a workload', ['consumer-ecg', 'extra'], ['consumer-ecg'], [['extra', ['extra-a']]], []],
  ])('%s', async (_, targets, except, groups, strays) => {
    const {inventory} = await read(targets, {except})
    expect(podsOf(inventory)).toEqual(groups)
    expect(inventory.strays.map(({name}) => name)).toEqual(strays)
    expect(inventory.narrowed).toBe(true)
  })

  test('a pod knows its workload, by its owner', async () => {
    const {inventory} = await read([])
    expect(inventory.pods.map((pod) => inventory.workloadOf(pod))).toEqual([
      'consumer-ecg',
      'consumer-ecg',
      'worker-booking',
      'extra',
      null,
    ])
  })

  test('a name that matches nothing is 64, with the nearest', async () => {
    const rejected = read(['consumer-egc'])
    await expect(rejected).rejects.toBeInstanceOf(UsageError)
    await expect(rejected).rejects.toMatchObject({suggestions: expect.arrayContaining(['consumer-ecg'])})
  })
})

describe('what may not be read', () => {
  test('three lists, and no more, where all is well', async () => {
    const {sources} = await read([])
    expect(sources.requests.map(({path}) => path.split('/').at(-1) ?? '').toSorted((a, b) => a.localeCompare(b))).toEqual([
      'deployments',
      'pods',
      'replicasets',
    ])
  })

  test.each(['pods', 'deployments'])('%s: 77', async (plural) => {
    await expect(read([], {forbidden: [plural]})).rejects.toBeInstanceOf(RefusedError)
  })

  test('replica sets: a warning, and the pods are told by the names of theirs', async () => {
    const {inventory} = await read([], {forbidden: ['replicasets']})
    expect(inventory.replicaSets).toBe('unreadable')
    expect(podsOf(inventory)).toHaveLength(3)
    expect(inventory.warnings).toEqual([{code: 'refused', message: expect.stringContaining('resources: [replicasets]')}])
  })

  test('a namespace that there is not: 78', async () => {
    const sources = await served({})
    await expect(readInventory({targets: []}, sources, PATIENT)).rejects.toBeInstanceOf(ConfigurationError)
  })
})
