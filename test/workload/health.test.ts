import {describe, expect, test} from 'vitest'
import {decodeAutoscaler, judgeWorkload, type Health, type Severity, type WorkloadFacts} from '../../src/lib/workload/index.ts'
import {
  ago,
  condition,
  crashing,
  DAY,
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
  running,
  scaledObject,
  SECOND,
  unavailable,
  unready,
  unscheduled,
  waiting,
  workload,
} from './build.ts'

/** what it is about, the facts, its health, its severity, and what its reason says */
type Row = [about: string, facts: WorkloadFacts, health: Health, severity: Severity, reason: string | RegExp]

function table(rows: readonly Row[]): void {
  test.each(rows)('%s', (_about, facts, health, severity, reason) => {
    const judged = judgeWorkload(facts, NOW)
    expect({health: judged.health, severity: judged.severity, reason: judged.reason}).toMatchObject({health, severity})
    if (typeof reason === 'string') expect(judged.reason).toBe(reason)
    else expect(judged.reason).toMatch(reason)
  })
}

const none = {baseline: 0, startupGrace: 180, inactive: null}
const one = {baseline: 1, startupGrace: 180, inactive: null}
const zero = deployment({replicas: 0})
/** One replica of which none is ready since so long. */
const away = (since: number, more: Parameters<typeof deployment>[0] = {}): ReturnType<typeof deployment> =>
  deployment({status: {readyReplicas: 0, availableReplicas: 0}, conditions: [unavailable(since)], ...more})
/** Three replicas of which two are available since so long. */
const short = (since: number, more: Parameters<typeof deployment>[0] = {}): ReturnType<typeof deployment> =>
  deployment({replicas: 3, status: {availableReplicas: 2}, conditions: [unavailable(since)], ...more})
/** A rollout with an old pod that serves beside a new one that does not. */
const rollout = (since: number, reason?: string, status?: string): ReturnType<typeof deployment> =>
  deployment({status: {replicas: 2, updatedReplicas: 1, availableReplicas: 1}, conditions: [rolling(since, reason, status)]})
const oldPod = (): ReturnType<typeof pod> => pod({name: 'old', replicaSet: 'worker-old'})

const scaled = (to: number, more: Record<string, string> = {}): Record<string, string> => ({
  'sapoche.dev/previous-replicas': '1',
  'sapoche.dev/scaled-to': String(to),
  'sapoche.dev/scaled-at': ago(2 * HOUR),
  'sapoche.dev/scaled-by': 'ops',
  ...more,
})
const temporary = (to: number, until: number): Record<string, string> =>
  scaled(to, {'sapoche.dev/scaled-until': ago(until), 'sapoche.dev/scale-reason': 'migration'})
const inMyRange = [condition('ScalingActive', 'True')]
const idle = [condition('Ready', 'True'), condition('Active', 'False')]
const kedaLabel = {labels: {'scaledobject.keda.sh/name': 'worker-keda'}}

describe('unknown', () => {
  const written = (since: number): Record<string, unknown>[] => [
    {manager: 'kubectl', operation: 'Update', time: ago(since)},
    {manager: 'kube-controller-manager', subresource: 'status', time: ago(HOUR)},
  ]
  table([
    ['deployments unreadable', workload({deployment: 'unreadable'}), 'unknown', 'unknown', "deployments can't be read"],
    ['pods unreadable', workload({pods: 'unreadable'}), 'unknown', 'unknown', "pods can't be read"],
    [
      'generation unobserved for over 60 s',
      workload({deployment: deployment({generation: 4, observed: 3, managers: written(61 * SECOND)})}),
      'unknown',
      'unknown',
      'the deployment controller has not taken up its spec for 1 min',
    ],
    [
      'generation unobserved for 60 s: still progressing',
      workload({deployment: deployment({generation: 4, observed: 3, managers: written(60 * SECOND)})}),
      'progressing',
      'warning',
      /has yet to take up/,
    ],
    [
      'never observed since its creation',
      workload({deployment: deployment({observed: null, age: 2 * MINUTE, conditions: [condition('none', '')]}), pods: []}),
      'unknown',
      'unknown',
      /for 2 min/,
    ],
    [
      'unobserved by a write that left no time behind: progressing, never well',
      workload({deployment: deployment({generation: 4, observed: 3, managers: [{manager: 'kubectl', subresource: 'scale'}]})}),
      'progressing',
      'warning',
      /has yet to take up/,
    ],
    [
      'unobserved by a write that is later than any time that is known',
      workload({
        deployment: deployment({
          generation: 4,
          observed: 3,
          managers: [
            {manager: 'kubectl', time: ago(2 * HOUR)},
            {manager: 'kube-controller-manager', subresource: 'status', time: ago(HOUR)},
            {manager: 'kubectl', subresource: 'scale'},
          ],
        }),
      }),
      'progressing',
      'warning',
      /has yet to take up/,
    ],
    [
      'the same, where the last write that is known was taken up within its second',
      workload({
        deployment: deployment({
          generation: 4,
          observed: 3,
          managers: [
            {manager: 'kubectl', time: ago(HOUR)},
            {manager: 'kube-controller-manager', subresource: 'status', time: ago(HOUR)},
          ],
        }),
      }),
      'progressing',
      'warning',
      /has yet to take up/,
    ],
    [
      'unobserved and at zero: still unknown, which is tried first',
      workload({deployment: deployment({replicas: 0, generation: 4, observed: 3, managers: written(HOUR / 2)}), expectation: none}),
      'unknown',
      'unknown',
      /30 min/,
    ],
  ])
})

describe('missing', () => {
  table([
    ['not there', workload({deployment: null}), 'missing', 'critical', 'not in the cluster'],
    ['there as another kind', workload({deployment: null, foundAs: 'StatefulSet'}), 'missing', 'critical', /found as StatefulSet/],
  ])
})

describe('inactive and stopped', () => {
  table([
    ['baseline 0', workload({deployment: zero, expectation: none}), 'inactive', 'ok', 'as the catalogue says'],
    [
      'baseline 0, with its reason',
      workload({deployment: zero, expectation: {...none, inactive: {reason: 'on hold'}}}),
      'inactive',
      'ok',
      'as the catalogue says: on hold',
    ],
    [
      'a ScaledObject that is Ready, not Active, minimum 0',
      workload({deployment: zero, expectation: one, scaledObject: scaledObject(idle)}),
      'inactive',
      'ok',
      'ScaledObject worker-keda has nothing to do and scales to 0',
    ],
    [
      'a ScaledObject that idles at 0',
      workload({deployment: zero, expectation: one, scaledObject: scaledObject(idle, {spec: {idleReplicaCount: 0, minReplicaCount: 2}})}),
      'inactive',
      'ok',
      /nothing to do/,
    ],
    [
      'a ScaledObject with minimum 1 explains no zero',
      workload({deployment: zero, expectation: one, scaledObject: scaledObject(idle, {spec: {minReplicaCount: 1}})}),
      'stopped',
      'critical',
      /^0 replicas where the catalogue expects 1/,
    ],
    [
      'a ScaledObject that is Active explains no zero',
      workload({deployment: zero, expectation: one, scaledObject: scaledObject([condition('Ready', 'True'), condition('Active', 'True')])}),
      'stopped',
      'critical',
      /^0 replicas/,
    ],
    [
      'a ScaledObject that is not Ready explains no zero',
      workload({
        deployment: zero,
        expectation: one,
        scaledObject: scaledObject([condition('Ready', 'False'), condition('Active', 'False')]),
      }),
      'stopped',
      'critical',
      /ScaledObject worker-keda is not Ready/,
    ],
    [
      'an HPA with minimum 0',
      workload({deployment: zero, expectation: one, autoscaler: hpa(0, 5, inMyRange)}),
      'inactive',
      'ok',
      'HPA worker-hpa scales to 0',
    ],
    [
      'a recorded temporary zero',
      workload({deployment: deployment({replicas: 0, annotations: temporary(0, -18 * MINUTE)}), expectation: one}),
      'inactive',
      'ok',
      'temporarily at 0 until 2026-11-22 03:30:07Z (in 18 min), was 1, by ops: migration',
    ],
    [
      'a temporary zero that is overdue',
      workload({deployment: deployment({replicas: 0, annotations: temporary(0, 12 * MINUTE)}), expectation: one}),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; the temporary 0 is overdue for 12 min, was 1, by ops: migration',
    ],
    [
      'a temporary zero that somebody has changed since',
      workload({deployment: deployment({replicas: 0, annotations: temporary(2, -HOUR)}), expectation: one}),
      'stopped',
      'critical',
      /by unknown/,
    ],
    [
      'a recorded zero that was meant to stay',
      workload({deployment: deployment({replicas: 0, annotations: scaled(0)}), expectation: one}),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; scaled to 0 2 h ago, by ops',
    ],
    [
      'known from its event',
      workload({
        deployment: zero,
        expectation: one,
        events: new Map([
          [
            'worker-uid',
            [event('worker-uid', 'ScalingReplicaSet', 'Scaled down replica set worker-new from 1 to 0', 9 * MINUTE, 'Normal')],
          ],
        ]),
      }),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; scaled to 0 9 min ago, by unknown',
    ],
    [
      'known from the last status write, which is a bound',
      workload({deployment: zero, expectation: one}),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; at 0 for at least 24 h, by unknown',
    ],
    [
      'not taken up yet: what the controller said before is about another zero, or none',
      workload({
        deployment: deployment({
          replicas: 0,
          generation: 4,
          observed: 3,
          managers: [{manager: 'kube', subresource: 'status', time: ago(HOUR)}],
        }),
        expectation: one,
        events: new Map([
          [
            'worker-uid',
            [event('worker-uid', 'ScalingReplicaSet', 'Scaled down replica set worker-old from 1 to 0', 9 * MINUTE, 'Normal')],
          ],
        ]),
      }),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; scaled to 0, by unknown',
    ],
    [
      'by a manager that the API server names',
      workload({
        deployment: deployment({
          replicas: 0,
          managers: [{manager: 'argocd', operation: 'Update', subresource: 'scale', fieldsV1: {'f:spec': {'f:replicas': {}}}}],
        }),
        expectation: one,
      }),
      'stopped',
      'critical',
      '0 replicas where the catalogue expects 1; at 0, by argocd',
    ],
    [
      'with an HPA that stands still because of it: no fault of its own',
      workload({
        deployment: zero,
        expectation: one,
        autoscaler: hpa(2, 5, [condition('ScalingActive', 'False', {reason: 'ScalingDisabled'})]),
      }),
      'stopped',
      'critical',
      /by unknown; HPA worker-hpa stands still while the count is 0$/,
    ],
    [
      'baseline 0 with a broken ScaledObject: meant, but critical for its workload',
      workload({deployment: zero, expectation: none, scaledObject: scaledObject([condition('Ready', 'False', {reason: 'Broken'})])}),
      'inactive',
      'critical',
      'as the catalogue says; ScaledObject worker-keda is not Ready: Broken',
    ],
    [
      'a pod of it that is still Terminating changes nothing',
      workload({deployment: zero, expectation: none, pods: [pod({deleted: 10 * SECOND})]}),
      'inactive',
      'ok',
      'as the catalogue says',
    ],
  ])
})

describe('stopped or drifted, where the autoscalers that might explain it are unreadable', () => {
  const three = deployment({replicas: 3})
  table([
    [
      'stopped, no HPA readable',
      workload({deployment: zero, expectation: one, autoscaler: 'unreadable'}),
      'unknown',
      'unknown',
      /autoscalers, which might/,
    ],
    [
      'drifted, no HPA readable',
      workload({deployment: three, expectation: one, autoscaler: 'unreadable'}),
      'unknown',
      'unknown',
      /can't be read$/,
    ],
    [
      'neither readable',
      workload({deployment: three, expectation: one, autoscaler: 'unreadable', scaledObject: 'unreadable'}),
      'unknown',
      'unknown',
      /autoscalers/,
    ],
    [
      'no ScaledObject readable and no HPA: no KEDA',
      workload({deployment: zero, expectation: one, scaledObject: 'unreadable'}),
      'stopped',
      'critical',
      /^0/,
    ],
    [
      "no ScaledObject readable, but KEDA's HPA: the zero may be meant",
      workload({deployment: zero, expectation: one, scaledObject: 'unreadable', autoscaler: hpa(1, 5, [], kedaLabel)}),
      'unknown',
      'unknown',
      /ScaledObjects, which might explain it/,
    ],
    [
      "no ScaledObject readable, but KEDA's HPA: its range is KEDA's",
      workload({deployment: three, expectation: one, scaledObject: 'unreadable', autoscaler: hpa(1, 5, inMyRange, kedaLabel)}),
      'ok',
      'ok',
      '',
    ],
    [
      'outside of the range of a ScaledObject that was read: no doubt',
      workload({
        deployment: three,
        expectation: one,
        autoscaler: 'unreadable',
        scaledObject: scaledObject(idle, {spec: {maxReplicaCount: 2}}),
      }),
      'drifted',
      'warning',
      /^3 replicas/,
    ],
    ['as expected: nothing to explain', workload({autoscaler: 'unreadable', scaledObject: 'unreadable'}), 'ok', 'ok', ''],
    [
      'meant to be at zero: nothing to explain',
      workload({deployment: zero, expectation: none, autoscaler: 'unreadable'}),
      'inactive',
      'ok',
      /./,
    ],
  ])
})

describe('down', () => {
  const loop = pod({name: 'w-1', containers: [crashing()], readySince: 4 * MINUTE})
  table([
    [
      'doomed',
      workload({deployment: away(10 * SECOND), pods: [loop]}),
      'down',
      'critical',
      'container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
    ],
    [
      'killed for its memory',
      workload({
        deployment: away(10 * SECOND),
        pods: [pod({containers: [{...crashing(3), last: ended(137, 40 * SECOND, 'OOMKilled')}]})],
      }),
      'down',
      'critical',
      'container app: CrashLoopBackOff, exit 137 (SIGKILL, OOMKilled), 3 restarts, the last 40 s ago',
    ],
    [
      'out of grace',
      workload({deployment: away(181 * SECOND), pods: [pod({containers: [unready()]})]}),
      'down',
      'critical',
      'container app runs and is not ready',
    ],
    [
      'none ready out of grace, and its node may not be read',
      workload({nodes: 'unreadable', deployment: away(181 * SECOND), pods: [pod({ready: false})]}),
      'down',
      'critical',
      'its containers are ready and the pod is not: is node-a lost?',
    ],
    [
      'in grace',
      workload({deployment: away(180 * SECOND), pods: [pod({containers: [unready()]})]}),
      'progressing',
      'warning',
      /^0 of 1 ready/,
    ],
    [
      'counted from the Available condition, not from the youngest pod',
      workload({deployment: away(10 * MINUTE), pods: [pod({age: 5 * SECOND, containers: [unready(5 * SECOND)]})]}),
      'down',
      'critical',
      /not ready/,
    ],
    ['without any pod', workload({deployment: away(10 * MINUTE), pods: []}), 'down', 'critical', 'it has no pods'],
    [
      'without any pod for a quota',
      workload({
        deployment: away(10 * MINUTE, {
          conditions: [
            unavailable(10 * MINUTE),
            condition('ReplicaFailure', 'True', {reason: 'FailedCreate', message: 'exceeded quota: compute'}),
          ],
        }),
        pods: [],
      }),
      'down',
      'critical',
      "it has no pods; pods can't be created: FailedCreate: exceeded quota: compute",
    ],
    [
      'several pods: the doomed one is named',
      workload({
        deployment: deployment({replicas: 3, status: {availableReplicas: 0}, conditions: [unavailable(10 * SECOND)]}),
        pods: [pod({containers: [unready()]}), loop, pod({containers: [unready()]})],
      }),
      'down',
      'critical',
      'pod w-1: container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago',
    ],
    [
      'its node is gone',
      workload({nodes: nodes(node('node-a', 'Unknown', 4 * MINUTE)), pods: [pod()]}),
      'down',
      'critical',
      'on node-a, which is NotReady (Unknown) for 4 min',
    ],
    [
      'its node is just gone',
      workload({nodes: nodes(node('node-a', 'False', MINUTE)), pods: [pod()]}),
      'progressing',
      'warning',
      /NotReady for 1 min/,
    ],
    ['its node can not be read', workload({nodes: 'unreadable', pods: [pod()]}), 'ok', 'ok', ''],
    [
      'unlisted and down: at most a warning',
      workload({expectation: null, deployment: away(HOUR), pods: [loop]}),
      'down',
      'warning',
      /CrashLoopBackOff/,
    ],
    ['unlisted, down, strict', workload({expectation: null, strict: true, deployment: away(HOUR), pods: [loop]}), 'down', 'critical', /./],
    [
      'unlisted has the default grace',
      workload({expectation: null, strict: true, deployment: away(180 * SECOND), pods: [pod({containers: [unready()]})]}),
      'progressing',
      'warning',
      /./,
    ],
  ])
})

describe('the start-up grace', () => {
  const starting = [pod({containers: [unready()]})]
  const slow = {...one, startupGrace: 600}
  const probe = {initialDelaySeconds: 20, failureThreshold: 10, periodSeconds: 10}
  table([
    ["the catalogue's own", workload({expectation: slow, deployment: away(600 * SECOND), pods: starting}), 'progressing', 'warning', /./],
    ["the catalogue's own, over", workload({expectation: slow, deployment: away(601 * SECOND), pods: starting}), 'down', 'critical', /./],
    [
      'plus minReadySeconds',
      workload({deployment: away(210 * SECOND, {minReadySeconds: 30}), pods: starting}),
      'progressing',
      'warning',
      /./,
    ],
    [
      'plus minReadySeconds, over',
      workload({deployment: away(211 * SECOND, {minReadySeconds: 30}), pods: starting}),
      'down',
      'critical',
      /./,
    ],
    [
      "plus the startup probe's budget",
      workload({deployment: away(300 * SECOND, {startupProbe: probe}), pods: starting}),
      'progressing',
      'warning',
      /./,
    ],
    [
      "plus the startup probe's budget, over",
      workload({deployment: away(301 * SECOND, {startupProbe: probe}), pods: starting}),
      'down',
      'critical',
      /./,
    ],
    [
      'an Available condition that allows for the lack: counted from the loss',
      workload({pods: [pod({containers: [unready()], readySince: 3 * MINUTE})]}),
      'progressing',
      'warning',
      /./,
    ],
    [
      'an Available condition that allows for the lack, over',
      workload({pods: [pod({containers: [unready(20 * MINUTE)], readySince: 20 * MINUTE})]}),
      'down',
      'critical',
      /./,
    ],
    [
      'the only pod is Terminating and its successor not there yet',
      workload({pods: [pod({name: 'w-1', deleted: 2 * SECOND})]}),
      'progressing',
      'warning',
      '0 of 1 ready; waits for w-1 (Terminating)',
    ],
    [
      'scaled up from zero and not taken up yet: no age of an old status counts',
      workload({
        deployment: deployment({generation: 4, observed: 3, status: {replicas: 0, availableReplicas: 0, updatedReplicas: 0}}),
        pods: [],
      }),
      'progressing',
      'warning',
      /has yet to take up/,
    ],
    [
      'a single replica moved by a drain',
      workload({
        deployment: away(20 * SECOND),
        nodes: nodes(node('node-a', 'True', DAY, true), node('node-b')),
        pods: [
          pod({deleted: 20 * SECOND}),
          pod({age: 20 * SECOND, node: 'node-b', containers: [{...unready(), state: waiting('ContainerCreating')}]}),
        ],
      }),
      'progressing',
      'warning',
      '0 of 1 ready; moved off node-a by a drain; container app: ContainerCreating',
    ],
  ])
})

describe('Recreate', () => {
  const recreate = (more: Parameters<typeof deployment>[0] = {}): ReturnType<typeof deployment> =>
    away(HOUR, {strategy: 'Recreate', conditions: [unavailable(HOUR), rolling(MINUTE)], ...more})
  table([
    [
      'counts from the first pod of the new replica set',
      workload({deployment: recreate(), pods: [pod({age: 170 * SECOND, containers: [unready()]})]}),
      'progressing',
      'warning',
      /^rolling out revision 12/,
    ],
    [
      'over, however young the present pod is',
      workload({
        deployment: recreate(),
        pods: [pod({age: 200 * SECOND, phase: 'Failed', reason: 'Evicted'}), pod({age: 5 * SECOND, containers: [unready()]})],
      }),
      'down',
      'critical',
      /./,
    ],
    [
      'names the pod that it waits for',
      workload({deployment: recreate(), pods: [pod({name: 'w-old', replicaSet: 'worker-old', deleted: 20 * SECOND})]}),
      'progressing',
      'warning',
      'rolling out revision 12: 1 of 1 updated, 0 ready; waits for w-old (Terminating)',
    ],
    [
      'waits too long',
      workload({deployment: recreate(), pods: [pod({name: 'w-old', replicaSet: 'worker-old', deleted: 2 * MINUTE})]}),
      'down',
      'critical',
      'pod w-old is Terminating for 2 min, past its grace of 30 s',
    ],
    [
      'past its deadline',
      workload({
        deployment: recreate({conditions: [unavailable(MINUTE), rolling(11 * MINUTE, 'ProgressDeadlineExceeded', 'False')]}),
        pods: [pod({age: MINUTE, containers: [unready()]})],
      }),
      'down',
      'critical',
      /passed its deadline of 10 min$/,
    ],
  ])
})

describe('degraded', () => {
  const lame = (): ReturnType<typeof pod> => pod({name: 'w-3', containers: [unready()], readySince: 4 * MINUTE})
  table([
    [
      'fewer ready, out of grace',
      workload({deployment: short(4 * MINUTE), pods: [pod(), pod(), lame()]}),
      'degraded',
      'warning',
      'pod w-3: container app runs and is not ready',
    ],
    [
      'fewer ready, in grace',
      workload({deployment: short(3 * MINUTE), pods: [pod(), pod(), lame()]}),
      'progressing',
      'warning',
      /^2 of 3 ready; pod w-3/,
    ],
    [
      'fewer pods than wanted, out of grace',
      workload({deployment: short(4 * MINUTE, {status: {availableReplicas: 2, replicas: 2, updatedReplicas: 2}}), pods: [pod(), pod()]}),
      'degraded',
      'warning',
      '2 of 3 pods exist',
    ],
    [
      'a pod on a node that is NotReady',
      workload({
        deployment: deployment({replicas: 3}),
        nodes: nodes(node('node-a'), node('node-b', 'False', 200 * SECOND)),
        pods: [pod(), pod(), pod({name: 'w-3', node: 'node-b'})],
      }),
      'degraded',
      'warning',
      'pod w-3: on node-b, which is NotReady for 3 min',
    ],
    [
      'a doomed pod beside ready ones, in grace',
      workload({deployment: short(5 * SECOND), pods: [pod(), pod(), pod({name: 'w-3', containers: [crashing()]})]}),
      'degraded',
      'warning',
      /^pod w-3: container app: CrashLoopBackOff/,
    ],
    [
      'progress deadline exceeded although old pods serve',
      workload({
        deployment: rollout(11 * MINUTE, 'ProgressDeadlineExceeded', 'False'),
        pods: [oldPod(), pod({name: 'w-2', containers: [unready()]})],
      }),
      'degraded',
      'warning',
      'the rollout of revision 12 has passed its deadline of 10 min; old pods serve; pod w-2: container app runs and is not ready',
    ],
    [
      'progress deadline passed, and a controller that is silent about it',
      workload({deployment: rollout(11 * MINUTE), pods: [oldPod(), pod({containers: [unready()]})]}),
      'degraded',
      'warning',
      /passed its deadline/,
    ],
    [
      'a quota',
      workload({
        deployment: deployment({
          replicas: 3,
          status: {availableReplicas: 2, replicas: 2, updatedReplicas: 2},
          conditions: [condition('ReplicaFailure', 'True', {reason: 'FailedCreate', message: 'exceeded quota'}), unavailable(5 * SECOND)],
        }),
        pods: [pod(), pod()],
      }),
      'degraded',
      'warning',
      "pods can't be created: FailedCreate: exceeded quota",
    ],
    [
      'killed for its memory 14 min ago',
      workload({pods: [pod({name: 'w-1', containers: [{restarts: 1, last: ended(137, 14 * MINUTE, 'OOMKilled')}]})]}),
      'degraded',
      'warning',
      'pod w-1: container app: exit 137 (SIGKILL, OOMKilled), 1 restart, 14 min ago',
    ],
    [
      'the same 15 min ago: shown, not judged',
      workload({pods: [pod({containers: [{restarts: 1, last: ended(137, 15 * MINUTE, 'OOMKilled')}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      '3 restarts, the last under 1 h ago',
      workload({pods: [pod({containers: [{restarts: 3, last: ended(1, 59 * MINUTE)}]})]}),
      'degraded',
      'warning',
      /exit 1, 3 restarts, the last 59 min ago$/,
    ],
    [
      '2 restarts, the last 59 min ago',
      workload({pods: [pod({containers: [{restarts: 2, last: ended(1, 59 * MINUTE)}]})]}),
      'ok',
      'ok',
      '',
    ],
    ['3 restarts, the last 1 h ago', workload({pods: [pod({containers: [{restarts: 3, last: ended(1, HOUR)}]})]}), 'ok', 'ok', ''],
    [
      'an init container that failed before it ended well',
      workload({pods: [pod({inits: [{restarts: 4, state: ended(0, MINUTE), last: ended(1, 2 * MINUTE)}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'ended well: a worker that is recycled',
      workload({pods: [pod({containers: [{restarts: 9, last: ended(0, MINUTE)}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'a crash at an unknown time',
      workload({pods: [pod({containers: [{restarts: 9, last: {terminated: {exitCode: 1}}}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'flapping: lost, in a container that runs on',
      workload({
        deployment: away(9 * MINUTE),
        expectation: {...one, startupGrace: 900},
        pods: [pod({readySince: 9 * MINUTE, containers: [unready(31 * MINUTE)]})],
      }),
      'degraded',
      'warning',
      /container app stopped being ready 9 min ago, though it runs on/,
    ],
    [
      'flapping: back again',
      workload({pods: [pod({readySince: 9 * MINUTE, containers: [{state: running(31 * MINUTE)}]})]}),
      'degraded',
      'warning',
      /became ready again only 9 min ago/,
    ],
    [
      'a node that was away for a moment is no flapping of a container',
      workload({pods: [pod({conditions: [condition('Ready', 'True', {lastTransitionTime: ago(MINUTE)})]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'ready for 10 min: no flapping',
      workload({pods: [pod({readySince: 10 * MINUTE, containers: [{state: running(31 * MINUTE)}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'ready lately in a container that is young',
      workload({pods: [pod({readySince: 9 * MINUTE, containers: [{state: running(30 * MINUTE)}]})]}),
      'ok',
      'ok',
      '',
    ],
    [
      'a pod Terminating past its grace by 60 s',
      workload({pods: [pod(), pod({name: 'w-0', deleted: 91 * SECOND})]}),
      'degraded',
      'warning',
      'pod w-0 is Terminating for 1 min, past its grace of 30 s',
    ],
    ['a pod Terminating within its grace', workload({pods: [pod(), pod({deleted: 90 * SECOND})]}), 'ok', 'ok', ''],
    [
      'ready, but never available',
      workload({deployment: away(4 * MINUTE, {minReadySeconds: 10}), pods: [pod({readySince: HOUR})]}),
      'degraded',
      'warning',
      '0 of 1 pods are available (minReadySeconds 10)',
    ],
  ])
})

describe('progressing', () => {
  const starting = (): ReturnType<typeof pod> => pod({containers: [{...unready(), state: waiting('ContainerCreating')}]})
  table([
    [
      'a rollout within its deadline, with more pods than wanted',
      workload({deployment: rollout(9 * MINUTE), pods: [oldPod(), starting()]}),
      'progressing',
      'warning',
      /^rolling out revision 12: 1 of 1 updated, 1 ready; pod .*: container app: ContainerCreating$/,
    ],
    [
      'a rollout with a deadline of its own',
      workload({
        deployment: deployment({deadlineSeconds: 60, status: {replicas: 2, availableReplicas: 1}, conditions: [rolling(61 * SECOND)]}),
        pods: [oldPod(), starting()],
      }),
      'degraded',
      'warning',
      /deadline of 1 min/,
    ],
    [
      'a rollout in a deployment without a deadline: no Progressing condition is no fault',
      workload({
        deployment: deployment({
          deadlineSeconds: 2_147_483_647,
          status: {replicas: 2, updatedReplicas: 1, availableReplicas: 1, conditions: [condition('Available', 'True')]},
        }),
        replicaSets: [replicaSet({age: 9 * MINUTE}), oldReplicaSet()],
        pods: [oldPod(), starting()],
      }),
      'progressing',
      'warning',
      /^rolling out/,
    ],
    [
      'the same after 600 s',
      workload({
        deployment: deployment({
          deadlineSeconds: 2_147_483_647,
          status: {replicas: 2, updatedReplicas: 1, availableReplicas: 1, conditions: [condition('Available', 'True')]},
        }),
        replicaSets: [replicaSet({age: 11 * MINUTE}), oldReplicaSet()],
        pods: [oldPod(), starting()],
      }),
      'degraded',
      'warning',
      /deadline of 10 min/,
    ],
    [
      'the same without old pods: a first rollout has the deadline, not the start-up grace',
      workload({
        deployment: deployment({replicas: 2, status: {availableReplicas: 1, conditions: [unavailable(9 * MINUTE)]}}),
        replicaSets: [replicaSet({age: 9 * MINUTE})],
        pods: [pod(), pod({containers: [unready(9 * MINUTE)], readySince: 9 * MINUTE})],
      }),
      'progressing',
      'warning',
      /^rolling out/,
    ],
    [
      'a rollback that has just begun: the condition of the rollout before it is old by nature',
      workload({deployment: deployment({status: {replicas: 2, updatedReplicas: 1}}), pods: [oldPod(), starting()]}),
      'progressing',
      'warning',
      /^rolling out/,
    ],
    [
      'no Progressing condition, and all is well',
      workload({deployment: deployment({status: {conditions: [condition('Available', 'True')]}})}),
      'ok',
      'ok',
      '',
    ],
    [
      'the first crash of a rollout',
      workload({
        deployment: rollout(MINUTE),
        pods: [oldPod(), pod({containers: [{...unready(), restarts: 1, last: ended(1, 5 * SECOND)}]})],
      }),
      'progressing',
      'warning',
      /exit 1, 1 restart, 5 s ago$/,
    ],
    [
      'its first crash, for its memory',
      workload({
        deployment: rollout(MINUTE),
        pods: [oldPod(), pod({containers: [{...unready(), restarts: 1, last: ended(137, 5 * SECOND, 'OOMKilled')}]})],
      }),
      'degraded',
      'warning',
      /OOMKilled/,
    ],
    [
      'its second crash',
      workload({deployment: rollout(MINUTE), pods: [oldPod(), pod({name: 'w-1', containers: [crashing(1, 5 * SECOND)]})]}),
      'degraded',
      'warning',
      'pod w-1: container app: CrashLoopBackOff, exit 255, 1 restart, 5 s ago',
    ],
    [
      'doomed old pods do not doom a rollout',
      workload({
        deployment: rollout(MINUTE),
        pods: [oldPod(), pod({replicaSet: 'worker-old', containers: [crashing()]}), starting()],
      }),
      'progressing',
      'warning',
      /ContainerCreating/,
    ],
    ['a scale-up', workload({deployment: short(5 * SECOND), pods: [pod(), pod(), starting()]}), 'progressing', 'warning', /^2 of 3 ready/],
    [
      'a scale-down',
      workload({deployment: deployment({status: {replicas: 3, updatedReplicas: 3, availableReplicas: 3}}), pods: [pod(), pod(), pod()]}),
      'progressing',
      'warning',
      '3 of 1 ready; 3 pods, of which 3 are updated, where 1 are wanted',
    ],
    [
      'a pod that waits for minReadySeconds',
      workload({deployment: away(20 * SECOND, {minReadySeconds: 30}), pods: [pod({readySince: 10 * SECOND, age: 20 * SECOND})]}),
      'progressing',
      'warning',
      '1 of 1 ready; 0 of 1 pods are available (minReadySeconds 30)',
    ],
    [
      'a pod that the controller has yet to count',
      workload({deployment: away(SECOND), pods: [pod({readySince: SECOND, age: 20 * SECOND})]}),
      'progressing',
      'warning',
      '1 of 1 ready; 0 of 1 pods are available',
    ],
    [
      'paused',
      workload({deployment: deployment({paused: true, conditions: [rolling(3 * HOUR, 'DeploymentPaused', 'Unknown')]})}),
      'progressing',
      'warning',
      'paused since 2026-11-22 00:12:07Z (3 h)',
    ],
    [
      'paused in the middle, for longer than any deadline',
      workload({
        deployment: deployment({
          paused: true,
          status: {replicas: 2, updatedReplicas: 1, availableReplicas: 2},
          conditions: [rolling(3 * HOUR, 'DeploymentPaused', 'Unknown')],
        }),
        pods: [oldPod(), pod()],
      }),
      'progressing',
      'warning',
      /^paused since/,
    ],
    [
      'paused and down is down',
      workload({deployment: away(HOUR, {paused: true}), pods: [pod({containers: [unready()]})]}),
      'down',
      'critical',
      /not ready/,
    ],
  ])
})

describe('drifted and ok', () => {
  const three = deployment({replicas: 3})
  table([
    ['ok', workload(), 'ok', 'ok', ''],
    ['three of three', workload({deployment: three}), 'ok', 'ok', ''],
    [
      'another count',
      workload({deployment: three, expectation: one}),
      'drifted',
      'warning',
      '3 replicas where the catalogue expects 1; scaled to 3, by unknown',
    ],
    [
      'another count, recorded as meant to stay',
      workload({deployment: deployment({replicas: 3, annotations: scaled(3)}), expectation: one}),
      'drifted',
      'warning',
      '3 replicas where the catalogue expects 1; scaled to 3 2 h ago, by ops',
    ],
    [
      'within the range of an HPA',
      workload({deployment: three, expectation: one, autoscaler: hpa(undefined, 3, inMyRange)}),
      'ok',
      'ok',
      '',
    ],
    [
      'above the range of an HPA',
      workload({deployment: three, expectation: one, autoscaler: hpa(1, 2, inMyRange)}),
      'drifted',
      'warning',
      /^3 replicas/,
    ],
    [
      'within the range of a ScaledObject',
      workload({deployment: three, expectation: one, scaledObject: scaledObject(idle)}),
      'ok',
      'ok',
      '',
    ],
    [
      'a temporary count',
      workload({deployment: deployment({replicas: 3, annotations: temporary(3, -HOUR)}), expectation: one}),
      'ok',
      'ok',
      '',
    ],
    [
      'a temporary count that is overdue',
      workload({deployment: deployment({replicas: 3, annotations: temporary(3, 20 * MINUTE)}), expectation: one}),
      'drifted',
      'warning',
      '3 replicas where the catalogue expects 1; the temporary 3 is overdue for 20 min, was 1, by ops: migration',
    ],
    [
      'baseline 0 and it runs',
      workload({expectation: {...none, inactive: {reason: 'on hold'}}}),
      'drifted',
      'warning',
      '1 replica where the catalogue expects 0 (on hold); scaled to 1, by unknown',
    ],
    ['unlisted: nothing to drift from', workload({deployment: three, expectation: null}), 'ok', 'ok', ''],
    ['unlisted at zero: a warning', workload({deployment: zero, expectation: null}), 'stopped', 'warning', /^0 replicas; at 0/],
    ['replica sets unreadable: no change of the verdict', workload({replicaSets: 'unreadable'}), 'ok', 'ok', ''],
    ['a failed pod beside', workload({pods: [pod(), pod({phase: 'Failed', reason: 'Evicted'})]}), 'ok', 'ok', ''],
    ['a finished pod beside', workload({pods: [pod(), pod({phase: 'Succeeded'})]}), 'ok', 'ok', ''],
  ])
})

describe('autoscalers', () => {
  const atMaximum = (since: number): Record<string, unknown>[] => [
    condition('ScalingActive', 'True'),
    condition('ScalingLimited', 'True', {reason: 'TooManyReplicas', lastTransitionTime: ago(since)}),
  ]
  const ready = condition('Ready', 'True')
  table([
    [
      'ScalingActive False',
      workload({autoscaler: hpa(1, 5, [condition('ScalingActive', 'False', {reason: 'FailedGetResourceMetric', message: 'no metrics'})])}),
      'degraded',
      'warning',
      'HPA worker-hpa does not scale: FailedGetResourceMetric, no metrics',
    ],
    [
      'at the maximum for over 10 min',
      workload({autoscaler: hpa(1, 1, atMaximum(11 * MINUTE))}),
      'degraded',
      'warning',
      'HPA worker-hpa is at its maximum of 1 for 11 min',
    ],
    ['at the maximum for 10 min', workload({autoscaler: hpa(1, 1, atMaximum(10 * MINUTE))}), 'ok', 'ok', ''],
    [
      'at the maximum since its last scaling',
      workload({
        autoscaler: decodeAutoscaler({
          metadata: {name: 'worker-hpa'},
          spec: {scaleTargetRef: {kind: 'Deployment', name: 'worker'}, maxReplicas: 1},
          status: {conditions: atMaximum(HOUR), lastScaleTime: ago(5 * MINUTE)},
        }),
      }),
      'ok',
      'ok',
      '',
    ],
    [
      'switched off for a zero that is no more',
      workload({autoscaler: hpa(1, 5, [condition('ScalingActive', 'False', {reason: 'ScalingDisabled'})])}),
      'degraded',
      'warning',
      /does not scale/,
    ],
    [
      'limited at the minimum',
      workload({autoscaler: hpa(1, 5, [condition('ScalingLimited', 'True', {reason: 'TooFewReplicas'})])}),
      'ok',
      'ok',
      '',
    ],
    [
      'a ScaledObject that is not Ready',
      workload({scaledObject: scaledObject([condition('Ready', 'False')])}),
      'degraded',
      'critical',
      'ScaledObject worker-keda is not Ready',
    ],
    [
      'a ScaledObject in Fallback',
      workload({scaledObject: scaledObject([ready, condition('Fallback', 'True')])}),
      'degraded',
      'critical',
      /Fallback/,
    ],
    ['a ScaledObject that has just begun', workload({scaledObject: scaledObject([condition('Ready', 'Unknown')])}), 'ok', 'ok', ''],
    [
      'paused by its condition',
      workload({scaledObject: scaledObject([ready, condition('Paused', 'True')])}),
      'degraded',
      'warning',
      'ScaledObject worker-keda is paused',
    ],
    [
      'paused by annotation',
      workload({scaledObject: scaledObject([ready], {annotations: {'autoscaling.keda.sh/paused': 'maybe'}})}),
      'degraded',
      'warning',
      /paused/,
    ],
    [
      'paused at a count',
      workload({scaledObject: scaledObject([ready], {annotations: {'autoscaling.keda.sh/paused-replicas': '0'}})}),
      'degraded',
      'warning',
      /paused/,
    ],
    [
      'not paused after all',
      workload({scaledObject: scaledObject([ready], {annotations: {'autoscaling.keda.sh/paused': 'false'}})}),
      'ok',
      'ok',
      '',
    ],
    [
      'the worst of both',
      workload({autoscaler: hpa(1, 1, atMaximum(HOUR), kedaLabel), scaledObject: scaledObject([condition('Ready', 'False')])}),
      'degraded',
      'critical',
      /not Ready/,
    ],
    [
      'unlisted: at most a warning',
      workload({expectation: null, scaledObject: scaledObject([condition('Ready', 'False')])}),
      'degraded',
      'warning',
      /./,
    ],
    [
      'beside something worse',
      workload({deployment: away(HOUR), pods: [pod({containers: [crashing()]})], autoscaler: hpa(1, 1, atMaximum(HOUR))}),
      'down',
      'critical',
      /the last 40 s ago; HPA worker-hpa is at its maximum of 1 for 1 h$/,
    ],
  ])
})

test('what a judgement tells beside the verdict', () => {
  const judged = judgeWorkload(
    workload({
      deployment: away(4 * MINUTE),
      autoscaler: hpa(3, 10),
      pods: [
        pod({name: 'w-1', containers: [{...crashing(), name: 'app'}]}),
        pod({name: 'w-0', phase: 'Failed', reason: 'Evicted'}),
        pod({name: 'w-2', deleted: SECOND}),
      ],
      events: new Map([
        ['w-1-uid', [event('w-1-uid', 'BackOff', 'Back-off restarting failed container', 20 * SECOND, 'Warning', 12)]],
        [
          'worker-uid',
          [event('worker-uid', 'FailedCreate', 'quota', HOUR), event('worker-uid', 'ScalingReplicaSet', 'x', SECOND, 'Normal')],
        ],
      ]),
    }),
    NOW,
  )
  expect(judged).toMatchObject({
    health: 'down',
    since: NOW - 4 * MINUTE,
    desired: 1,
    ready: 0,
    updated: 1,
    available: 0,
    restarts: {total: 7, lastAt: NOW - 40 * SECOND, lastReason: 'Error', exitCode: 255, container: 'app'},
    changed: {revision: 12, at: NOW - DAY, what: 'image worker:1.4 -> worker:1.5'},
    autoscaler: {kind: 'HPA', name: 'worker-hpa', min: 3, max: 10, trouble: null},
    leftovers: [{name: 'w-0', reason: 'Evicted', node: 'node-a'}],
    evidence: ['BackOff (x12, 20 s ago): Back-off restarting failed container', 'FailedCreate (1 h ago): quota'],
  })
  expect(
    judged.pods.map(({name, ready, state, doomed, terminating, current}) => ({name, ready, state, doomed, terminating, current})),
  ).toEqual([
    {name: 'w-1', ready: false, state: 'CrashLoopBackOff', doomed: true, terminating: false, current: true},
    {name: 'w-2', ready: false, state: 'Terminating', doomed: false, terminating: true, current: true},
  ])
})

test('a deadline that passes does not make a degraded workload look younger than its doomed pod', () => {
  const doomed = pod({age: 19 * MINUTE, ready: false, containers: [crashing()]})
  const judged = judgeWorkload(
    workload({deployment: rollout(9 * MINUTE, 'ProgressDeadlineExceeded', 'False'), pods: [oldPod(), doomed]}),
    NOW,
  )
  expect(judged).toMatchObject({health: 'degraded', since: NOW - 19 * MINUTE})
})

test('warning events never decide', () => {
  const events = new Map([['worker-uid', [event('worker-uid', 'FailedScheduling', 'no node', SECOND)]]])
  expect(judgeWorkload(workload({events}), NOW)).toMatchObject({health: 'ok', severity: 'ok', reason: '', evidence: []})
})

test('a pod that no node takes is doomed after 5 min', () => {
  const judge = (since: number): string => judgeWorkload(workload({deployment: away(10 * SECOND), pods: [unscheduled(since)]}), NOW).health
  expect([judge(5 * MINUTE), judge(5 * MINUTE + 1)]).toEqual(['progressing', 'down'])
})
