import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {
  assignPods,
  decodeAutoscaler,
  decodeCronJob,
  decodeDaemonSet,
  decodeDeployment,
  decodeEndpointSlice,
  decodeEvent,
  decodeJob,
  decodeNamespace,
  decodeNode,
  decodePod,
  decodeReplicaSet,
  decodeScaledObject,
  decodeService,
  decodeStatefulSet,
  eventsByObject,
  HEALTHS,
  judgeOthers,
  judgeService,
  judgeWorkload,
} from '../../src/lib/workload/index.ts'
import {NOW, rawDeployment, rawPod} from './build.ts'

const DECODERS = {
  decodeAutoscaler,
  decodeCronJob,
  decodeDaemonSet,
  decodeDeployment,
  decodeEndpointSlice,
  decodeEvent,
  decodeJob,
  decodeNamespace,
  decodeNode,
  decodePod,
  decodeReplicaSet,
  decodeScaledObject,
  decodeService,
  decodeStatefulSet,
}

describe('absent is the default only where the API says so', () => {
  test('deployment', () => {
    expect(decodeDeployment({})).toEqual({
      name: '',
      uid: '',
      createdAt: null,
      owner: null,
      labels: {},
      annotations: {},
      generation: 0,
      observedGeneration: null,
      replicas: 1,
      paused: false,
      strategy: {type: 'RollingUpdate', maxSurge: null, maxUnavailable: null},
      progressDeadlineSeconds: null,
      minReadySeconds: 0,
      template: {labels: {}, annotations: {}, containers: []},
      revision: null,
      status: {replicas: 0, updated: 0, ready: 0, available: 0},
      conditions: [],
      managers: [],
    })
    expect(decodeDeployment({spec: {replicas: 0}}).replicas).toBe(0)
    expect(decodeDeployment({spec: {progressDeadlineSeconds: 2_147_483_647}}).progressDeadlineSeconds).toBeNull()
  })

  test('autoscalers', () => {
    expect(decodeAutoscaler({spec: {maxReplicas: 5}})).toMatchObject({min: 1, max: 5, byKeda: false})
    expect(decodeAutoscaler({spec: {minReplicas: 0}})).toMatchObject({min: 0})
    expect(decodeAutoscaler({metadata: {name: 'keda-hpa-x'}})).toMatchObject({byKeda: true})
    expect(decodeScaledObject({spec: {scaleTargetRef: {name: 'x'}}})).toMatchObject({
      target: {kind: 'Deployment', name: 'x'},
      min: 0,
      max: 100,
      paused: false,
    })
  })

  test('endpoints: ready that is left out or null counts as true', () => {
    const ready = (conditions: unknown): boolean | undefined => decodeEndpointSlice({endpoints: [{conditions}]}).endpoints[0]?.ready
    expect([ready(undefined), ready({}), ready({ready: null}), ready({ready: true}), ready({ready: false})]).toEqual([
      true,
      true,
      true,
      true,
      false,
    ])
  })

  test('pod, node, service, set', () => {
    expect(decodePod({})).toMatchObject({deletionAt: null, deletionGraceSeconds: 30, node: null, containers: [], phase: ''})
    expect(decodeNode({})).toMatchObject({ready: 'Unknown', unschedulable: false})
    expect(decodeService({spec: {ports: [{port: 80}]}})).toMatchObject({
      type: 'ClusterIP',
      selector: null,
      ports: [{name: '', port: 80, targetPort: 80, nodePort: null, protocol: 'TCP'}],
    })
    expect(decodeStatefulSet({})).toMatchObject({replicas: 1, ready: 0})
  })

  test('a container without a state is waiting', () => {
    const status = decodePod({spec: {containers: [{name: 'a'}]}, status: {containerStatuses: [{name: 'a'}]}}).containers[0]?.status
    expect(status).toEqual({
      index: 0,
      ready: false,
      started: null,
      restarts: 0,
      state: {kind: 'waiting', reason: '', message: ''},
      lastTermination: null,
    })
  })
})

test('the time of an event is its series, then its last, then its own', () => {
  const [first, last, own, series] = ['2026-11-22T01:00:00Z', '2026-11-22T02:00:00Z', '2026-11-22T02:30:00.000001Z', '2026-11-22T03:00:00Z']
  const timeOf = (event: Record<string, unknown>): number | null => decodeEvent(event).at
  const series2 = {lastObservedTime: series, count: 12}
  expect(decodeEvent({series: series2, lastTimestamp: last, eventTime: own, count: 3})).toMatchObject({at: Date.parse(series), count: 12})
  expect(timeOf({lastTimestamp: last, eventTime: own})).toBe(Date.parse(last))
  expect(timeOf({lastTimestamp: null, eventTime: own})).toBe(Date.parse(own))
  expect(timeOf({metadata: {creationTimestamp: first}})).toBe(Date.parse(first))
  expect(decodeEvent({})).toMatchObject({at: null, count: 1})
})

test('a template: environment, references, probes, resources, roles', () => {
  const {template} = decodeDeployment({
    spec: {
      template: {
        metadata: {labels: {app: 'x'}},
        spec: {
          initContainers: [{name: 'migrate'}, {name: 'auth', restartPolicy: 'Always'}],
          containers: [
            {
              name: 'app',
              image: 'i',
              command: ['php'],
              args: ['queue:work', '--queue=pdf'],
              env: [
                {name: 'A', value: 'a'},
                {name: 'B', valueFrom: {configMapKeyRef: {name: 'c', key: 'k'}}},
                {name: 'C', valueFrom: {secretKeyRef: {name: 's', key: 'k'}}},
                {name: 'D', valueFrom: {fieldRef: {fieldPath: 'status.podIP'}}},
                {name: 'E'},
              ],
              envFrom: [{configMapRef: {name: 'c'}, prefix: 'P_'}, {secretRef: {name: 's'}}],
              ports: [{containerPort: 80, name: 'http'}],
              startupProbe: {failureThreshold: 30},
              resources: {requests: {cpu: '250m'}, limits: {memory: '1Gi', cpu: 2}},
            },
          ],
        },
      },
    },
  })
  expect(template.containers.map(({name, role}) => [name, role])).toEqual([
    ['migrate', 'init'],
    ['auth', 'sidecar'],
    ['app', 'main'],
  ])
  expect(template.containers[2]).toEqual({
    name: 'app',
    image: 'i',
    role: 'main',
    command: ['php'],
    args: ['queue:work', '--queue=pdf'],
    env: [
      {name: 'A', value: 'a', from: null},
      {name: 'B', value: null, from: {kind: 'ConfigMap', name: 'c', key: 'k'}},
      {name: 'C', value: null, from: {kind: 'Secret', name: 's', key: 'k'}},
      {name: 'D', value: null, from: {kind: 'field', name: 'status.podIP', key: ''}},
      {name: 'E', value: null, from: null},
    ],
    envFrom: [
      {kind: 'ConfigMap', name: 'c', prefix: 'P_'},
      {kind: 'Secret', name: 's', prefix: ''},
    ],
    ports: [{name: 'http', port: 80, protocol: 'TCP'}],
    startupProbe: {initialDelaySeconds: 0, periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 30},
    livenessProbe: null,
    readinessProbe: null,
    requests: {cpu: '250m'},
    limits: {memory: '1Gi', cpu: '2'},
  })
})

test('who manages the replica count', () => {
  const managers = decodeDeployment({
    metadata: {
      managedFields: [
        {manager: 'helm', operation: 'Apply', time: '2026-11-22T03:00:00Z', fieldsV1: {'f:spec': {'f:template': {}}}},
        {manager: 'kubectl', operation: 'Update', subresource: 'scale', fieldsV1: {'f:spec': {'f:replicas': {}}}},
      ],
    },
  }).managers
  expect(managers).toEqual([
    {manager: 'helm', operation: 'Apply', subresource: '', at: Date.parse('2026-11-22T03:00:00Z'), ownsReplicas: false},
    {manager: 'kubectl', operation: 'Update', subresource: 'scale', at: null, ownsReplicas: true},
  ])
})

test('the termination message, which may hold log lines, is not kept', () => {
  const secret = 'patient 4711'
  const terminated = {exitCode: 1, message: secret}
  const pod = decodePod({
    spec: {containers: [{name: 'a'}]},
    status: {containerStatuses: [{name: 'a', state: {terminated}, lastState: {terminated}}]},
  })
  expect(JSON.stringify(pod)).not.toContain(secret)
})

describe('junk', () => {
  /** Objects of the API with whatever in the place of any of their values. */
  const junkIn = (object: unknown): fc.Arbitrary<unknown> => {
    const whatever = fc.oneof({weight: 8, arbitrary: fc.constant(undefined)}, {weight: 1, arbitrary: fc.jsonValue({maxDepth: 2})})
    const inner = Array.isArray(object)
      ? fc.tuple(...object.map(junkIn))
      : typeof object === 'object' && object !== null
        ? fc
            .tuple(...Object.entries(object).map(([key, value]) => junkIn(value).map((each) => [key, each] as const)))
            .map(Object.fromEntries)
        : fc.constant(object)
    return fc.tuple(whatever, inner).map(([junk, value]) => (junk === undefined ? value : junk))
  }
  const asObject = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

  test.each(Object.entries(DECODERS))('%s never throws', (_name, decode) => {
    fc.assert(fc.property(fc.object(), fc.jsonValue(), (object, json) => void [decode(object), decode(asObject(json))]))
  })

  test('what is decoded from half-broken objects can be judged', () => {
    const deployments = junkIn(
      rawDeployment({paused: true, annotations: {'sapoche.dev/scaled-to': '1', 'sapoche.dev/scaled-until': 'soon'}}),
    )
    const pods = junkIn(rawPod({containers: [{restarts: 2, last: {terminated: {exitCode: 1}}}], inits: [{}], gates: ['x'], deleted: 1}))
    fc.assert(
      fc.property(deployments, fc.array(pods, {maxLength: 3}), (rawWorkload, rawPods) => {
        const deployment = decodeDeployment(asObject(rawWorkload))
        const decoded = rawPods.map((each) => decodePod(asObject(each)))
        const ownership = assignPods([deployment], 'unreadable', decoded)
        const judged = judgeWorkload(
          {
            expectation: null,
            strict: false,
            deployment,
            foundAs: null,
            replicaSets: [],
            pods: decoded,
            nodes: new Map(),
            autoscaler: decodeAutoscaler(asObject(rawWorkload)),
            scaledObject: decodeScaledObject(asObject(rawWorkload)),
            events: eventsByObject([decodeEvent(asObject(rawWorkload))]),
          },
          NOW,
        )
        expect(HEALTHS).toContain(judged.health)
        const others = {
          statefulSets: [decodeStatefulSet(asObject(rawWorkload))],
          daemonSets: [decodeDaemonSet(asObject(rawWorkload))],
          jobs: [decodeJob(asObject(rawWorkload))],
          cronJobs: [decodeCronJob({...asObject(rawWorkload), spec: {schedule: 'constructor'}})],
          ownership,
          nodes: 'unreadable' as const,
          events: new Map(),
        }
        expect(judgeOthers(others, NOW).length).toBeGreaterThanOrEqual(4)
        const service = decodeService(asObject(rawWorkload))
        judgeService({expectation: null, strict: true, service, slices: [decodeEndpointSlice(asObject(rawWorkload))], workload: judged})
      }),
      {numRuns: 300},
    )
  })
})
