import {describe, expect, test} from 'vitest'
import type {Pod} from '../../src/lib/sandbox/types.ts'
import {Simulation} from './simulation.ts'

const CORE = '/api/v1/namespaces/sapoche'
const BUDGETS = '/apis/policy/v1/namespaces/sapoche/poddisruptionbudgets'

const evict = (world: Simulation, pod: Pod, more: object = {}): unknown =>
  world.call('POST', `${CORE}/pods/${pod.metadata.name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: {name: pod.metadata.name, namespace: 'sapoche'},
    ...more,
  })

function protect(world: Simulation, spec: object): void {
  const selector = {matchLabels: {app: 'web'}}
  world.call('POST', BUDGETS, {apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: {name: 'web'}, spec: {selector, ...spec}})
}

describe('evicting a pod', () => {
  test('without a budget it goes, and another takes its place', () => {
    const world = new Simulation()
    world.deploy('web', {replicas: 2})
    const [pod] = world.pods('web')
    expect(evict(world, pod!)).toMatchObject({status: 'Success', code: 201})
    world.advance(2)
    const names = world.pods('web').map(({metadata}) => metadata.name)
    expect(names).toHaveLength(2)
    expect(names).not.toContain(pod!.metadata.name)
  })

  test.each([
    ['minAvailable', {minAvailable: 2}, 'needs 2 healthy pods and has 2'],
    ['minAvailable in percent', {minAvailable: '51%'}, 'needs 2 healthy pods and has 2'],
    ['maxUnavailable', {maxUnavailable: 0}, 'needs 2 healthy pods and has 2'],
  ])('%s forbids it', (_what, spec, words) => {
    const world = new Simulation()
    world.deploy('web', {replicas: 2})
    protect(world, spec)
    const [pod] = world.pods('web')
    expect(() => evict(world, pod!)).toThrow(
      expect.objectContaining({
        status: expect.objectContaining({
          code: 429,
          reason: 'TooManyRequests',
          details: expect.objectContaining({causes: [{reason: 'DisruptionBudget', message: expect.stringContaining(words)}]}),
        }),
      }),
    )
    expect(world.pods('web')).toHaveLength(2)
  })

  test('a budget with room allows it; a dry run changes nothing; a wrong UID is a conflict', () => {
    const world = new Simulation()
    world.deploy('web', {replicas: 2})
    protect(world, {maxUnavailable: 1})
    const [pod] = world.pods('web')
    world.call('POST', `${CORE}/pods/${pod!.metadata.name}/eviction?dryRun=All`, {kind: 'Eviction', metadata: {name: pod!.metadata.name}})
    expect(world.pods('web').map(({metadata}) => metadata.deletionTimestamp)).toEqual([undefined, undefined])
    expect(() => evict(world, pod!, {deleteOptions: {preconditions: {uid: 'another'}}})).toThrow(
      expect.objectContaining({status: expect.objectContaining({code: 409})}),
    )
    expect(evict(world, pod!, {deleteOptions: {preconditions: {uid: pod!.metadata.uid}}})).toMatchObject({code: 201})
  })
})
