import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {StatusItem, StatusReport} from '../../src/lib/runbook/status/schema.ts'
import {loseNode, restoreNode} from '../real/faults.ts'
import {deployment, expectOutcome, openScene, type Scene} from './scene.ts'
import type {Target} from './target.ts'

const itemOf = (report: StatusReport, name: string): StatusItem => report.items.find((item) => item.name === name)!
const web = (report: StatusReport): StatusItem => itemOf(report, 'web')

interface PodObject {
  readonly metadata: {readonly name: string; readonly labels: Readonly<Record<string, string>>}
  readonly spec: {readonly nodeName: string}
}

/** The rows of rules.md that a control plane can show. */
export function rulesSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const patch = (scene: Scene, name: string, body: object): Promise<unknown> =>
    target.api.patch(scene.at('apps/v1', 'deployments', name), body, 'strategic-merge')
  const rollOut = (scene: Scene, name: string, labels: object): Promise<unknown> =>
    patch(scene, name, {spec: {template: {metadata: {labels}}}})
  const podsOf = async (scene: Scene): Promise<readonly PodObject[]> =>
    (await target.api.get<{items: PodObject[]}>(scene.at('v1', 'pods'))).items
  const settled = async (scene: Scene, name = 'web'): Promise<void> => {
    await scene.until((report) => ['ok', 'inactive'].includes(itemOf(report, name).health))
  }

  describe('rollouts', () => {
    test('surge: more pods than desired are no fault, and no drift', async () => {
      const scene = await openScene(target, [{name: 'web', baseline: 2}])
      await scene.create(deployment('web', {replicas: 2}))
      await settled(scene)
      await rollOut(scene, 'web', {'sapoche.test/delay': '2s'})
      const seen = await scene.until((found) => web(found).pods.length > 2)
      const reason = /^rolling out revision 2: \d of 2 updated, 2 ready/
      expectOutcome(seen, {health: 'progressing', severity: 'warning', reason, code: 1})
      expect(web(seen.report)).toMatchObject({desired: 2, ready: 2})
      await settled(scene)
    })

    test('Recreate: none ready, but within its grace', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web', {spec: {strategy: {type: 'Recreate'}}}))
      await settled(scene)
      await rollOut(scene, 'web', {'sapoche.test/state': 'unready'})
      const seen = await scene.until((found) => web(found).ready === 0 && web(found).reason.includes('container app'))
      const reason = /^rolling out revision 2: 1 of 1 updated, 0 ready; .*container app runs and is not ready$/
      expectOutcome(seen, {health: 'progressing', severity: 'warning', reason, code: 1})
    })

    test('a doomed pod beside a ready one: degraded, naming the container', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web'))
      await settled(scene)
      await patch(scene, 'web', {
        spec: {
          template: {
            metadata: {labels: {'sapoche.test/state': 'crashloop'}},
            spec: {containers: [{name: 'app', image: 'registry.example/case:2.0'}]},
          },
        },
      })
      const seen = await scene.until((found) => web(found).health === 'degraded')
      const reason = /^pod \S+: container app: CrashLoopBackOff, exit 255/
      expectOutcome(seen, {health: 'degraded', severity: 'warning', reason, code: 1})
      expect(web(seen.report)).toMatchObject({ready: 1, changed: {what: 'image case:1.0 -> case:2.0', revision: 2}})
      expect(web(seen.report).next).toEqual(['sapoche logs web --previous', 'sapoche rollback web'])
    })

    test('paused', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web'))
      await settled(scene)
      await patch(scene, 'web', {spec: {paused: true, template: {metadata: {labels: {changed: 'yes'}}}}})
      const seen = await scene.until((found) => web(found).reason.startsWith('paused since'))
      expectOutcome(seen, {health: 'progressing', severity: 'warning', reason: /^paused since \d{4}-\S+ \S+Z \(\d+ s\)$/, code: 1})
      expect(web(seen.report).next).toEqual([`kubectl rollout resume deployment/web -n ${scene.namespace}`])
    })

    test('the progress deadline is over although the old pod serves', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web', {spec: {progressDeadlineSeconds: 2}}))
      await settled(scene)
      await rollOut(scene, 'web', {'sapoche.test/state': 'unready'})
      const seen = await scene.until((found) => web(found).health === 'degraded')
      const reason =
        /^the rollout of revision 2 has passed its deadline of 2 s; old pods serve; pod \S+: container app runs and is not ready$/
      expectOutcome(seen, {health: 'degraded', severity: 'warning', reason, code: 1})
      expect(web(seen.report).ready).toBe(1)
    })

    test('minReadySeconds: ready is not available', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web', {spec: {minReadySeconds: 3600, progressDeadlineSeconds: 7200}}))
      const seen = await scene.until((found) => web(found).ready === 1)
      const reason = /; 0 of 1 pods are available \(minReadySeconds 3600\)$/
      expectOutcome(seen, {health: 'progressing', severity: 'warning', reason, code: 1})
      expect(web(seen.report)).toMatchObject({ready: 1, available: 0})
    })
  })

  describe('pods', () => {
    test('moved off by a drain: progressing, not down', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web', {labels: {'sapoche.test/delay': '5s', 'sapoche.test/stop-delay': '5s'}}))
      await settled(scene)
      const [pod] = await podsOf(scene)
      const {name} = pod!.metadata
      const node = pod!.spec.nodeName
      await target.api.patch(`/api/v1/nodes/${node}`, {spec: {unschedulable: true}})
      try {
        await target.api.create(`${scene.at('v1', 'pods', name)}/eviction`, {apiVersion: 'policy/v1', kind: 'Eviction', metadata: {name}})
        const seen = await scene.until((found) => web(found).ready === 0 && web(found).reason.includes('moved off'))
        const reason = new RegExp(`^0 of 1 ready; moved off ${node} by a drain`)
        expectOutcome(seen, {health: 'progressing', severity: 'warning', reason, code: 1})
      } finally {
        await target.api.patch(`/api/v1/nodes/${node}`, {spec: {unschedulable: null}})
      }
      await settled(scene)
    })

    test('a ready pod on a node that is not ready is not ready', async () => {
      const scene = await openScene(target, [{name: 'web', startupGrace: 0}])
      await scene.create(deployment('web'))
      await settled(scene)
      const [pod] = await podsOf(scene)
      const node = pod!.spec.nodeName
      await loseNode(target.api, node, 'False')
      try {
        const seen = await scene.until((found) => web(found).health === 'down')
        const reason = new RegExp(`^on ${node}, which is NotReady for `)
        expectOutcome(seen, {health: 'down', severity: 'critical', reason, code: 2})
      } finally {
        await restoreNode(target.api, node)
      }
      await settled(scene)
    })

    test('an evicted pod is a leftover and is not judged', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web'))
      await settled(scene)
      const [pod] = await podsOf(scene)
      await target.api.patch(
        `${scene.at('v1', 'pods', pod!.metadata.name)}/status`,
        {status: {phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.', containerStatuses: null}},
        'strategic-merge',
      )
      const seen = await scene.until((found) => web(found).health === 'ok' && web(found).leftovers.length === 1)
      expectOutcome(seen, {health: 'ok', severity: 'ok', reason: '', code: 0})
      expect(web(seen.report).leftovers).toEqual([{name: pod!.metadata.name, reason: 'Evicted', node: pod!.spec.nodeName}])
    })

    test('a sidecar that is not ready is named', async () => {
      const scene = await openScene(target, [{name: 'web', startupGrace: 0}])
      const pod = {
        containers: [
          {name: 'app', image: 'registry.example/case:1.0'},
          {name: 'sidecar', image: 'registry.example/sidecar:1.0'},
        ],
      }
      await scene.create(deployment('web', {labels: {'sapoche.test/state': 'unready', 'sapoche.test/container': 'sidecar'}, pod}))
      const seen = await scene.until((found) => web(found).health === 'down' && /container \w+/.test(web(found).reason))
      const reason = /^container sidecar runs and is not ready/
      expectOutcome(seen, {health: 'down', severity: 'critical', reason, code: 2})
    })

    test('two deployments that share labels keep their pods apart', async () => {
      const scene = await openScene(target, [{name: 'web'}, {name: 'other'}])
      const shared = {app: 'shared'}
      const spec = (name: string): object => ({selector: {matchLabels: {...shared, part: name}}})
      await scene.create(
        deployment('web', {labels: {...shared, part: 'web'}, spec: {selector: {matchLabels: shared}}}),
        deployment('other', {labels: {...shared, part: 'other', 'sapoche.test/state': 'crashloop'}, spec: spec('other')}),
      )
      const seen = await scene.until((found) => web(found).health === 'ok' && itemOf(found, 'other').health === 'down')
      expectOutcome(seen, {health: 'ok', severity: 'ok', reason: '', code: 2})
      expectOutcome(seen, {name: 'other', health: 'down', severity: 'critical', reason: /^container app: CrashLoopBackOff/, code: 2})
      expect(web(seen.report).pods).toHaveLength(1)
      expect(itemOf(seen.report, 'other').pods).toHaveLength(1)
    })

    test('a quota: the words of the API server', async () => {
      const scene = await openScene(target, [{name: 'web', startupGrace: 0}])
      await scene.create({apiVersion: 'v1', kind: 'ResourceQuota', metadata: {name: 'none'}, spec: {hard: {pods: '0'}}})
      // The API server's admission knows a new quota when its controller has counted once.
      await scene.waitFor(scene.at('v1', 'resourcequotas', 'none'), (quota) => 'hard' in ((quota as {status?: object}).status ?? {}))
      await scene.create(deployment('web'))
      const seen = await scene.until((found) => web(found).health === 'down' && web(found).reason.includes('exceeded quota'))
      const reason = /^it has no pods; pods can't be created: FailedCreate: .*exceeded quota: none/
      expectOutcome(seen, {health: 'down', severity: 'critical', reason, code: 2})
    })
  })

  describe('autoscalers', () => {
    test('a count within the range of an HPA is no drift; one without its metric is a warning', async () => {
      // Of a kind that no cluster here serves.
      const metrics = [{type: 'External', external: {metric: {name: 'waiting'}, target: {type: 'Value', value: '1'}}}]
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web', {replicas: 3, container: {resources: {requests: {cpu: '10m'}}}}), {
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: {name: 'web'},
        spec: {scaleTargetRef: {apiVersion: 'apps/v1', kind: 'Deployment', name: 'web'}, minReplicas: 2, maxReplicas: 5, metrics},
      })
      const seen = await scene.until((found) => web(found).ready === 3 && web(found).autoscaler?.trouble != null)
      const reason = /^HPA web does not scale: FailedGet\w+Metric, /
      expectOutcome(seen, {health: 'degraded', severity: 'warning', reason, code: 1})
      expect(web(seen.report).autoscaler).toMatchObject({kind: 'HPA', name: 'web', min: 2, max: 5})
    })
  })

  describe('services', () => {
    const service = (targetPort: number | string): object => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name: 'front'},
      spec: {selector: {app: 'web'}, ports: [{name: 'http', port: 80, targetPort}]},
    })
    const listed = [{name: 'front', type: 'ClusterIP', ports: [{port: 80}], workload: 'web', purpose: 'a case'}]

    test('ready endpoints', async () => {
      const scene = await openScene(target, [{name: 'web'}], listed)
      await scene.create(deployment('web'), service(8080))
      const {run, report} = await scene.until((found) => found.services[0]?.readyEndpoints === 1 && web(found).health === 'ok')
      expect(report.services[0]).toMatchObject({name: 'front', severity: 'ok', reason: ''})
      expect(run.code).toBe(0)
    })

    test('a target port that no container names', async () => {
      const scene = await openScene(target, [{name: 'web'}], listed)
      await scene.create(deployment('web'), service('htpp'))
      const {run, report} = await scene.until((found) => web(found).health === 'ok' && (found.services[0]?.reason ?? '').includes('htpp'))
      expect(report.services[0]).toMatchObject({severity: 'critical', readyEndpoints: 0})
      expect(run.code).toBe(2)
    })

    test('no endpoints behind a workload that is down', async () => {
      const scene = await openScene(target, [{name: 'web'}], listed)
      await scene.create(deployment('web', {labels: {'sapoche.test/state': 'crashloop'}}), service(8080))
      const {run, report} = await scene.until((found) => web(found).health === 'down')
      expect(run.code).toBe(2)
      expect(report.services[0]).toMatchObject({
        severity: 'critical',
        readyEndpoints: 0,
        reason: 'no ready endpoints; the workload behind it is down',
      })
    })
  })

  describe('what else the namespace runs', () => {
    test('a deployment that the catalogue lacks is at most a warning, unless strict', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web'), deployment('stranger', {labels: {'sapoche.test/state': 'crashloop'}}))
      const enough = (found: StatusReport): boolean => web(found).health === 'ok' && itemOf(found, 'stranger').health === 'down'
      const {run, report} = await scene.until(enough)
      expect(itemOf(report, 'stranger')).toMatchObject({listed: false, severity: 'warning', baseline: null})
      expect(run.code).toBe(1)
      expect((await scene.status('--strict')).run.code).toBe(2)
    })

    test('a pod without owner', async () => {
      const scene = await openScene(target, [{name: 'web'}])
      await scene.create(deployment('web'), {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {name: 'lonely', labels: {'sapoche.test/state': 'imagepull'}},
        spec: {containers: [{name: 'app', image: 'registry.example/case:1.0'}]},
      })
      const {run, report} = await scene.until(
        (found) => web(found).health === 'ok' && found.others.some(({reason}) => reason.includes('ImagePullBackOff')),
      )
      expect(report.others).toMatchObject([{kind: 'Pod', name: 'lonely', listed: false, severity: 'warning'}])
      expect(run.code).toBe(1)
    })
  })
}
