import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {OperationItem} from '../../src/lib/runbook/operation/schema.ts'
import {scale, type ScaleReport} from '../../src/lib/runbook/scale/index.ts'
import {SCALE_ANNOTATIONS} from '../../src/lib/workload/index.ts'
import {isComplete, openStage, overtaken, type Stage} from './operations-kit.ts'
import {serveScaledObjects} from '../real/keda.ts'
import {reportOf} from './scene.ts'
import {sandboxTarget, type Target} from './target.ts'

const WEB = [{name: 'web'}]
const OPTIONS = {
  targets: ['web'],
  except: [],
  wish: {to: 'count', count: 3},
  force: false,
  detach: false,
  wait: true,
  timeoutMs: 20_000,
  dryRun: false,
  withLogs: false,
} as const

/** `sapoche scale` on any cluster: every outcome of rules.md, section 6, and what is left behind. */
export function scaleSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const scaled = async (stage: Stage, ...args: string[]): Promise<{code: number | null; report: ScaleReport; item: OperationItem}> => {
    const run = await stage.operate(['scale', 'web', ...args])
    const report = reportOf<ScaleReport>(run, 'ScaleReport')
    expect(run.stderr).toBe('')
    return {code: run.code, report, item: report.items[0]!}
  }
  const countOf = async (stage: Stage): Promise<number> => (await stage.deployment('web')).spec.replicas
  const recordOf = async (stage: Stage): Promise<Record<string, string>> =>
    Object.fromEntries(
      Object.entries((await stage.deployment('web')).metadata.annotations ?? {}).filter(([name]) => name.startsWith('sapoche.dev/')),
    )

  describe('KEDA', () => {
    const SCALED = {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: {name: 'worker-sapoche-pdf'},
      spec: {scaleTargetRef: {name: 'worker-sapoche-pdf'}, minReplicaCount: 1, maxReplicaCount: 10, triggers: []},
    }
    let keda: Target
    let end: () => Promise<void>
    beforeAll(async () => {
      // The embedded cluster has it in one scenario alone.
      keda = target.kind === 'real' ? target : await sandboxTarget([], 'scaled-out')
      end = target.kind === 'real' ? await serveScaledObjects(target.api) : () => keda.close()
      if (target.kind === 'real') await target.api.create('/apis/keda.sh/v1alpha1/namespaces/sapoche/scaledobjects', SCALED)
    })
    afterAll(() => end())

    test('what it holds: warned, and not in the way', async () => {
      const env = {XDG_STATE_HOME: keda.folder, USER: 'ops'}
      const run = await keda.sapoche(['scale', 'worker-sapoche-pdf', '--replicas', '5', '--yes', '-o', 'json'], {env})
      const {items, warnings} = reportOf<ScaleReport>(run, 'ScaleReport')
      const message =
        /^worker-sapoche-pdf belongs to ScaledObject worker-sapoche-pdf \(1\.\.10\): KEDA will set its own count again; its annotation /
      expect(warnings).toContainEqual({code: 'autoscaler', message: expect.stringMatching(message)})
      expect(items).toMatchObject([{outcome: 'scaled', after: 5}])
      expect((await keda.sapoche(['scale', 'worker-sapoche-pdf', '--revert', '--yes'], {env})).code).toBe(0)
    })
  })

  describe.concurrent('outcomes', () => {
    test('scaled: ready, recorded, written down, and undone by its undo line', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const {code, report, item} = await scaled(stage, '--replicas', '3', '--reason', 'PDF backlog')
      expect(isComplete(await stage.deployment('web'))).toBe(true)
      expect({code, item, summary: report.summary}).toMatchObject({
        code: 0,
        summary: {scaled: 1},
        item: {name: 'web', before: 1, after: 3, outcome: 'scaled', reason: '', undo: `sapoche scale web --revert ${stage.args.join(' ')}`},
      })
      expect(await recordOf(stage)).toMatchObject({
        [SCALE_ANNOTATIONS.previous]: '1',
        [SCALE_ANNOTATIONS.to]: '3',
        [SCALE_ANNOTATIONS.by]: 'ops',
        [SCALE_ANNOTATIONS.reason]: 'PDF backlog',
      })
      expect((await stage.undo(item.undo)).code).toBe(0)
      expect({count: await countOf(stage), record: await recordOf(stage)}).toEqual({count: 1, record: {}})

      const [change, undone] = await stage.journal()
      expect(change).toMatchObject({
        who: 'ops',
        command: 'scale',
        target: 'web',
        before: 1,
        after: 3,
        reason: 'PDF backlog',
        namespace: stage.namespace,
      })
      expect(undone).toMatchObject({before: 3, after: 1})
      // The journal's own undo line of the undo: back to three.
      expect((await stage.undo(undone?.undo)).code).toBe(0)
      expect(await countOf(stage)).toBe(3)
    })

    test('unchanged: the recorded count before stays', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await scaled(stage, '--replicas', '2')
      const before = await stage.deployment('web')
      const {code, item} = await scaled(stage, '--replicas', '2', '--reason', 'again')
      expect({code, outcome: item.outcome, reason: item.reason, undo: item.undo}).toEqual({
        code: 0,
        outcome: 'unchanged',
        reason: 'already at 2',
        undo: null,
      })
      expect((await stage.deployment('web')).metadata.annotations).toEqual(before.metadata.annotations)
      expect(await stage.journal()).toHaveLength(1)
    })

    test.each([
      ['--current-replicas', ['--replicas', '3', '--current-replicas', '2'], 'it has 1 where --current-replicas expects 2'],
      ['maxReplicas', ['--replicas', '2'], 'no more than 1: two would fight; --force does it all the same'],
    ])('refused by %s', async (_what, args, reason) => {
      const stage = await openStage(target, [{name: 'web', maxReplicas: {count: 1, reason: 'two would fight'}}])
      await stage.deploy('web')
      const {code, item} = await scaled(stage, ...args)
      expect({code, item}).toMatchObject({code: 2, item: {outcome: 'refused', before: 1, after: null, reason, undo: null}})
      expect({count: await countOf(stage), journal: await stage.journal()}).toEqual({count: 1, journal: []})
    })

    test('refused before anything is asked for, and overridden', async () => {
      const stage = await openStage(target, [{name: 'web', protected: 'it holds all', maxReplicas: {count: 1, reason: 'two would fight'}}])
      await stage.deploy('web')
      // A refusal is an outcome: it comes without `--confirm` and without `--yes`.
      const refused = await stage.run(['scale', 'web', '--replicas', '2', '-o', 'json'])
      expect({code: refused.code, outcome: reportOf<ScaleReport>(refused, 'ScaleReport').items[0]?.outcome}).toEqual({
        code: 2,
        outcome: 'refused',
      })
      const {item} = await scaled(stage, '--replicas', '2', '--force', '--confirm', 'web')
      expect(item.outcome).toBe('scaled')
    })

    test('planned: the server checks, and nothing changes', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const run = await stage.run(['scale', 'web', '--replicas', '3', '--dry-run', '-o', 'json'])
      const report = reportOf<ScaleReport>(run, 'ScaleReport')
      expect({code: run.code, report}).toMatchObject({
        code: 0,
        report: {dryRun: true, items: [{outcome: 'planned', before: 1, after: 3, undo: null}]},
      })
      expect({count: await countOf(stage), record: await recordOf(stage), journal: await stage.journal()}).toEqual({
        count: 1,
        record: {},
        journal: [],
      })
    })

    test('accepted: not waited for', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {labels: {'sapoche.test/delay': '3s'}})
      const {code, item} = await scaled(stage, '--replicas', '2', '--no-wait')
      expect({code, item}).toMatchObject({code: 0, item: {outcome: 'accepted', after: 2}})
      expect(isComplete(await stage.deployment('web'))).toBe(false)
    })

    test('timed-out: the count is set, and what is missing is said', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 0, labels: {'sapoche.test/state': 'unready'}})
      const {code, item} = await scaled(stage, '--replicas', '2', '--timeout', '2s')
      expect({code, outcome: item.outcome, after: item.after}).toEqual({code: 75, outcome: 'timed-out', after: 2})
      expect(item.reason).toMatch(/^not done within 2 s: 0 of 2 ready; pod \w+: Running; nothing is available$/)
      expect((await stage.undo(item.undo)).code).toBe(0)
      expect(await countOf(stage)).toBe(0)
    })

    test('doomed: at once, with the evidence and without log lines', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 0, labels: {'sapoche.test/state': 'crashloop'}})
      const {code, item} = await scaled(stage, '--replicas', '1')
      expect({code, outcome: item.outcome}).toEqual({code: 2, outcome: 'doomed'})
      expect(item.reason).toMatch(/^pod \w+: container app: CrashLoopBackOff, exit 255, 7 restarts, .*nothing is available$/)
      expect(item.seconds).toBeLessThan(10)
      expect(item.evidence).toMatchObject({container: 'app', logs: null})
    })

    test('superseded: somebody else sets another count in the middle', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {labels: {'sapoche.test/delay': '3s'}})
      const running = scaled(stage, '--replicas', '3')
      await stage.becomes('web', ({spec}) => spec.replicas === 3)
      await stage.patch('web', {spec: {replicas: 2}})
      const {code, item} = await running
      expect({code, item}).toMatchObject({
        code: 2,
        item: {outcome: 'superseded', reason: expect.stringMatching(/^set to 2 meanwhile by second-writer at /)},
      })
    })

    test('superseded: an autoscaler sets its own count, as it was warned', async () => {
      const stage = await openStage(target, WEB)
      // A real autoscaler looks every 5 s.
      await stage.deploy('web', {replicas: 2, labels: {'sapoche.test/delay': target.kind === 'real' ? '12s' : '2s'}})
      await stage.create({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: {name: 'web-hpa'},
        spec: {
          scaleTargetRef: {apiVersion: 'apps/v1', kind: 'Deployment', name: 'web'},
          minReplicas: 1,
          maxReplicas: 4,
          metrics: [{type: 'Resource', resource: {name: 'cpu', target: {type: 'Utilization', averageUtilization: 60}}}],
        },
      })
      const {code, report, item} = await scaled(stage, '--replicas', '5')
      expect(report.warnings).toContainEqual({code: 'autoscaler', message: expect.stringMatching(/^web belongs to HPA web-hpa \(1\.\.4\)/)})
      expect({code, item}).toMatchObject({
        code: 2,
        item: {outcome: 'superseded', reason: 'set to 4 meanwhile by the autoscaler (kube-controller-manager)'},
      })
    }, 60_000)

    test('failed: a quota refuses the pods', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await stage.create({apiVersion: 'v1', kind: 'ResourceQuota', metadata: {name: 'few'}, spec: {hard: {pods: '1'}}})
      await stage.waitFor(
        stage.at('v1', 'resourcequotas', 'few'),
        (quota) => target.kind === 'sandbox' || JSON.stringify(quota).includes('"used":{"pods":"1"}'),
      )
      const {code, item} = await scaled(stage, '--replicas', '2')
      expect({code, outcome: item.outcome}).toEqual({code: 2, outcome: 'failed'})
      expect(item.reason).toMatch(/^pods can't be created \(FailedCreate\): .*exceeded quota.*; 1 of 2 still available$/)
      expect((await stage.undo(item.undo)).code).toBe(0)
    })

    test('failed: it is not in the cluster; the others are scaled', async () => {
      const stage = await openStage(target, [{name: 'web'}, {name: 'gone'}])
      await stage.deploy('web')
      const run = await stage.operate(['scale', 'web', 'gone', '--replicas', '2'])
      expect({code: run.code, items: reportOf<ScaleReport>(run, 'ScaleReport').items}).toMatchObject({
        code: 2,
        items: [
          {name: 'web', outcome: 'scaled'},
          {name: 'gone', outcome: 'failed', reason: 'there is no such deployment in the cluster'},
        ],
      })
    })

    test('inactive and skipped: a category leaves baseline 0 and protected workloads alone', async () => {
      const stage = await openStage(target, [{name: 'web'}, {name: 'idle', baseline: 0}, {name: 'store', protected: 'it holds all'}])
      for (const name of ['web', 'idle', 'store']) await stage.deploy(name, {replicas: name === 'idle' ? 0 : 1})
      const run = await stage.operate(['scale', 'consumers', '--replicas', '2'])
      expect({code: run.code, items: reportOf<ScaleReport>(run, 'ScaleReport').items.map(({name, outcome}) => [name, outcome])}).toEqual({
        code: 0,
        items: [
          ['web', 'scaled'],
          ['idle', 'inactive'],
          ['store', 'skipped'],
        ],
      })
    })
  })

  describe.concurrent('writes', () => {
    test('a conflict is tried again', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator(overtaken(() => stage.patch('web', {metadata: {annotations: {by: 'somebody'}}})))
      try {
        const report = await scale(OPTIONS, operator, new AbortController().signal)
        expect(report.items).toMatchObject([{outcome: 'scaled', before: 1, after: 3}])
        expect((await stage.deployment('web')).metadata.annotations).toMatchObject({by: 'somebody', [SCALE_ANNOTATIONS.to]: '3'})
      } finally {
        operator.close()
      }
    })

    test('what was agreed to no longer holds: superseded, and nothing is written', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator(overtaken(() => stage.patch('web', {spec: {replicas: 2}})))
      try {
        const report = await scale(OPTIONS, operator, new AbortController().signal)
        expect(report.items).toMatchObject([
          {
            outcome: 'superseded',
            reason: expect.stringMatching(/^set to 2 meanwhile by second-writer at .{19}Z; not set to 3$/),
            undo: null,
          },
        ])
        expect(await countOf(stage)).toBe(2)
      } finally {
        operator.close()
      }
    })

    test('a tool that owns it is watched for putting its own count back', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await stage.patch('web', {metadata: {labels: {'app.kubernetes.io/managed-by': 'Helm'}}}, 'helm')
      const operator = await stage.operator()
      try {
        const running = scale({...OPTIONS, holdMs: 20_000}, operator, new AbortController().signal)
        await stage.becomes('web', (found) => found.spec.replicas === 3 && isComplete(found))
        await stage.patch('web', {spec: {replicas: 1}}, 'helm')
        const report = await running
        expect(report.items).toMatchObject([{outcome: 'superseded', reason: expect.stringMatching(/^set to 1 meanwhile by helm at /)}])
        expect(report.warnings).toContainEqual({code: 'managed', message: 'web is managed by Helm, which may put its own count back'})
      } finally {
        operator.close()
      }
    })

    test('to zero is done when the last pod is gone', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 2, labels: {'sapoche.test/stop-delay': '2s'}})
      const {item, report} = await scaled(stage, '--replicas', '0')
      expect(item).toMatchObject({outcome: 'scaled', before: 2, after: 0})
      expect(item.seconds).toBeGreaterThan(1)
      expect(report.warnings).toContainEqual({code: 'stops', message: 'web stops: a case'})
      expect((await target.api.get<{items: unknown[]}>(stage.at('v1', 'pods'))).items).toEqual([])
    })
  })

  describe.concurrent('for a while', () => {
    test('goes back at the end', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const {code, report} = await scaled(stage, '--replicas', '2', '--for', '3s')
      expect({code, report}).toMatchObject({
        code: 0,
        report: {
          interrupted: false,
          items: [{outcome: 'scaled', before: 1, after: 2}],
          temporary: {detached: false},
          reverted: [{outcome: 'scaled', before: 2, after: 1}],
        },
      })
      expect({count: await countOf(stage), record: await recordOf(stage)}).toEqual({count: 1, record: {}})
    })

    test('goes back at Ctrl-C', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const running = stage.operate(['scale', 'web', '--replicas', '2', '--for', '1h'], {
        started: (child) =>
          void stage.becomes('web', (found) => found.spec.replicas === 2 && isComplete(found)).then(() => child.kill('SIGINT')),
      })
      const run = await running
      expect({code: run.code, report: reportOf<ScaleReport>(run, 'ScaleReport')}).toMatchObject({
        code: 130,
        report: {interrupted: true, reverted: [{outcome: 'accepted', before: 2, after: 1}]},
      })
      expect({count: await countOf(stage), record: await recordOf(stage)}).toEqual({count: 1, record: {}})
    })

    test('killed: the record stays, status shows it, --revert goes back', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await stage.operate(['scale', 'web', '--replicas', '2', '--for', '1h'], {
        started: (child) =>
          void stage.becomes('web', (found) => found.spec.replicas === 2 && isComplete(found)).then(() => child.kill('SIGKILL')),
      })
      const {report} = await stage.status()
      expect(report.items[0]).toMatchObject({health: 'ok', temporary: {overdue: false, previous: 1, by: 'ops'}})
      expect((await stage.journal()).map(({before, after}) => [before, after])).toEqual([[1, 2]])
      const {item} = await scaled(stage, '--revert')
      expect(item).toMatchObject({outcome: 'scaled', before: 2, after: 1})
    })

    test('detached: overdue is said by status, and undone by its next command', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const {code, report} = await scaled(stage, '--replicas', '2', '--for', '1s', '--detach')
      expect({code, report}).toMatchObject({code: 0, report: {temporary: {detached: true}, reverted: null}})
      const {report: status} = await stage.until(({items}) => items[0]?.health === 'drifted')
      expect(status.items[0]).toMatchObject({reason: expect.stringMatching(/overdue/), next: ['sapoche scale web --revert']})
      expect((await stage.undo(`${status.items[0]?.next[0]} ${stage.args.join(' ')}`)).code).toBe(0)
      expect(await countOf(stage)).toBe(1)
    })

    // Set to what it had before as well: that is then somebody else's count.
    test.each([3, 1])('somebody else has set it to %i since: it is not set back', async (count) => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const running = scaled(stage, '--replicas', '2', '--for', '1h')
      await stage.becomes('web', (found) => found.spec.replicas === 2 && isComplete(found))
      await stage.patch('web', {spec: {replicas: count}})
      const {code, report} = await running
      const reason = expect.stringMatching(new RegExp(`^set to ${count} meanwhile by second-writer at .{19}Z; not set to 1$`))
      expect({code, report}).toMatchObject({code: 2, report: {items: [{outcome: 'scaled'}], reverted: [{outcome: 'superseded', reason}]}})
      expect(await countOf(stage)).toBe(count)
      const {item} = await scaled(stage, '--revert')
      expect(item).toMatchObject({outcome: 'unchanged', reason: `it has ${count}, no longer the 2 that ops set; nothing to go back to`})
    })
  })

  describe.concurrent('guards', () => {
    test.each<[string, string[], number, RegExp]>([
      ['nobody to ask', ['web', '--replicas', '2'], 64, /Scale web from 1 to 2 in case-.*: no terminal to ask on; --yes/],
      ['no targets', ['--replicas', '2', '--yes'], 64, /scale needs targets/],
      ['no count', ['web', '--yes'], 64, /one of --replicas N, --to-baseline and --revert/],
      ['a count that is none', ['web', '--replicas', '-1', '--yes'], 64, /--replicas/],
      ['a name that matches nothing', ['wbe', '--replicas', '2', '--yes'], 64, /no workload matches "wbe"/],
      [
        'a protected one without its name typed',
        ['store', '--replicas', '0', '--yes'],
        64,
        /--confirm store is missing: it is protected: it holds all/,
      ],
      ['all without the namespace typed', ['all', '--replicas', '2', '--yes'], 64, /--confirm case-.* is missing/],
      ['--read-only', ['web', '--replicas', '2', '--yes', '--read-only'], 77, /--read-only refuses that/],
    ])('%s', async (_what, args, code, message) => {
      const stage = await openStage(target, [{name: 'web'}, {name: 'store', protected: 'it holds all'}])
      await stage.deploy('web')
      await stage.deploy('store')
      const run = await stage.run(['scale', ...args])
      expect(run.code).toBe(code)
      expect(run.stderr).toMatch(message)
      expect({stdout: run.stdout, count: await countOf(stage), journal: await stage.journal()}).toEqual({stdout: '', count: 1, journal: []})
    })

    test('SAPOCHE_READ_ONLY=1 refuses as well, in JSON too', async () => {
      const stage = await openStage(target, WEB)
      const run = await stage.operate(['scale', 'web', '--replicas', '2'], {env: {SAPOCHE_READ_ONLY: '1'}})
      expect({code: run.code, document: JSON.parse(run.stdout)}).toMatchObject({
        code: 77,
        document: {kind: 'Error', error: {code: 'refused'}},
      })
    })

    test('a pod is refused, with the commands that were meant', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const {items} = await target.api.get<{items: {metadata: {name: string}}[]}>(stage.at('v1', 'pods'))
      const run = await stage.run(['scale', `pod/${items[0]?.metadata.name}`, '--replicas', '2', '--yes'])
      expect({code: run.code, stderr: run.stderr}).toMatchObject({
        code: 64,
        stderr: expect.stringMatching(/is a pod; scale changes workloads\n {2}next {2}sapoche scale web/),
      })
    })

    test('the baseline of the catalogue', async () => {
      const stage = await openStage(target, [{name: 'web', baseline: 2}])
      await stage.deploy('web')
      const {item} = await scaled(stage, '--to-baseline')
      expect(item).toMatchObject({outcome: 'scaled', before: 1, after: 2})
    })
  })
}
