import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {EvictReport} from '../../src/lib/runbook/evict/index.ts'
import type {HistoryReport} from '../../src/lib/runbook/history/index.ts'
import type {Journal} from '../../src/lib/runbook/journal/index.ts'
import {rollback, type RollbackReport} from '../../src/lib/runbook/rollback/index.ts'
import {isComplete, openStage, overtaken, type Stage} from './operations-kit.ts'
import {reportOf} from './scene.ts'
import type {Target} from './target.ts'

const WEB = [{name: 'web'}]
const SURGE = {spec: {strategy: {type: 'RollingUpdate', rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}}
const image = (version: string): object => ({
  spec: {template: {spec: {containers: [{name: 'app', image: `registry.example/case:${version}`}]}}},
})

interface PodObject {
  readonly metadata: {readonly name: string}
  readonly spec: {readonly containers: readonly {readonly image: string}[]}
}

/** `sapoche rollback`, `history`, `evict` and `journal` on any cluster. */
export function rollbackSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const podsOf = async (stage: Stage): Promise<readonly PodObject[]> =>
    (await target.api.get<{items: PodObject[]}>(stage.at('v1', 'pods'))).items
  const imageOf = async (stage: Stage): Promise<string | undefined> => {
    const found = await target.api.get<{spec: {template: {spec: {containers: {image: string}[]}}}}>(
      stage.at('apps/v1', 'deployments', 'web'),
    )
    return found.spec.template.spec.containers[0]?.image
  }
  const rolledOut = async (stage: Stage, version: string): Promise<void> => {
    await stage.patch('web', image(version))
    await stage.becomes('web', (found) => isComplete(found))
  }
  const rolledBack = async (stage: Stage, ...args: string[]): Promise<{code: number | null; report: RollbackReport}> => {
    const run = await stage.operate(['rollback', 'web', ...args])
    expect(run.stderr).toBe('')
    return {code: run.code, report: reportOf<RollbackReport>(run, 'RollbackReport')}
  }

  describe.concurrent('rollback', () => {
    test('to the revision before, and back again by its undo line', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await rolledOut(stage, '1.1')
      const {code, report} = await rolledBack(stage)
      expect({code, report}).toMatchObject({
        code: 0,
        report: {
          toRevision: 1,
          items: [{outcome: 'rolled-back', before: 2, after: 3, undo: `sapoche rollback web --to-revision 2 ${stage.args.join(' ')}`}],
        },
      })
      expect(await imageOf(stage)).toBe('registry.example/case:1.0')
      expect(isComplete(await stage.deployment('web'))).toBe(true)
      expect((await stage.undo((await stage.journal())[0]?.undo)).code).toBe(0)
      expect(await imageOf(stage)).toBe('registry.example/case:1.1')
    })

    test('to a revision that is named', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      for (const version of ['1.1', '1.2']) await rolledOut(stage, version)
      const {report} = await rolledBack(stage, '--to-revision', '1')
      expect(report.items[0]).toMatchObject({outcome: 'rolled-back', before: 3, after: 4})
      expect(await imageOf(stage)).toBe('registry.example/case:1.0')
    })

    test('doomed: at once, and back again', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/note': 'good'}})
      await stage.patch('web', {spec: {template: {metadata: {labels: {'sapoche.test/state': 'config'}}}}})
      await stage.becomes('web', ({status}) => status.updatedReplicas === 1)
      await stage.patch('web', {spec: {template: {metadata: {labels: {'sapoche.test/state': null, 'sapoche.test/note': 'better'}}}}})
      await stage.becomes('web', isComplete)
      const {code, report} = await rolledBack(stage, '--to-revision', '2')
      expect({code, items: report.items}).toMatchObject({code: 2, items: [{outcome: 'doomed'}]})
      expect(report.items[0]?.reason).toMatch(/CreateContainerConfigError, secret "queue-credentials" not found; 1 of 1 still available$/)
      expect((await stage.undo(report.items[0]?.undo)).code).toBe(0)
      expect(isComplete(await stage.deployment('web'))).toBe(true)
    })

    test('superseded: another rollout was quicker, and is left alone', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await rolledOut(stage, '1.1')
      const operator = await stage.operator(overtaken(() => stage.patch('web', image('1.2'), 'helm')))
      try {
        const options = {target: 'web', viaZero: false, wait: true, timeoutMs: 20_000, dryRun: false, withLogs: false}
        const {items} = await rollback(options, operator, new AbortController().signal)
        const reason = expect.stringMatching(/^changed meanwhile by helm at .{19}Z: image case:1.1 -> case:1.2; not rolled back$/)
        expect({items, image: await imageOf(stage)}).toMatchObject({
          items: [{outcome: 'superseded', reason, undo: null}],
          image: 'registry.example/case:1.2',
        })
      } finally {
        operator.close()
      }
    })

    test('unchanged: it has that template', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const {code, report} = await rolledBack(stage, '--to-revision', '1')
      expect({code, items: report.items}).toMatchObject({
        code: 0,
        items: [{outcome: 'unchanged', reason: 'it has the template of revision 1'}],
      })
    })

    test('refused: paused; and two that may never run side by side, unless through zero', async () => {
      const stage = await openStage(target, [{name: 'web', maxReplicas: {count: 1, reason: 'two would fight'}}])
      await stage.deploy('web', SURGE)
      await rolledOut(stage, '1.1')
      const refused = await rolledBack(stage)
      expect({code: refused.code, items: refused.report.items}).toMatchObject({
        code: 2,
        items: [{outcome: 'refused', reason: 'its rolling update would run 2 side by side: two would fight; --via-zero stops it first'}],
      })
      await stage.patch('web', {spec: {paused: true}})
      expect((await rolledBack(stage)).report.items).toMatchObject([{outcome: 'refused', reason: expect.stringMatching(/paused/)}])
      await stage.patch('web', {spec: {paused: false}})
      const {code, report} = await rolledBack(stage, '--via-zero')
      expect({code, items: report.items}).toMatchObject({code: 0, items: [{outcome: 'rolled-back', before: 2, after: 3}]})
      expect({image: await imageOf(stage), replicas: (await stage.deployment('web')).spec.replicas}).toEqual({
        image: 'registry.example/case:1.0',
        replicas: 1,
      })
    })

    test.each([
      ['no such revision', ['web', '--to-revision', '9'], /web has no revision 9: it has 1/],
      ['none before', ['web'], /web has no revision before the present one: it has 1/],
      ['several workloads', ['consumers'], /consumers names 2 workloads, and rollback takes one/],
    ])('%s: 64', async (_what, args, message) => {
      const stage = await openStage(target, [{name: 'web'}, {name: 'other'}])
      await stage.deploy('web')
      const run = await stage.run(['rollback', ...args, '--yes'])
      expect({code: run.code, stderr: run.stderr}).toMatchObject({code: 64, stderr: expect.stringMatching(message)})
    })
  })

  test('history: what changed from revision to revision, and which is current', async () => {
    const stage = await openStage(target, WEB)
    await stage.deploy('web')
    await stage.patch('web', {metadata: {annotations: {'kubernetes.io/change-cause': 'release 1.1'}}})
    await rolledOut(stage, '1.1')
    await stage.patch('web', {spec: {template: {spec: {containers: [{name: 'app', env: [{name: 'QUEUE', value: 'x'}]}]}}}})
    await stage.becomes('web', isComplete)
    await rolledBack(stage, '--to-revision', '1')
    const run = await stage.run(['history', 'web', '-o', 'json'])
    const {items} = reportOf<HistoryReport>(run, 'HistoryReport')
    expect({code: run.code, items}).toMatchObject({
      code: 0,
      items: [
        {revision: 2, current: false, cause: 'release 1.1', changes: null, rollback: 'sapoche rollback web --to-revision 2'},
        {
          revision: 3,
          current: false,
          changes: {env: ['QUEUE'], images: []},
          images: [{container: 'app', image: 'registry.example/case:1.1'}],
        },
        {
          revision: 4,
          current: true,
          reused: true,
          rollback: null,
          changes: {env: ['QUEUE'], images: [{from: expect.stringMatching(/1\.1$/), to: expect.stringMatching(/1\.0$/)}]},
        },
      ],
    })
    expect(JSON.stringify(items)).not.toContain('"x"')
    const text = await stage.run(['history', 'web'])
    expect(text.stdout).toMatch(/4 .*current, taken up again.*\n\nundo {2}sapoche rollback web --to-revision 3\n$/)
  })

  describe.concurrent('evict', () => {
    test('evicted: another takes its place, and is ready', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 2, labels: {'sapoche.test/stop-delay': '1s'}})
      const [pod] = await podsOf(stage)
      const name = pod?.metadata.name ?? ''
      const run = await stage.operate(['evict', name, '--reason', 'its node is slow'])
      const {items} = reportOf<EvictReport>(run, 'EvictReport')
      expect({code: run.code, items}).toMatchObject({
        code: 0,
        items: [
          {
            name,
            workload: 'web',
            outcome: 'evicted',
            before: expect.stringMatching(/^Running on node-/),
            after: expect.stringMatching(/^web-/),
            undo: null,
          },
        ],
      })
      const names = (await podsOf(stage)).map(({metadata}) => metadata.name)
      expect(names).toHaveLength(2)
      expect(names).toContain(items[0]?.after)
      expect(names).not.toContain(name)
      expect(await stage.journal()).toMatchObject([{command: 'evict', target: name, after: 'evicted', reason: 'its node is slow'}])
    })

    test('refused: a disruption budget forbids it', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await stage.create({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: {name: 'web-pdb'},
        spec: {minAvailable: 1, selector: {matchLabels: {app: 'web'}}},
      })
      const budget = stage.at('policy/v1', 'poddisruptionbudgets', 'web-pdb')
      await stage.waitFor(budget, (found) => target.kind === 'sandbox' || JSON.stringify(found).includes('"currentHealthy":1'))
      const [pod] = await podsOf(stage)
      const run = await stage.operate(['evict', `pod/${pod?.metadata.name}`])
      const {items} = reportOf<EvictReport>(run, 'EvictReport')
      expect({code: run.code, items}).toMatchObject({code: 2, items: [{outcome: 'refused', after: null}]})
      expect(items[0]?.reason).toMatch(/violate the pod's disruption budget.*web-pdb needs 1 healthy pods and has 1 currently/)
      expect({pods: await podsOf(stage), journal: await stage.journal()}).toMatchObject({pods: [{metadata: pod?.metadata}], journal: []})
    })

    test('planned: the server checks, and it stays', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const [pod] = await podsOf(stage)
      const run = await stage.run(['evict', pod?.metadata.name ?? '', '--dry-run', '-o', 'json'])
      expect({code: run.code, items: reportOf<EvictReport>(run, 'EvictReport').items}).toMatchObject({
        code: 0,
        items: [{outcome: 'planned'}],
      })
      expect((await podsOf(stage)).map(({metadata}) => metadata.name)).toEqual([pod?.metadata.name])
    })

    test.each([
      ['a workload', ['web', '--yes'], 64, /web is not a pod, and evict takes one\n {2}next {2}sapoche pods web/],
      ['a pod that is not there', ['web-6d5f9c7b4d-4ph9k', '--yes'], 64, /no pod matches "web-6d5f9c7b4d-4ph9k"/],
      ['nobody to ask', ['POD'], 64, /no terminal to ask on/],
      ['--read-only', ['POD', '--yes', '--read-only'], 77, /--read-only refuses that/],
    ])('%s', async (_what, args, code, message) => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const [pod] = await podsOf(stage)
      const run = await stage.run(['evict', ...args.map((arg) => (arg === 'POD' ? (pod?.metadata.name ?? '') : arg))])
      expect({code: run.code, stderr: run.stderr}).toMatchObject({code, stderr: expect.stringMatching(message)})
    })
  })

  test('journal: what was changed here, with the way back', async () => {
    const stage = await openStage(target, WEB)
    await stage.deploy('web')
    await stage.operate(['scale', 'web', '--replicas', '2', '--reason', 'backlog'])
    await stage.operate(['restart', 'web'])
    expect((await stage.journal()).map((entry) => `${entry.command} ${entry.target}`)).toEqual(['scale web', 'restart web'])
    const run = await target.sapoche(['journal', '--limit', '1', '--json'], {env: stage.environment})
    const report = reportOf<Journal>(run, 'Journal')
    expect({code: run.code, items: report.items}).toMatchObject({
      code: 0,
      items: [{command: 'restart', target: 'web', who: 'ops', namespace: stage.namespace}],
    })
    // Newest first, its undo lines bring the cluster back to where it was.
    for (const entry of (await stage.journal()).toReversed()) expect((await stage.undo(entry.undo)).code).toBe(0)
    const found = await stage.deployment('web')
    expect({replicas: found.spec.replicas, annotations: found.spec.template.metadata.annotations ?? {}}).toEqual({
      replicas: 1,
      annotations: {},
    })
  })
}
