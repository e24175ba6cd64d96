import {expect, test, describe} from 'vitest'
import type {ChangesReport} from '../../src/lib/runbook/changes/schema.ts'
import type {PodsReport} from '../../src/lib/runbook/pods/schema.ts'
import type {TopReport} from '../../src/lib/runbook/top/schema.ts'
import {deleteDeployment, podsOf, waitForPods} from '../real/faults.ts'
import {waitUntil} from '../real/processes.ts'
import {APPS, CORE, stepsOf} from './inspect-steps.ts'
import type {InspectTarget} from './inspect-target.ts'
import {deployment, reportOf} from './scene.ts'

const MINUTE = 60_000

/** What pods, top and changes say of a cluster in which things happen. */
export function reportsSuite(opened: () => InspectTarget): void {
  const {run, read, done} = stepsOf(opened)

  test('pods: one in the place of one that was deleted', async () => {
    const workload = 'worker-sapoche-batch-publisher'
    const {api} = opened()
    const [old] = await podsOf(api, workload)
    await api.delete(`${CORE}/pods/${old?.metadata.name}`, {gracePeriodSeconds: 0})
    const isReady = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
      pods.length === 1 && pods.every(({metadata, status}) => metadata.uid !== old?.metadata.uid && status.containerStatuses?.[0]?.ready)
    const [next] = await waitForPods(api, workload, 'its successor is ready', isReady)
    const {items, uncounted, summary} = await read<PodsReport>('PodsReport', 'pods', workload)
    expect({summary, uncounted}).toMatchObject({summary: {pods: 1, ready: 1, problems: 0}, uncounted: []})
    expect(items).toMatchObject([
      {name: next?.metadata.name, workload, category: 'workers', ready: true, status: 'Running', containers: {ready: 1, total: 1}},
    ])
    expect(Date.parse(items[0]?.createdAt ?? '')).toBeGreaterThan(Date.now() - MINUTE)
  })

  test('pods --problems: that alone which is not well, as kubectl words it', async () => {
    const {api} = opened()
    const name = `broken-${process.pid}`
    await api.create(`${APPS}/deployments`, deployment(name, {labels: {'sapoche.test/state': 'imagepull'}}))
    try {
      const isStuck = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
        pods.some(({status}) => status.containerStatuses?.[0]?.state?.waiting?.reason === 'ImagePullBackOff')
      const [pod] = await waitForPods(api, name, 'its image is missing', isStuck)
      const {items} = await read<PodsReport>('PodsReport', 'pods', '--problems')
      expect(items).toMatchObject([
        {name: pod?.metadata.name, workload: name, ready: false, status: 'ImagePullBackOff', severity: 'critical'},
      ])
      expect(items[0]?.reason).toContain('ImagePullBackOff')
    } finally {
      await deleteDeployment(api, name)
    }
  })

  test('top: what was measured, and nothing in the place of what was not', async () => {
    const readTop = () => read<TopReport>('TopReport', 'top', 'consumers', '--except', 'consumer-lis-testresult', '--by', 'workload')
    // Those that an earlier test has restarted are measured twice before there is a figure.
    await waitUntil('all consumers are measured', async () => (await readTop()).total.containers.absent === 0)
    const old = await readTop()
    expect(old.warnings).toEqual([])
    expect(old.items).toHaveLength(12)
    for (const {name, cpu, memory, measuredAt, requests, percents} of old.items) {
      const isWhole = cpu !== null && memory !== null && memory > 0 && measuredAt !== null
      expect({name, isWhole}).toEqual({name, isWhole: true})
      expect(percents.memoryOfRequests).toBeCloseTo(((memory ?? 0) / (requests.memory ?? 0)) * 100, 1)
    }
    expect(old.total.memory).toBe(old.items.reduce((sum, {memory}) => sum + (memory ?? 0), 0))
    expect(old.items.map(({memory}) => memory ?? 0)).toEqual(old.items.map(({memory}) => memory ?? 0).toSorted((a, b) => b - a))
    // Of a pod that has just begun the metrics API has no figures.
    await done('restart', 'consumer-dicom', '--yes')
    await waitForPods(opened().api, 'consumer-dicom', 'the old one is gone', (pods) => pods.length === 1)
    const {items, total} = await read<TopReport>('TopReport', 'top', 'consumer-dicom')
    expect(items).toMatchObject([{workload: 'consumer-dicom', cpu: null, memory: null, containers: {total: 1, absent: 1}}])
    expect(total).toMatchObject({cpu: null, memory: null, percents: {memoryOfRequests: null}})
  }, 90_000)

  describe('changes', () => {
    test('a scaling is one row, of the event and our own journal', async () => {
      const name = 'worker-sapoche-event-tracking'
      await done('scale', name, '--replicas', '2', '--reason', 'a trial', '--yes')
      const {items} = await read<ChangesReport>('ChangesReport', 'changes', name, '--since', '5m')
      const scalings = items.filter(({kind}) => kind === 'scaling' || kind === 'journal')
      expect(scalings).toMatchObject([{workload: name, reason: 'a trial', sources: expect.arrayContaining(['event', 'journal'])}])
      expect(scalings[0]?.by).not.toBeNull()
      await done('scale', name, '--to-baseline', '--yes')
    })

    test('a move of an autoscaler is one row: which one, and why', async () => {
      const {api} = opened()
      const name = 'consumer-spc-pos-orders'
      const hpas = '/apis/autoscaling/v2/namespaces/sapoche/horizontalpodautoscalers'
      const metadata = {name: `hpa-${process.pid}`, namespace: 'sapoche'}
      const spec = {scaleTargetRef: {apiVersion: 'apps/v1', kind: 'Deployment', name}, minReplicas: 2, maxReplicas: 4}
      await api.create(hpas, {apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata, spec})
      try {
        const moves = async (): Promise<ChangesReport['items']> =>
          (await read<ChangesReport>('ChangesReport', 'changes', name, '--since', '2m')).items.filter(({kind}) =>
            /scaling|autoscaler/.test(kind),
          )
        await expect.poll(moves).toMatchObject([
          {
            kind: 'scaling',
            workload: name,
            what: '1 -> 2 replicas',
            by: `HPA ${metadata.name}`,
            reason: 'Current number of replicas below Spec.MinReplicas',
          },
        ])
      } finally {
        await api.delete(`${hpas}/${metadata.name}`)
        await done('scale', name, '--to-baseline', '--yes')
      }
    })

    test('a rollout with what differs, an eviction, and ConfigMaps and Secrets by their times alone', async () => {
      const {api} = opened()
      const [name, settings] = ['worker-sapoche-notifications', `settings-${process.pid}`]
      const metadata = {name: settings, namespace: 'sapoche'}
      const container = {name: 'app', image: 'registry.example/worker:9.9', env: [{name: 'CONTRACT', value: 'not-to-be-told'}]}
      await api.patch(`${APPS}/deployments/${name}`, {spec: {template: {spec: {containers: [container]}}}}, 'strategic-merge')
      await api.create(`${CORE}/configmaps`, {apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {key: 'not-to-be-told'}})
      await api.create(`${CORE}/secrets`, {apiVersion: 'v1', kind: 'Secret', metadata, stringData: {key: 'not-to-be-told'}})
      const [pod] = await podsOf(api, 'consumer-employee')
      await done('evict', pod?.metadata.name ?? '', '--yes')
      const answer = await run(['changes', '--since', '1m', '-o', 'json'])
      const {items, warnings} = reportOf<ChangesReport>(answer, 'ChangesReport')
      expect({code: answer.code, warnings}).toEqual({code: 0, warnings: []})
      const of = (kind: string, object: string) => items.filter((item) => item.kind === kind && item.object.name === object)
      expect(of('rollout', name).at(-1)).toMatchObject({workload: name, what: expect.stringMatching(/image .*worker:9\.9.*CONTRACT/)})
      expect(of('ConfigMap', settings)).toMatchObject([{what: `ConfigMap ${settings} created`, usedBy: []}])
      expect(of('Secret', settings)).toMatchObject([{what: `Secret ${settings} created`, usedBy: []}])
      const evictions = items.filter(({object}) => object.name === pod?.metadata.name)
      expect(evictions).toMatchObject([{workload: 'consumer-employee', by: expect.any(String)}])
      expect(answer.stdout).not.toContain('not-to-be-told')
      const times = items.map(({at}) => at)
      expect(times).toEqual([...times].sort())
      for (const kind of ['configmaps', 'secrets']) await api.delete(`${CORE}/${kind}/${settings}`)
    })
  })
}
