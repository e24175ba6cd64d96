import {connect} from 'node:net'
import {describe, expect, test} from 'vitest'
import type {AuditInactiveReport} from '../../src/lib/runbook/audit-inactive/schema.ts'
import type {ChangesReport} from '../../src/lib/runbook/changes/schema.ts'
import type {EnvReport} from '../../src/lib/runbook/env/schema.ts'
import type {EventRecord, EventsReport} from '../../src/lib/runbook/events/schema.ts'
import type {PodsReport} from '../../src/lib/runbook/pods/schema.ts'
import type {TopReport} from '../../src/lib/runbook/top/schema.ts'
import {openTerminal} from '../package/terminal.ts'
import {deleteDeployment, podsOf, waitForPods} from '../real/faults.ts'
import type {InspectTarget} from './inspect-target.ts'
import {deployment, reportOf} from './scene.ts'

const CORE = '/api/v1/namespaces/sapoche'
const APPS = '/apis/apps/v1/namespaces/sapoche'
const MINUTE = 60_000

/** What the commands say of a cluster in which things happen. */
export function reportsSuite(opened: () => InspectTarget): void {
  const run: InspectTarget['sapoche'] = (args, options) => opened().sapoche(args, options)
  const read = async <T>(kind: string, ...args: readonly string[]): Promise<T> => reportOf<T>(await run([...args, '-o', 'json']), kind)
  const done = async (...args: readonly string[]): Promise<void> => {
    const {code, stderr} = await run(args)
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
  }

  /** Writes an event about a pod of a workload, as components do. */
  async function tell(workload: string, name: string, event: object): Promise<void> {
    const [pod] = await podsOf(opened().api, workload)
    await opened().api.create(`${CORE}/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {name: `${workload}.${process.pid}-${name}`, namespace: 'sapoche'},
      involvedObject: {apiVersion: 'v1', kind: 'Pod', namespace: 'sapoche', name: pod?.metadata.name, uid: pod?.metadata.uid},
      type: 'Warning',
      reason: 'Contract',
      ...event,
    })
  }

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
    const old = await read<TopReport>('TopReport', 'top', 'consumers', '--except', 'consumer-lis-testresult', '--by', 'workload')
    expect({warnings: old.warnings, absent: old.total.containers.absent}).toEqual({warnings: [], absent: 0})
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
  })

  describe('changes', () => {
    test('a scaling is one row, of the event and our own journal', async () => {
      const name = 'worker-sapoche-event-tracking'
      await done('scale', name, '--replicas', '2', '--reason', 'a trial', '--yes')
      const {items} = await read<ChangesReport>('ChangesReport', 'changes', name, '--since', '5m')
      const scalings = items.filter(({kind}) => kind === 'scaling' || kind === 'journal')
      expect(scalings).toMatchObject([{workload: name, reason: 'a trial', sources: expect.arrayContaining(['event', 'journal'])}])
      expect(scalings[0]?.by).not.toBeNull()
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

  describe('events', () => {
    test('the workload of each, the newest last', async () => {
      const {items, summary} = await read<EventsReport>('EventsReport', 'events', 'worker-sapoche-event-tracking')
      expect(summary.events).toBe(items.length)
      expect(new Set(items.map(({workload}) => workload))).toEqual(new Set(['worker-sapoche-event-tracking']))
      expect(new Set(items.map(({object}) => object.kind))).toEqual(new Set(['Deployment', 'ReplicaSet', 'Pod']))
      const times = items.map(({at}) => at ?? '')
      expect(times).toEqual([...times].sort())
    })

    test('a series by its last time; none are merged, and --limit counts rows', async () => {
      const workload = 'worker-booking'
      const at = (seconds: number): string => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}.000000Z`
      const alike = {message: 'twice the same', firstTimestamp: at(10), lastTimestamp: at(10), count: 1}
      await tell(workload, 'a', alike)
      await tell(workload, 'b', alike)
      await tell(workload, 'series', {
        message: 'again and again',
        action: 'Trying',
        eventTime: at(-600),
        series: {count: 12, lastObservedTime: at(20)},
        reportingComponent: 'contract',
        reportingInstance: 'contract-1',
      })
      const {items} = await read<EventsReport>('EventsReport', 'events', workload, '--limit', '3')
      expect(items).toMatchObject([
        {message: 'twice the same', count: 1, workload},
        {message: 'twice the same', count: 1, workload},
        {message: 'again and again', count: 12, workload, source: 'contract'},
      ])
      const {summary} = await read<EventsReport>('EventsReport', 'events', workload, '--warnings')
      expect(summary.events).toBe(summary.warnings)
    })

    test('--follow on a terminal: events, and nothing of what was waited for', async () => {
      const at = new Date().toISOString()
      await tell('worker-booking', 'seen', {message: 'seen', firstTimestamp: at, lastTimestamp: at, count: 1})
      const terminal = openTerminal('events worker-booking --follow --limit 1', {columns: 200, env: {KUBECONFIG: opened().kubeconfig}})
      const line = /^\d\d:\d\d:\d\d  (Normal |Warning)  .*$/
      try {
        await terminal.shows((screen) => screen.split('\n').some((each) => line.test(each)))
        terminal.type('\u0003')
        expect(await terminal.ended()).toBe(130)
        const [begun, ...events] = terminal.lines().filter(Boolean)
        expect(begun).toBe('begun')
        for (const each of events.slice(0, -1)) expect(each).toMatch(line)
      } finally {
        terminal.close()
      }
    })

    test('--follow goes on after its connection was cut: every event once', async () => {
      const {proxy, kubeconfig} = await opened().throughProxy()
      const started = opened().start(['events', 'consumer-ecg', '--follow', '-o', 'json'], kubeconfig)
      const messages = (): string[] =>
        started
          .stdout()
          .split('\n')
          .filter(Boolean)
          .map((line) => reportOf<EventRecord>({code: 0, signal: null, stdout: line, stderr: ''}, 'EventRecord').message)
          .filter((message) => message.startsWith('number '))
      const seen = (...numbers: readonly number[]): Promise<void> =>
        expect.poll(messages, {timeout: 15_000}).toEqual(numbers.map((number) => `number ${number}`))
      const number = (each: number): Promise<void> => {
        const at = new Date().toISOString()
        return tell('consumer-ecg', String(each), {message: `number ${each}`, firstTimestamp: at, lastTimestamp: at, count: 1})
      }
      await number(1)
      await seen(1)
      proxy.resetConnections()
      await number(2)
      await seen(1, 2)
      await number(3)
      await seen(1, 2, 3)
      started.interrupt()
      expect(await started.ended).toBe(130)
    })
  })

  describe('env', () => {
    test('templates and a pod agree, passwords are in neither', async () => {
      const written = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE')
      const live = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE', '--live')
      const connection = {name: 'QUEUE_CONNECTION', value: 'redis', masked: false}
      expect(written.items).toContainEqual(expect.objectContaining(connection))
      expect(live.items).toContainEqual(expect.objectContaining(connection))
      const secret = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'REDIS_PASSWORD')
      expect(secret.items).toMatchObject([{value: null, source: {kind: 'Secret', key: 'redis-password'}}])
    })

    test('ConfigMaps are followed, one that changed after its pod started is said, and a Secret may hold matches', async () => {
      const {api} = opened()
      const name = `env-${process.pid}`
      const metadata = {name, namespace: 'sapoche'}
      await api.create(`${CORE}/configmaps`, {apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {BROKER_URL: 'amqp://me:hidden@mq'}})
      const envFrom = [{configMapRef: {name}}, {secretRef: {name: 'sapoche-contract', optional: true}}]
      await api.create(`${APPS}/deployments`, deployment(name, {container: {envFrom}}))
      try {
        const isRunning = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
          pods.some(({status}) => status.containerStatuses?.[0]?.state?.running !== undefined)
        const [pod] = await waitForPods(api, name, 'it runs', isRunning)
        const fresh = await read<EnvReport>('EnvReport', 'env', name)
        expect(fresh.items).toMatchObject([
          {name: 'BROKER_URL', value: 'amqp://me:***@mq', masked: true, source: {kind: 'ConfigMap', name}},
        ])
        // Times of the API are whole seconds.
        await expect
          .poll(async () => {
            await api.patch(`${CORE}/configmaps/${name}`, {data: {BROKER_URL: `amqp://mq-${Date.now()}`}}, 'merge')
            return (await read<EnvReport>('EnvReport', 'env', name)).stale
          })
          .toMatchObject([{workload: name, configMap: name, pod: pod?.metadata.name}])
        const text = await run(['env', name, '--match', 'NOTHING'])
        expect(text).toMatchObject({code: 0, stdout: expect.stringMatching(/Secret sapoche-contract may hold matches: --live/), stderr: ''})
      } finally {
        await deleteDeployment(api, name)
        await api.delete(`${CORE}/configmaps/${name}`)
      }
    })

    test('a flag that only another one gives sense is refused without it', async () => {
      expect(await run(['env', 'worker-sapoche-pdf', '-c', 'app'])).toMatchObject({code: 64, stderr: expect.stringContaining('--live')})
    })
  })

  describe('audit-inactive', () => {
    const audit = async (): Promise<{code: number | null; report: AuditInactiveReport}> => {
      const answer = await run(['audit-inactive', '-o', 'json'])
      return {code: answer.code, report: reportOf<AuditInactiveReport>(answer, 'AuditInactiveReport')}
    }
    const itemOf = ({items}: AuditInactiveReport, name: string) => items.find((item) => item.name === name)

    test('what is inactive on purpose', async () => {
      const {code, report} = await audit()
      expect(code).toBe(0)
      expect(report).toMatchObject({verdict: 'ok', summary: {deployments: 38, inactive: 2, expected: 2}})
      const infos = report.items.map(({name, expected, severity, findings}) => [name, expected, severity, findings[0]?.id])
      expect(infos).toEqual([
        ['consumer-revenue', true, 'info', 'inactive-expected'],
        ['worker-sapoche-batch-publisher-notification', true, 'info', 'inactive-expected'],
      ])
    })

    test('what is not: by whom, where something says so', async () => {
      await done('scale', 'consumer-ecg', '--replicas', '0', '--yes')
      await opened().api.patch(`${APPS}/deployments/worker-booking/scale`, {spec: {replicas: 0}}, 'merge')
      const isScaled = async (): Promise<boolean> => (await podsOf(opened().api, 'worker-booking')).length === 0
      await expect.poll(isScaled).toBe(true)
      const {code, report} = await audit()
      expect({code, verdict: report.verdict}).toEqual({code: 2, verdict: 'critical'})
      const [ours, theirs] = [itemOf(report, 'consumer-ecg'), itemOf(report, 'worker-booking')]
      for (const found of [ours, theirs]) {
        expect(found).toMatchObject({expected: false, severity: 'critical', findings: [{id: 'inactive-unexpected'}]})
        expect(Date.parse(found?.since ?? '')).toBeGreaterThan(Date.now() - MINUTE)
      }
      expect([ours?.by === null, theirs?.by]).toEqual([false, null])
      expect((await run(['audit-inactive', 'worker-booking'])).stdout).toContain('by unknown')
      await done('scale', 'consumer-ecg', 'worker-booking', '--to-baseline', '--yes')
    })

    test('what is left attached, by the templates', async () => {
      const {api} = opened()
      const name = `idle-${process.pid}`
      const labels = {app: name}
      const made: readonly [string, string, object][] = [
        ['Service', `${CORE}/services`, {apiVersion: 'v1', spec: {selector: labels, ports: [{port: 80}]}}],
        [
          'PodDisruptionBudget',
          '/apis/policy/v1/namespaces/sapoche/poddisruptionbudgets',
          {apiVersion: 'policy/v1', spec: {selector: {matchLabels: labels}, maxUnavailable: 1}},
        ],
        ['ConfigMap', `${CORE}/configmaps`, {apiVersion: 'v1', data: {}}],
      ]
      const envFrom = [{configMapRef: {name}}, {secretRef: {name: 'sapoche-only-idle', optional: true}}]
      await api.create(`${APPS}/deployments`, deployment(name, {replicas: 0, container: {envFrom}}))
      for (const [kind, path, rest] of made) await api.create(path, {kind, metadata: {name, namespace: 'sapoche'}, ...rest})
      try {
        const found = itemOf((await audit()).report, name)
        expect(found?.leftovers.map((each) => `${each.kind} ${each.name}`).toSorted()).toEqual(
          [...made.map(([kind]) => `${kind} ${name}`), 'Secret sapoche-only-idle'].toSorted(),
        )
        expect(found?.findings.map(({id}) => id)).toEqual(['inactive-unlisted', 'leftovers'])
      } finally {
        for (const [, path] of made) await api.delete(`${path}/${name}`)
        await deleteDeployment(api, name)
      }
    })
  })

  test('forward leaves no port behind', async () => {
    const started = opened().start(['forward', 'st-bnkd-php', '0:80', '-o', 'json'])
    await started.shows(/ForwardReport/)
    const {port} = (JSON.parse(started.stdout()) as {local: {port: number}}).local
    started.interrupt()
    expect(await started.ended).toBe(0)
    await expect(
      new Promise((resolve, reject) => connect(port, '127.0.0.1').once('connect', resolve).once('error', reject)),
    ).rejects.toMatchObject({code: 'ECONNREFUSED'})
  })
}
