import {describe, expect, test} from 'vitest'
import {compareTemplates, lastChange} from '../../src/lib/workload/changes.ts'
import {assignPods} from '../../src/lib/workload/index.ts'
import {currentReplicaSet, isCurrent, previousReplicaSet, standing} from '../../src/lib/workload/ownership.ts'
import {ago, DAY, deployment, HOUR, MINUTE, NOW, oldReplicaSet, pod, replicaSet, rolling, SECOND} from './build.ts'

const names = (pods: readonly {readonly name: string}[] | undefined): string[] => (pods ?? []).map(({name}) => name)

describe('assignPods', () => {
  const a = deployment({name: 'a'})
  const ab = deployment({name: 'a-b'})
  const setOfA = replicaSet({name: 'a-5d', deployment: 'a'})
  const setOfAb = replicaSet({name: 'a-b-7f', deployment: 'a-b'})
  const pods = [
    pod({name: 'p1', replicaSet: 'a-5d'}),
    pod({name: 'p2', replicaSet: 'a-b-7f'}),
    pod({name: 'p3', owner: null}),
    pod({name: 'p4', owner: {kind: 'Job', name: 'migrate', uid: 'job-uid'}}),
    pod({name: 'p5', owner: {kind: 'ReplicaSet', name: 'bare', uid: 'bare-uid'}}),
  ]

  test('by the UID of the owners', () => {
    const owned = assignPods([a, ab], [setOfA, setOfAb], pods)
    expect(names(owned.byDeployment.get('a-uid')?.pods)).toEqual(['p1'])
    expect(names(owned.byDeployment.get('a-uid')?.replicaSets)).toEqual(['a-5d'])
    expect(names(owned.byDeployment.get('a-b-uid')?.pods)).toEqual(['p2'])
    expect(names(owned.ownerless)).toEqual(['p3'])
    expect([...owned.byController].map(([uid, each]) => [uid, names(each)])).toEqual([
      ['job-uid', ['p4']],
      ['bare-uid', ['p5']],
    ])
  })

  test('a name alone does not make an owner', () => {
    const namesake = pod({name: 'p6', owner: {kind: 'ReplicaSet', name: 'a-5d', uid: 'another'}})
    expect(assignPods([a], [setOfA], [namesake]).byDeployment.get('a-uid')?.pods).toEqual([])
  })

  test('by the name of the replica set, where replica sets can not be read', () => {
    const owned = assignPods([a, ab], 'unreadable', pods)
    expect(names(owned.byDeployment.get('a-uid')?.pods)).toEqual(['p1'])
    expect(names(owned.byDeployment.get('a-b-uid')?.pods)).toEqual(['p2'])
    expect(names(owned.byController.get('job-uid'))).toEqual(['p4'])
  })
})

test.each([
  [{}, 'counted'],
  [{phase: 'Pending'}, 'counted'],
  [{phase: 'Succeeded'}, 'succeeded'],
  [{phase: 'Failed', reason: 'Evicted'}, 'leftover'],
  [{phase: 'Failed', deleted: SECOND}, 'leftover'],
  [{deleted: SECOND}, 'terminating'],
] as const)('standing of %o: %s', (options, expected) => {
  expect(standing(pod(options))).toBe(expected)
})

test('the current replica set has the revision of the deployment, the one before it the next lower', () => {
  const sets = [10, 12, 11].map((revision) => replicaSet({name: `r${revision}`, revision}))
  expect(currentReplicaSet(deployment(), sets)?.name).toBe('r12')
  expect(currentReplicaSet(deployment({revision: 11}), sets)?.name).toBe('r11')
  expect(currentReplicaSet(deployment({revision: 99}), sets)?.name).toBe('r12')
  expect(currentReplicaSet(deployment(), [])).toBeNull()
  expect(previousReplicaSet(sets[1]!, sets)?.name).toBe('r11')
  expect(previousReplicaSet(sets[0]!, sets)).toBeNull()
})

test('without replica sets the youngest pod tells which is current', () => {
  const young = pod({age: MINUTE, replicaSet: 'w-2'})
  const old = pod({age: HOUR, replicaSet: 'w-1'})
  const current = isCurrent(deployment(), 'unreadable', [old, young])
  expect([current(young), current(old)]).toEqual([true, false])
})

describe('lastChange', () => {
  const current = replicaSet({age: 12 * MINUTE})

  test('image from the one before', () => {
    expect(lastChange(deployment(), [oldReplicaSet(), current])).toEqual({
      revision: 12,
      at: NOW - 12 * MINUTE,
      images: [{container: 'app', from: 'registry.example/team/worker:1.4', to: 'registry.example/team/worker:1.5'}],
      env: [],
      what: 'image worker:1.4 -> worker:1.5',
      undoable: true,
    })
  })

  test('environment by name, values compared and never told', () => {
    const before = oldReplicaSet({
      image: current.template.containers[0]!.image,
      env: [
        {name: 'KEPT', value: 'same'},
        {name: 'CHANGED', value: 'one'},
        {name: 'REMOVED', value: 'x'},
        {name: 'MOVED', valueFrom: {secretKeyRef: {name: 's', key: 'a'}}},
      ],
    })
    const after = replicaSet({
      env: [
        {name: 'KEPT', value: 'same'},
        {name: 'CHANGED', value: 'two'},
        {name: 'ADDED', value: 'y'},
        {name: 'MOVED', valueFrom: {secretKeyRef: {name: 's', key: 'b'}}},
      ],
    })
    expect(lastChange(deployment(), [before, after])).toMatchObject({
      env: ['ADDED', 'CHANGED', 'MOVED', 'REMOVED'],
      what: 'environment ADDED, CHANGED, MOVED, REMOVED',
    })
  })

  test.each([
    ['restarted', {restartedAt: ago(MINUTE)}, false],
    ['another part of the pod template', {}, true],
  ])('%s', (what, more, undoable) => {
    expect(lastChange(deployment(), [oldReplicaSet({image: 'same'}), replicaSet({image: 'same', ...more})])).toMatchObject({what, undoable})
  })

  test('the first rollout', () => {
    expect(lastChange(deployment(), [current])).toMatchObject({revision: 12, what: 'first rollout', images: [], undoable: false})
    expect(lastChange(deployment(), [])).toBeNull()
  })

  test('a rollback: the age of the replica set it took up says nothing', () => {
    const sets = [oldReplicaSet(), replicaSet({reused: true, age: 30 * DAY})]
    expect(lastChange(deployment({conditions: [rolling(HOUR, 'NewReplicaSetAvailable')]}), sets)).toMatchObject({at: NOW - HOUR})
    expect(lastChange(deployment({status: {conditions: []}}), sets)).toMatchObject({at: null})
  })

  test('containers that come and go', () => {
    const {template} = current
    const none = {...template, containers: []}
    expect(compareTemplates(none, template).images).toEqual([{container: 'app', from: null, to: 'registry.example/team/worker:1.5'}])
    expect(compareTemplates(template, none).images).toEqual([{container: 'app', from: 'registry.example/team/worker:1.5', to: null}])
  })
})
