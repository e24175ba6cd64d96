import * as fc from 'fast-check'
import {expect, test} from 'vitest'
import {SEVERITIES} from '../../src/lib/workload/health.ts'
import {HEALTHS, judgeWorkload, worst, type Judgement, type Pod, type WorkloadFacts} from '../../src/lib/workload/index.ts'
import {
  ago,
  condition,
  crashing,
  deployment,
  ended,
  event,
  HOUR,
  hpa,
  MINUTE,
  node,
  nodes,
  NOW,
  oldReplicaSet,
  pod,
  replicaSet,
  rolling,
  scaledObject,
  SECOND,
  unavailable,
  unready,
  unscheduled,
  waiting,
} from './build.ts'

type Json = Record<string, unknown>

/** Every kind of pod that the rules tell apart. */
const PODS: readonly Pod[] = [
  pod({name: 'ready'}),
  pod({name: 'old-ready', replicaSet: 'worker-old'}),
  pod({name: 'on-lost-node', node: 'node-b'}),
  pod({name: 'starting', age: MINUTE, containers: [{...unready(), state: waiting('ContainerCreating')}]}),
  pod({name: 'unready', containers: [unready(HOUR)], readySince: HOUR}),
  pod({name: 'crashing', containers: [crashing()]}),
  pod({name: 'crashed-once', containers: [crashing(0)]}),
  pod({name: 'old-crashing', replicaSet: 'worker-old', containers: [crashing()]}),
  pod({name: 'pulling', containers: [{ready: false, state: waiting('ImagePullBackOff')}]}),
  pod({name: 'restarted', containers: [{restarts: 1, last: ended(137, MINUTE, 'OOMKilled')}]}),
  pod({name: 'flapping', readySince: MINUTE, containers: [unready(HOUR)]}),
  pod({name: 'leaving', deleted: 10 * SECOND}),
  pod({name: 'stuck', deleted: HOUR}),
  pod({name: 'evicted', phase: 'Failed', reason: 'Evicted'}),
  pod({name: 'finished', phase: 'Succeeded'}),
  pod({name: 'gated', ready: false, gates: ['example.com/gate']}),
  unscheduled(MINUTE, {name: 'unscheduled'}),
  unscheduled(HOUR, {name: 'unschedulable'}),
]

const READY: readonly Pod[] = ['ready-1', 'ready-2', 'ready-3'].map((name) => pod({name}))

/** A value that is nearly always the first, so that combinations of a few faults are met, and that of none. */
function mostly<T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    {weight: 4 * others.length, arbitrary: fc.constant(usual)},
    {weight: others.length, arbitrary: fc.constantFrom(...others)},
  )
}

const count = mostly(1, 0, 2, 3)

const deployments = fc
  .record({
    replicas: count,
    generation: mostly(3, 4),
    observed: mostly<number | null>(3, null),
    paused: mostly(false, true),
    strategy: fc.constantFrom('RollingUpdate', 'Recreate'),
    minReadySeconds: fc.constantFrom(0, 30),
    deadlineSeconds: fc.constantFrom(undefined, 60, 2_147_483_647),
    status: fc.oneof(
      {weight: 3, arbitrary: fc.constant({})},
      fc.record({replicas: count, updatedReplicas: count, availableReplicas: count}),
    ),
    available: mostly<Json | undefined>(undefined, unavailable(MINUTE), unavailable(HOUR)),
    progressing: mostly<Json | undefined>(
      undefined,
      rolling(30 * SECOND),
      rolling(HOUR),
      rolling(HOUR, 'ProgressDeadlineExceeded', 'False'),
      rolling(HOUR, 'DeploymentPaused', 'Unknown'),
    ),
    failure: mostly<Json | undefined>(undefined, condition('ReplicaFailure', 'True', {reason: 'FailedCreate', message: 'quota'})),
    written: fc.constantFrom(10 * SECOND, HOUR),
    scaledTo: count,
    until: fc.constantFrom(null, -HOUR, HOUR),
  })
  .map(({available, progressing, failure, written, scaledTo, until, deadlineSeconds, ...rest}) =>
    deployment({
      ...rest,
      ...(deadlineSeconds === undefined ? {} : {deadlineSeconds}),
      conditions: [available, progressing, failure].filter((each) => each !== undefined),
      managers: [
        {manager: 'kubectl', time: ago(written)},
        {manager: 'kube-controller-manager', subresource: 'status', time: ago(2 * HOUR)},
      ],
      annotations: {
        'sapoche.dev/scaled-to': String(scaledTo),
        ...(until === null ? {} : {'sapoche.dev/scaled-until': ago(until)}),
      },
    }),
  )

const unreadable = 'unreadable' as const

const facts: fc.Arbitrary<WorkloadFacts> = fc.record({
  expectation: fc.option(
    fc.record({baseline: count, startupGrace: fc.constantFrom(30, 180), inactive: fc.constantFrom(null, {reason: 'on hold'})}),
  ),
  strict: fc.boolean(),
  deployment: fc.oneof({weight: 20, arbitrary: deployments}, {weight: 1, arbitrary: fc.constantFrom(null, unreadable)}),
  foundAs: fc.constantFrom(null, 'StatefulSet'),
  replicaSets: fc.constantFrom([replicaSet(), oldReplicaSet()], [], unreadable),
  pods: fc.oneof(
    {weight: 9, arbitrary: fc.subarray([...READY])},
    {weight: 9, arbitrary: fc.subarray([...PODS, ...READY], {maxLength: 4})},
    {weight: 1, arbitrary: fc.constant(unreadable)},
  ),
  nodes: fc.constantFrom(nodes(node('node-a'), node('node-b', 'False', HOUR)), unreadable),
  autoscaler: mostly<WorkloadFacts['autoscaler']>(
    null,
    hpa(1, 3, [condition('ScalingActive', 'True')]),
    hpa(1, 2, [condition('ScalingActive', 'False')]),
    hpa(0, 1, [], {name: 'keda-hpa-worker'}),
    unreadable,
  ),
  scaledObject: mostly<WorkloadFacts['scaledObject']>(
    null,
    scaledObject([condition('Ready', 'True'), condition('Active', 'False')]),
    scaledObject([condition('Ready', 'False')]),
    scaledObject([condition('Ready', 'True'), condition('Paused', 'True')], {spec: {maxReplicaCount: 1}}),
    unreadable,
  ),
  events: fc.constantFrom(new Map(), new Map([['worker-uid', [event('worker-uid', 'FailedCreate', 'quota', SECOND)]]])),
})

/** What each health says of the facts, whatever came before it in the table. */
function claims(judged: Judgement, {deployment: object, pods, expectation}: WorkloadFacts): boolean {
  const read = object !== null && object !== 'unreadable' && pods !== 'unreadable' ? object : null
  const doomed = judged.pods.some((each) => each.doomed)
  const {ready, desired} = judged
  switch (judged.health) {
    case 'unknown':
      return true
    case 'missing':
      return object === null
    case 'inactive':
    case 'stopped':
      return read?.replicas === 0
    case 'down':
      return ready === 0 && (desired ?? 0) > 0
    case 'degraded':
      return (desired ?? 0) > 0 && (ready !== 0 || !doomed)
    case 'progressing':
      return (desired ?? 0) > 0 && !doomed
    case 'drifted':
    case 'ok': {
      if (read === null || ready === null || read.replicas === 0) return false
      const {status, replicas, generation, observedGeneration, paused} = read
      const settled = status.updated === replicas && status.replicas === replicas && status.available === replicas
      const expected = judged.health === 'ok' || (expectation !== null && expectation.baseline !== replicas)
      return settled && !paused && observedGeneration === generation && ready >= replicas && expected
    }
  }
}

test('exactly one health over all combinations, consistent with its table, without a throw', () => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(facts, (each) => {
      const judged = judgeWorkload(each, NOW)
      seen.add(judged.health)
      expect(HEALTHS).toContain(judged.health)
      expect(claims(judged, each), judged.health).toBe(true)
      expect(judged.reason === '').toBe(judged.health === 'ok')
      const trouble = judged.autoscaler?.trouble ?? ''
      const table = worst([SEVERITIES[judged.health], trouble === '' ? 'ok' : /not Ready|Fallback/.test(trouble) ? 'critical' : 'warning'])
      const capped = each.expectation === null && !each.strict && (table === 'critical' || table === 'unknown')
      expect(judged.severity).toBe(capped ? 'warning' : table)
      expect(judgeWorkload(each, NOW)).toEqual(judged)
    }),
    {numRuns: 3000, seed: 42},
  )
  expect([...seen].sort()).toEqual([...HEALTHS].sort())
})

test('time alone never makes a workload that is well worse', () => {
  const well = facts.filter((each) => judgeWorkload(each, NOW).health === 'ok' && judgeWorkload(each, NOW).temporary === null)
  fc.assert(
    fc.property(well, fc.integer({min: 0, max: 365 * 24 * HOUR}), (each, later) => {
      expect(judgeWorkload(each, NOW + later).health).toMatch(/^(ok|degraded)$/)
    }),
    {numRuns: 50, seed: 7},
  )
})
