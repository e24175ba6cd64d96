import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {UsageError} from '../../../src/lib/errors/index.ts'
import type {Chosen} from '../../../src/lib/runbook/operation/index.ts'
import {NO_SCALE_RECORD, scaleRecordOf} from '../../../src/lib/runbook/operation/scale-record.ts'
import {planScale, wishOf, type PlanOptions} from '../../../src/lib/runbook/scale/plan.ts'
import {scaleWarnings, type Scalers} from '../../../src/lib/runbook/scale/warnings.ts'
import {decodeAutoscaler, decodeScaledObject, SCALE_ANNOTATIONS} from '../../../src/lib/workload/index.ts'
import {ago, deployment, NOW, type DeploymentFacts} from '../operation/objects.ts'

function choose(name: string, facts: DeploymentFacts = {}): Chosen {
  const listed = builtinCatalogue.workloads.find((workload) => workload.name === name) ?? null
  return {
    workload: {name, category: listed?.category ?? null, listed, hits: [{target: name, by: 'name'}]},
    deployment: deployment({name, ...facts}),
  }
}

const to = (count: number): PlanOptions => ({wish: {to: 'count', count}, force: false})
const record = {[SCALE_ANNOTATIONS.previous]: '1', [SCALE_ANNOTATIONS.to]: '3', [SCALE_ANNOTATIONS.by]: 'ops'}

describe('what a count becomes', () => {
  test.each<[string, Chosen, PlanOptions, object]>([
    ['another', choose('worker-sapoche-pdf'), to(3), {from: 1, to: 3, isRevert: false}],
    ['zero', choose('worker-sapoche-pdf'), to(0), {from: 1, to: 0}],
    ['the same', choose('worker-sapoche-pdf', {replicas: 3}), to(3), {outcome: 'unchanged', reason: 'already at 3'}],
    ['guarded, as expected', choose('worker-sapoche-pdf'), {...to(3), currentReplicas: 1}, {to: 3}],
    [
      'guarded, not as expected',
      choose('worker-sapoche-pdf', {replicas: 2}),
      {...to(3), currentReplicas: 1},
      {outcome: 'refused', reason: 'it has 2 where --current-replicas expects 1'},
    ],
    [
      'above maxReplicas',
      choose('redis-master-st-sp'),
      to(2),
      {
        outcome: 'refused',
        reason: expect.stringMatching(/^no more than 1: a second Redis master would be empty.*--force does it all the same$/),
      },
    ],
    ['above maxReplicas, forced', choose('redis-master-st-sp'), {...to(2), force: true}, {to: 2}],
    ['the baseline', choose('st-bnkd-php', {replicas: 5}), {wish: {to: 'baseline'}, force: false}, {from: 5, to: 3}],
    [
      'the baseline of none',
      choose('extra'),
      {wish: {to: 'baseline'}, force: false},
      {outcome: 'refused', reason: 'the catalogue holds no count for it'},
    ],
    [
      'back',
      choose('worker-sapoche-pdf', {replicas: 3, annotations: record}),
      {wish: {to: 'previous'}, force: false},
      {from: 3, to: 1, isRevert: true},
    ],
    [
      'back, where somebody has changed it since',
      choose('worker-sapoche-pdf', {replicas: 4, annotations: record}),
      {wish: {to: 'previous'}, force: false},
      {outcome: 'unchanged', reason: 'it has 4, no longer the 3 that ops set; nothing to go back to'},
    ],
    [
      'back, without a record',
      choose('worker-sapoche-pdf'),
      {wish: {to: 'previous'}, force: false},
      {outcome: 'unchanged', reason: 'no scaling of it is recorded; nothing to go back to'},
    ],
  ])('%s', (_what, chosen, options, plan) => {
    expect(planScale(chosen, options)).toMatchObject(plan)
  })
})

describe('what the options ask for', () => {
  const none = {'to-baseline': false, revert: false, detach: false}
  test.each([
    [
      {...none, replicas: 0},
      {to: 'count', count: 0},
    ],
    [{...none, 'to-baseline': true, for: 60_000, detach: true}, {to: 'baseline'}],
    [{...none, revert: true}, {to: 'previous'}],
  ])('%o', (flags, wish) => {
    expect(wishOf(flags)).toEqual(wish)
  })

  test.each([
    [none, 'scale takes one of'],
    [{...none, replicas: 1, revert: true}, 'scale takes one of'],
    [{...none, revert: true, for: 1}, '--revert goes back for good'],
    [{...none, replicas: 1, for: 0}, '--for takes a length of time'],
    [{...none, replicas: 1, detach: true}, '--detach needs --for'],
  ])('%o is refused', (flags, message) => {
    expect(() => wishOf(flags)).toThrow(UsageError)
    expect(() => wishOf(flags)).toThrow(message)
  })
})

test('the record of a scaling, and its removal', () => {
  const patch = scaleRecordOf({from: 1, to: 3, at: '2026-11-22T03:12:07.000Z', until: null, by: 'ops', reason: 'backlog'})
  expect(patch).toEqual({
    'sapoche.dev/previous-replicas': '1',
    'sapoche.dev/scaled-to': '3',
    'sapoche.dev/scaled-at': '2026-11-22T03:12:07.000Z',
    'sapoche.dev/scaled-until': null,
    'sapoche.dev/scaled-by': 'ops',
    'sapoche.dev/scale-reason': 'backlog',
  })
  expect(Object.keys(NO_SCALE_RECORD).sort()).toEqual(Object.keys(patch).sort())
  expect(Object.values(NO_SCALE_RECORD)).toEqual(Array.from({length: 6}, () => null))
})

describe('what is said before', () => {
  const hpa = (min: number): Scalers['autoscaler'] =>
    decodeAutoscaler({metadata: {name: 'hpa'}, spec: {minReplicas: min, maxReplicas: 10, scaleTargetRef: {kind: 'Deployment', name: 'x'}}})
  const keda = (annotations = {}): Scalers['scaledObject'] =>
    decodeScaledObject({metadata: {name: 'so', annotations}, spec: {minReplicaCount: 1, maxReplicaCount: 9, scaleTargetRef: {name: 'x'}}})
  const status = (seconds: number): object => ({
    manager: 'kube-controller-manager',
    subresource: 'status',
    operation: 'Update',
    time: ago(seconds),
  })

  test.each<[string, Chosen, number, Partial<Scalers>, [string, RegExp][]]>([
    ['nothing', choose('worker-sapoche-pdf'), 3, {}, []],
    [
      'an HPA',
      choose('st-bnkd-php', {replicas: 3}),
      5,
      {autoscaler: hpa(3)},
      [['autoscaler', /HPA hpa \(3\.\.10\): it will set its own count again/]],
    ],
    [
      'an HPA, at zero',
      choose('worker-sapoche-pdf'),
      0,
      {autoscaler: hpa(1)},
      [
        ['stops', /worker-sapoche-pdf stops: PDF generation \(general\)/],
        ['autoscaler', /stops working while the count is 0/],
      ],
    ],
    [
      'KEDA before its HPA',
      choose('worker-sapoche-pdf'),
      5,
      {autoscaler: hpa(1), scaledObject: keda()},
      [['autoscaler', /ScaledObject so \(1\.\.9\).*paused-replicas/]],
    ],
    [
      'paused KEDA',
      choose('worker-sapoche-pdf'),
      5,
      {scaledObject: keda({'autoscaling.keda.sh/paused': 'true'})},
      [['autoscaler', /is paused: the count stays/]],
    ],
    [
      'Helm',
      choose('worker-sapoche-pdf', {labels: {'app.kubernetes.io/managed-by': 'Helm'}}),
      3,
      {},
      [['managed', /managed by Helm, which may put its own count back/]],
    ],
    [
      'zero behind a service',
      choose('redis-master-st-sp'),
      0,
      {},
      [['stops', /every worker's queue.*nothing answers behind service st-redis-sp/]],
    ],
    [
      'a consumer that was idle for long',
      choose('consumer-ecg', {replicas: 0, managers: [status(30 * 86_400)]}),
      1,
      {},
      [['offsets', /for at least 30 d: its committed offsets may be gone/]],
    ],
    [
      'a consumer that was idle for nobody knows how long',
      choose('consumer-ecg', {replicas: 0}),
      1,
      {},
      [['offsets', /nobody knows for how long/]],
    ],
    ['a consumer that was idle for an hour', choose('consumer-ecg', {replicas: 0, managers: [status(3600)]}), 1, {}, []],
    ['a worker that was idle for long', choose('worker-sapoche-pdf', {replicas: 0}), 1, {}, []],
  ])('%s', (_what, chosen, count, scalers, said) => {
    const plan = planScale(chosen, {...to(count), force: true})
    if ('outcome' in plan) throw new Error(plan.reason)
    const warnings = scaleWarnings(plan, {autoscaler: null, scaledObject: null, ...scalers}, builtinCatalogue, NOW)
    expect(warnings.map(({code}) => code)).toEqual(said.map(([code]) => code))
    for (const [index, [, pattern]] of said.entries()) expect(warnings[index]?.message).toMatch(pattern)
  })
})
