import {readFile, readdir} from 'node:fs/promises'
import path from 'node:path'
import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {ConfigurationError, UsageError} from '../../src/lib/errors/index.ts'
import {compileScenarios} from '../../src/lib/sandbox/compile.ts'
import {type Sandbox, listScenarios, startSandbox} from '../../src/lib/sandbox/index.ts'
import {
  type Autoscaler,
  type CoreEvent,
  type Deployment,
  type KubeObject,
  type Node,
  type Pod,
  conditionOf,
} from '../../src/lib/sandbox/types.ts'
import {APPS, NS, list, request, start} from './client.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../src/lib/sandbox')

interface Look {
  deployment(name: string): Promise<Deployment>
  pods(name: string): Promise<Pod[]>
  list<T>(path: string): Promise<T[]>
}

async function inScenario(name: string, look: (look: Look) => Promise<void>): Promise<void> {
  const sandbox: Sandbox = await start(name)
  try {
    await look({
      deployment: async (workload) => (await request<Deployment>(sandbox, 'GET', `${APPS}/deployments/${workload}`)).body,
      pods: async (workload) => await list<Pod>(sandbox, `${NS}/pods?labelSelector=app=${workload}`),
      list: async (of) => await list(sandbox, of),
    })
  } finally {
    await sandbox.close()
  }
}

const counts = ({status}: Deployment) => [status.replicas ?? 0, status.readyReplicas ?? 0, status.updatedReplicas ?? 0]
const reason = ({status}: Deployment, type: string) => conditionOf(status.conditions, type)?.reason
const waiting = ({status}: Pod) => status.containerStatuses?.[0]?.state.waiting?.reason
const minutesAgo = (time: string | undefined) => Math.round((Date.now() - Date.parse(time ?? '')) / 60_000)

test('there are fifteen, each with a description', () => {
  expect(listScenarios().map(({name}) => name)).toEqual([
    'baseline',
    'consumer-stuck',
    'crashloop',
    'image-pull',
    'kafka-broker-down',
    'node-lost',
    'orthanc-db-down',
    'orthanc-open',
    'redis-full',
    'rollout-stuck',
    'scaled-out',
    'silent-backlog',
    'stopped-consumer',
    'viewer-misconfigured',
    'worker-backlog',
  ])
  for (const {description} of listScenarios()) expect(description.length).toBeGreaterThan(40)
})

test('crashloop: nothing of worker-sapoche-pdf is left, after a rollout', async () => {
  await inScenario('crashloop', async ({deployment, pods, list}) => {
    const down = await deployment('worker-sapoche-pdf')
    expect(counts(down)).toEqual([1, 0, 1])
    expect(reason(down, 'Available')).toBe('MinimumReplicasUnavailable')
    expect(down.metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
    const [pod] = await pods('worker-sapoche-pdf')
    const container = pod?.status.containerStatuses?.[0]
    expect([container?.state.waiting?.reason, container?.lastState.terminated?.exitCode, container?.restartCount]).toEqual([
      'CrashLoopBackOff',
      255,
      6,
    ])
    expect([minutesAgo(pod?.status.startTime), minutesAgo(container?.lastState.terminated?.finishedAt)]).toEqual([20, 4])
    const events = await list<CoreEvent>(`${NS}/events`)
    expect(events.find((event) => event.reason === 'BackOff')).toMatchObject({type: 'Warning', count: 6})
  })
})

test('image-pull: a new pod of consumer-dicom waits, the old one serves', async () => {
  await inScenario('image-pull', async ({deployment, pods}) => {
    expect(counts(await deployment('consumer-dicom'))).toEqual([2, 1, 1])
    expect((await pods('consumer-dicom')).map((pod) => waiting(pod) ?? 'runs').toSorted((a, b) => a.localeCompare(b))).toEqual([
      'ImagePullBackOff',
      'runs',
    ])
  })
})

test('stopped-consumer: zero replicas since 40 minutes, and the event says so', async () => {
  await inScenario('stopped-consumer', async ({deployment, list}) => {
    const stopped = await deployment('consumer-lis-testresult')
    expect([stopped.spec.replicas, ...counts(stopped)]).toEqual([0, 0, 0, 0])
    const [event] = (await list<CoreEvent>(`${NS}/events`)).filter((candidate) => candidate.reason === 'ScalingReplicaSet')
    expect(event?.message).toMatch(/^Scaled down replica set consumer-lis-testresult-\w+ from 1 to 0$/)
    expect(minutesAgo(event?.lastTimestamp ?? undefined)).toBe(40)
    expect(stopped.metadata.managedFields?.some(({fieldsV1}) => fieldsV1['f:spec']?.['f:replicas'] !== undefined)).toBe(false)
  })
})

test('rollout-stuck: past its deadline, with three old pods that serve', async () => {
  await inScenario('rollout-stuck', async ({deployment}) => {
    const stuck = await deployment('st-bnkd-php')
    expect(counts(stuck)).toEqual([4, 3, 1])
    expect([reason(stuck, 'Progressing'), reason(stuck, 'Available')]).toEqual(['ProgressDeadlineExceeded', 'MinimumReplicasAvailable'])
  })
})

test('node-lost: node-b is Unknown, its pods are not ready and not yet moved', async () => {
  await inScenario('node-lost', async ({list}) => {
    const nodes = await list<Node>('/api/v1/nodes')
    expect(nodes.map(({metadata, status}) => `${metadata.name} ${conditionOf(status.conditions, 'Ready')?.status}`)).toEqual([
      'node-a True',
      'node-b Unknown',
      'node-c True',
    ])
    const there = (await list<Pod>(`${NS}/pods`)).filter(({spec}) => spec.nodeName === 'node-b')
    expect(there.length).toBeGreaterThan(5)
    expect(
      new Set(there.map(({status, metadata}) => `${conditionOf(status.conditions, 'Ready')?.status} ${metadata.deletionTimestamp}`)),
    ).toEqual(new Set(['False undefined']))
  })
})

test('scaled-out: an HPA and KEDA explain every count', async () => {
  await inScenario('scaled-out', async ({deployment, list}) => {
    expect([counts(await deployment('st-bnkd-php')), counts(await deployment('worker-sapoche-pdf'))]).toEqual([
      [5, 5, 5],
      [4, 4, 4],
    ])
    const hpas = await list<Autoscaler>('/apis/autoscaling/v2/namespaces/sapoche/horizontalpodautoscalers')
    expect(hpas.map(({spec, status}) => [spec.scaleTargetRef.name, status.currentReplicas, status.desiredReplicas])).toEqual([
      ['worker-sapoche-pdf', 4, 4],
      ['st-bnkd-php', 5, 5],
    ])
    expect(hpas.map(({status}) => conditionOf(status.conditions, 'ScalingActive')?.reason)).toEqual([
      'ValidMetricFound',
      'ValidMetricFound',
    ])
    const moves = (await list<CoreEvent>(`${NS}/events`)).filter((event) => event.reason === 'SuccessfulRescale')
    expect(moves.map(({involvedObject, message}) => `${involvedObject.name}: ${message}`).toSorted()).toEqual([
      expect.stringMatching(/^keda-hpa-worker-sapoche-pdf: New size: 4; reason: external metric .* above target$/),
      expect.stringMatching(/^st-bnkd-php: New size: 5; reason: cpu resource utilization .* above target$/),
    ])
    const [scaled] = await list<KubeObject>('/apis/keda.sh/v1alpha1/namespaces/sapoche/scaledobjects')
    expect(scaled).toMatchObject({kind: 'ScaledObject', metadata: {name: 'worker-sapoche-pdf'}, status: {conditions: expect.any(Array)}})
  })
})

test('time goes on: after the start a deployment is scaled, and its pods come', async () => {
  const sandbox = await start()
  try {
    const body = {spec: {replicas: 3}}
    await request(sandbox, 'PATCH', `${APPS}/deployments/worker-booking/scale`, {body, type: 'application/merge-patch+json'})
    const ready = async () => (await request<Deployment>(sandbox, 'GET', `${APPS}/deployments/worker-booking`)).body.status.readyReplicas
    await expect.poll(ready).toBe(3)
  } finally {
    await sandbox.close()
  }
})

test('an unknown name is a usage error with the nearest ones', async () => {
  const started = startSandbox({scenario: 'crashlop', catalogue: builtinCatalogue, now: () => Date.now()})
  await expect(started).rejects.toThrow(UsageError)
  await expect(started).rejects.toMatchObject({exitCode: 64, suggestions: ['crashloop'], message: 'there is no scenario "crashlop"'})
})

test('a catalogue without the workload of the scenario is a configuration error', async () => {
  const workloads = builtinCatalogue.workloads.filter(({name}) => name !== 'worker-sapoche-pdf')
  const started = startSandbox({scenario: 'crashloop', catalogue: {...builtinCatalogue, workloads}, now: () => Date.now()})
  await expect(started).rejects.toMatchObject({exitCode: 78, message: expect.stringContaining('worker-sapoche-pdf')})
})

describe('compiling', () => {
  test('scenarios.json is what the YAML files compile to', async () => {
    const folder = path.join(FOLDER, 'scenarios')
    const names = (await readdir(folder)).toSorted((a, b) => a.localeCompare(b))
    const files = await Promise.all(names.map(async (name) => ({name, text: await readFile(path.join(folder, name), 'utf8')})))
    expect(compileScenarios(files)).toEqual(JSON.parse(await readFile(path.join(FOLDER, 'scenarios.json'), 'utf8')))
  })

  test.for([
    {text: 'description: [', says: 'x.yaml: '},
    {text: '- a', says: 'x.yaml: file: expected a mapping'},
    {text: 'steps: []', says: 'x.yaml: description: expected a sentence'},
    {text: 'description: d\nsteps: {}', says: 'x.yaml: steps: expected a list'},
    {text: 'description: d\nstep: []', says: 'x.yaml: step: expected description or steps'},
    {
      text: 'description: d\nsteps: [{ago: 1m}]',
      says: 'x.yaml: steps[0]: expected ago and one of image, variable, fault, scale, rescale, jobs, redis, events, stall, broker, orthanc, viewer, lose, apply',
    },
    {
      text: 'description: d\nsteps: [{ago: soon, lose: {node: node-a}}]',
      says: 'x.yaml: steps[0].ago: expected a time like 12m, at most 2h',
    },
    {text: 'description: d\nsteps: [{ago: 3h, lose: {node: node-a}}]', says: 'x.yaml: steps[0].ago: expected a time like 12m, at most 2h'},
    {
      text: 'description: d\nsteps: [{ago: 1m, lose: {node: node-z}}]',
      says: 'x.yaml: steps[0].lose.node: expected a node (node-a, node-b, node-c)',
    },
    {
      text: 'description: d\nsteps: [{ago: 1m, scale: {workload: nope, replicas: 1}}]',
      says: 'x.yaml: steps[0].scale.workload: expected a workload of the catalogue',
    },
    {
      text: 'description: d\nsteps: [{ago: 1m, scale: {workload: worker-booking, replicas: -1}}]',
      says: 'steps[0].scale.replicas: expected a number of replicas',
    },
    {
      text: 'description: d\nsteps: [{ago: 1m, fault: {workload: worker-booking, state: sad}}]',
      says: 'steps[0].fault.state: expected a state (crashloop, oom',
    },
    {
      text: 'description: d\nsteps: [{ago: 1m, image: {workload: worker-booking, to: x}}]',
      says: 'steps[0].image.to: expected an image with a tag',
    },
    {
      text: 'description: d\nsteps: [{ago: 1m, image: {workload: worker-booking, to: "x:1", tag: 2}}]',
      says: 'steps[0].image.tag: expected one of workload, to',
    },
  ])('$says', ({text, says}) => {
    const compile = () => compileScenarios([{name: 'x.yaml', text}])
    expect(compile).toThrow(ConfigurationError)
    expect(compile).toThrow(says)
  })
})
