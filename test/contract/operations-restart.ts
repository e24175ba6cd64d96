import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {restart, type RestartReport} from '../../src/lib/runbook/restart/index.ts'
import type {Run, RunOptions} from '../package/program.ts'
import {isComplete, openStage, overtaken, type Bare, type DeploymentObject, type Stage} from './operations-kit.ts'
import {reportOf} from './scene.ts'
import type {Target} from './target.ts'

const WEB = [{name: 'web'}]
const SURGE = {spec: {strategy: {type: 'RollingUpdate', rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}}
const CRASHING = {spec: {template: {metadata: {labels: {'sapoche.test/state': 'crashloop'}}}}}
const OPTIONS = {
  targets: ['web'],
  except: [],
  parallel: 1,
  viaZero: false,
  keepGoing: false,
  undoOnFailure: false,
  wait: true,
  timeoutMs: 20_000,
  dryRun: false,
  withLogs: false,
} as const

interface PodObject {
  readonly metadata: {readonly name: string; readonly deletionTimestamp?: string}
}

/** `sapoche restart` on any cluster: every outcome of rules.md, section 6. */
export function restartSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const restarted = async (
    stage: Stage,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<{code: number | null; report: RestartReport; items: RestartReport['items']; run: Run}> => {
    const run = await stage.operate(['restart', ...args], options)
    const report = reportOf<RestartReport>(run, 'RestartReport')
    expect(run.stderr).toBe('')
    return {code: run.code, report, items: report.items, run}
  }
  const stampOf = (found: DeploymentObject): string | undefined =>
    found.spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt']
  const revisionOf = ({metadata}: DeploymentObject): string | undefined => metadata.annotations?.['deployment.kubernetes.io/revision']
  const restartedAt = (stamp: string): object => ({
    spec: {template: {metadata: {annotations: {'kubectl.kubernetes.io/restartedAt': stamp}}}},
  })
  const podsOf = async (stage: Stage): Promise<readonly PodObject[]> =>
    (await target.api.get<{items: PodObject[]}>(stage.at('v1', 'pods'))).items
  /** A healthy old pod beside new ones that crash. */
  const halfBroken = async (stage: Stage, name = 'web'): Promise<void> => {
    await stage.deploy(name, SURGE)
    await stage.patch(name, CRASHING)
    await stage.becomes(name, ({status}) => status.updatedReplicas === 1 && status.replicas === 2)
  }

  describe.concurrent('outcomes', () => {
    test('restarted: a new revision that is ready, and the way back', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 2})
      const before = (await podsOf(stage)).map(({metadata}) => metadata.name)
      const {code, report, items} = await restarted(stage, ['web', '--reason', 'stuck'])
      expect({code, summary: report.summary, items}).toMatchObject({
        code: 0,
        summary: {restarted: 1},
        items: [
          {name: 'web', before: 1, after: 2, outcome: 'restarted', undo: `sapoche rollback web --to-revision 1 ${stage.args.join(' ')}`},
        ],
      })
      const found = await stage.deployment('web')
      expect(isComplete(found)).toBe(true)
      expect(stampOf(found)).toMatch(/\.\d{3}Z$/)
      expect(
        (await podsOf(stage)).filter(({metadata}) => before.includes(metadata.name) && metadata.deletionTimestamp === undefined),
      ).toEqual([])
      expect((await stage.journal())[0]).toMatchObject({command: 'restart', target: 'web', before: 'revision 1', reason: 'stuck'})

      expect((await stage.undo((await stage.journal())[0]?.undo)).code).toBe(0)
      expect(stampOf(await stage.deployment('web'))).toBeUndefined()
    })

    test('two restarts within a second are two', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator()
      try {
        const options = {...OPTIONS, wait: false}
        const signal = new AbortController().signal
        await restart(options, operator, signal)
        const first = stampOf(await stage.deployment('web'))
        await restart(options, operator, signal)
        const second = stampOf(await stage.deployment('web'))
        expect(second).not.toBe(first)
        await stage.becomes('web', (found) => isComplete(found) && revisionOf(found) === '3')
      } finally {
        operator.close()
      }
    })

    test('refused: paused', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      await stage.patch('web', {spec: {paused: true}})
      const {code, items} = await restarted(stage, ['web'])
      expect({code, items}).toMatchObject({
        code: 2,
        items: [{outcome: 'refused', reason: 'its rollouts are paused; kubectl rollout resume deployment/web first', undo: null}],
      })
      expect(stampOf(await stage.deployment('web'))).toBeUndefined()
    })

    test('inactive: at zero nothing runs that could be restarted', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {replicas: 0})
      const {code, items} = await restarted(stage, ['web'])
      expect({code, items}).toMatchObject({
        code: 0,
        items: [{outcome: 'inactive', reason: 'at zero: nothing runs that could be restarted; sapoche scale web --to-baseline starts it'}],
      })
    })

    test('doomed: at once, the old pod serves, and the undo line goes back', async () => {
      const stage = await openStage(target, WEB)
      await halfBroken(stage)
      const {code, items} = await restarted(stage, ['web'])
      expect({code, items}).toMatchObject({
        code: 2,
        items: [{outcome: 'doomed', before: 2, after: 3, evidence: {container: 'app', logs: null}}],
      })
      expect(items[0]?.reason).toMatch(/^new pod \w+: container app: CrashLoopBackOff, exit 255, .*; 1 of 1 still available$/)
      expect(items[0]?.undo).toBe(`sapoche rollback web --to-revision 2 ${stage.args.join(' ')}`)
      expect((await stage.undo(`sapoche rollback web --to-revision 1 ${stage.args.join(' ')}`)).code).toBe(0)
      expect(isComplete(await stage.deployment('web'))).toBe(true)
    })

    test('a doomed one stops it; the others are not started, or go on with --keep-going', async () => {
      const stage = await openStage(target, [{name: 'first'}, {name: 'web'}, {name: 'last'}])
      await stage.deploy('first')
      await halfBroken(stage)
      await stage.deploy('last')
      const stopped = await restarted(stage, ['consumers'])
      expect({code: stopped.code, items: stopped.items.map(({name, outcome}) => [name, outcome])}).toEqual({
        code: 2,
        items: [
          ['first', 'restarted'],
          ['web', 'doomed'],
          ['last', 'not-started'],
        ],
      })
      expect(stampOf(await stage.deployment('last'))).toBeUndefined()
      const going = await restarted(stage, ['consumers', '--keep-going'])
      expect({code: going.code, outcomes: going.items.map(({outcome}) => outcome)}).toEqual({
        code: 2,
        outcomes: ['restarted', 'doomed', 'restarted'],
      })
    })

    test('timed-out', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/delay': '3s'}})
      const {code, items} = await restarted(stage, ['web', '--timeout', '1s'])
      expect({code, outcome: items[0]?.outcome}).toEqual({code: 75, outcome: 'timed-out'})
      expect(items[0]?.reason).toMatch(/^not done within 1 s: .*; 1 of 1 still available$/)
    })

    test('superseded: another template in the middle, naming who wrote it', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/delay': '3s'}})
      const running = restarted(stage, ['web'])
      await stage.becomes('web', (found) => stampOf(found) !== undefined)
      await stage.patch('web', {spec: {template: {spec: {containers: [{name: 'app', image: 'registry.example/case:1.1'}]}}}})
      const {code, items} = await running
      expect({code, items}).toMatchObject({
        code: 2,
        items: [
          {
            outcome: 'superseded',
            reason: expect.stringMatching(/^changed meanwhile by second-writer at .{19}Z: image case:1.0 -> case:1.1$/),
          },
        ],
      })
    })

    test('superseded: another was quicker, whose rollout stays undisturbed', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const stamp = '2026-11-22T03:12:07Z'
      const operator = await stage.operator(overtaken(() => stage.patch('web', restartedAt(stamp), 'kubectl-rollout')))
      try {
        const {items} = await restart(OPTIONS, operator, new AbortController().signal)
        const reason = expect.stringMatching(
          /^changed meanwhile by kubectl-rollout at .{19}Z: restarted, which replaces its pods; not restarted again$/,
        )
        expect(items).toMatchObject([{outcome: 'superseded', reason, undo: null}])
        expect(stampOf(await stage.deployment('web'))).toBe(stamp)
      } finally {
        operator.close()
      }
    })

    test('side by side: as many new revisions as restarts that say they were made', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operators = await Promise.all(Array.from({length: 4}, () => stage.operator()))
      try {
        const one = async (operator: Bare): Promise<RestartReport['items']> =>
          (await restart({...OPTIONS, wait: false}, operator, new AbortController().signal)).items
        const items = (await Promise.all(operators.map(one))).flat()
        const made = items.filter(({outcome}) => outcome === 'accepted')
        expect(made.length).toBeGreaterThan(0)
        expect(made.length + items.filter(({outcome}) => outcome === 'superseded').length).toBe(operators.length)
        await stage.becomes('web', isComplete)
        expect(revisionOf(await stage.deployment('web'))).toBe(String(1 + made.length))
      } finally {
        for (const operator of operators) operator.close()
      }
    })

    test('another count in the middle is no reason to stop', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/delay': '2s'}})
      const running = restarted(stage, ['web'])
      await stage.becomes('web', (found) => stampOf(found) !== undefined)
      await stage.patch('web', {spec: {replicas: 2}})
      expect(await running).toMatchObject({code: 0, items: [{outcome: 'restarted'}]})
    })

    test('failed by a quota, and undone', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', SURGE)
      await stage.create({apiVersion: 'v1', kind: 'ResourceQuota', metadata: {name: 'few'}, spec: {hard: {pods: '1'}}})
      await stage.waitFor(
        stage.at('v1', 'resourcequotas', 'few'),
        (quota) => target.kind === 'sandbox' || JSON.stringify(quota).includes('"used":{"pods":"1"}'),
      )
      const {code, items} = await restarted(stage, ['web', '--undo-on-failure'])
      expect({code, items}).toMatchObject({code: 2, items: [{outcome: 'failed', undo: null}]})
      expect(items[0]?.reason).toMatch(/exceeded quota.*; 1 of 1 still available; undone, back at revision 1$/)
      const found = await stage.deployment('web')
      expect({complete: isComplete(found), stamp: stampOf(found)}).toEqual({complete: true, stamp: undefined})
      expect((await stage.journal()).map(({after}) => after)).toEqual([expect.stringMatching(/^restarted at/), 'revision 1'])
    })

    test('planned and accepted', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/delay': '1s'}})
      const planned = await restarted(stage, ['web', '--dry-run'])
      expect({code: planned.code, outcome: planned.items[0]?.outcome}).toEqual({code: 0, outcome: 'planned'})
      expect(stampOf(await stage.deployment('web'))).toBeUndefined()
      const accepted = await restarted(stage, ['web', '--no-wait'])
      expect({code: accepted.code, items: accepted.items}).toMatchObject({
        code: 0,
        items: [{outcome: 'accepted', reason: 'not waited for'}],
      })
      expect(isComplete(await stage.deployment('web'))).toBe(false)
    })

    test('Ctrl-C: what goes on is said, what was not begun as well', async () => {
      const stage = await openStage(target, [{name: 'web'}, {name: 'last'}])
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/delay': '5s'}})
      await stage.deploy('last')
      const {code, report, items} = await restarted(stage, ['web', 'last'], {
        started: (child) => void stage.becomes('web', (found) => stampOf(found) !== undefined).then(() => child.kill('SIGINT')),
      })
      expect({code, interrupted: report.interrupted, items}).toMatchObject({
        code: 130,
        interrupted: true,
        items: [
          {
            name: 'web',
            outcome: 'accepted',
            reason: expect.stringMatching(/^it goes on in the cluster: /),
            undo: expect.stringMatching(/rollback web/),
          },
          {name: 'last', outcome: 'not-started'},
        ],
      })
      await stage.becomes('web', isComplete)
    })
  })

  describe.concurrent('two that may never run side by side', () => {
    const SINGLE = [{name: 'web', maxReplicas: {count: 1, reason: 'two would fight'}}]
    const SLOW = {labels: {'sapoche.test/stop-delay': '1s'}}

    test('refused with a surge, and stopped first with --via-zero', async () => {
      const stage = await openStage(target, SINGLE)
      await stage.deploy('web', {...SURGE, ...SLOW})
      const refused = await restarted(stage, ['web'])
      expect({code: refused.code, items: refused.items}).toMatchObject({
        code: 2,
        items: [{outcome: 'refused', reason: 'its rolling update would run 2 side by side: two would fight; --via-zero stops it first'}],
      })
      const before = (await podsOf(stage)).map(({metadata}) => metadata.name)
      let most = 0
      const running = restarted(stage, ['web', '--via-zero'])
      const over = new AbortController()
      const watching = (async () => {
        while (!over.signal.aborted) most = Math.max(most, (await podsOf(stage)).length)
      })()
      const {code, items} = await running
      over.abort()
      await watching
      expect({code, items, most}).toMatchObject({code: 0, items: [{outcome: 'restarted', undo: null}], most: 1})
      const found = await stage.deployment('web')
      expect({replicas: found.spec.replicas, complete: isComplete(found)}).toEqual({replicas: 1, complete: true})
      expect(Object.keys(found.metadata.annotations ?? {}).filter((name) => name.startsWith('sapoche.dev/'))).toEqual([])
      expect((await podsOf(stage)).map(({metadata}) => metadata.name)).not.toEqual(before)
      expect((await stage.journal()).map((entry) => [entry.before, entry.after])).toEqual([
        [1, 0],
        [0, 1],
      ])
    })

    test('a Recreate rollout needs none of it', async () => {
      const stage = await openStage(target, SINGLE)
      await stage.deploy('web', {...SLOW, spec: {strategy: {type: 'Recreate'}}})
      expect(await restarted(stage, ['web'])).toMatchObject({code: 0, items: [{outcome: 'restarted', before: 1, after: 2}]})
    })

    test('a volume that is for one only', async () => {
      const stage = await openStage(target, WEB)
      const claim = (name: string, mode: string): object => ({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {name},
        spec: {accessModes: [mode], resources: {requests: {storage: '1Gi'}}},
      })
      await stage.create(claim('one', 'ReadWriteOnce'), claim('many', 'ReadWriteMany'))
      const operator = await stage.operator()
      try {
        // The pods would wait for their volumes: what is judged is the template alone.
        for (const [name, outcome] of [
          ['one', 'refused'],
          ['many', 'planned'],
        ] as const) {
          await stage.create(deploymentWith(name))
          await stage.becomes(name, ({status}) => (status.observedGeneration ?? 0) > 0)
          const report = await restart({...OPTIONS, targets: [name], dryRun: true}, operator, new AbortController().signal)
          expect(report.items[0]).toMatchObject({outcome})
          if (outcome === 'refused') expect(report.items[0]?.reason).toMatch(/run 2 on volume one, which is ReadWriteOnce; --via-zero/)
        }
      } finally {
        operator.close()
      }
    })

    test('Ctrl-C while it is stopped: it is started again first', async () => {
      const stage = await openStage(target, SINGLE)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/stop-delay': '3s'}})
      const {code, report, items} = await restarted(stage, ['web', '--via-zero'], {
        started: (child) => void stage.becomes('web', ({spec}) => spec.replicas === 0).then(() => child.kill('SIGINT')),
      })
      expect({code, interrupted: report.interrupted, items}).toMatchObject({code: 130, interrupted: true, items: [{outcome: 'accepted'}]})
      expect((await stage.deployment('web')).spec.replicas).toBe(1)
    })

    test('killed while it is stopped: the record leads back', async () => {
      const stage = await openStage(target, SINGLE)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/stop-delay': '3s'}})
      const writtenDown = async (): Promise<void> => {
        while ((await stage.journal()).length === 0) await stage.deployment('web')
      }
      await stage.operate(['restart', 'web', '--via-zero'], {started: (child) => void writtenDown().then(() => child.kill('SIGKILL'))})
      const [stopped] = await stage.journal()
      expect(stopped).toMatchObject({before: 1, after: 0})
      expect((await stage.undo(stopped?.undo)).code).toBe(0)
      expect((await stage.deployment('web')).spec.replicas).toBe(1)
    })

    test('it does not stop in time: it says that it stands at zero', async () => {
      const stage = await openStage(target, SINGLE)
      await stage.deploy('web', {...SURGE, labels: {'sapoche.test/stop-delay': '5s'}})
      const {code, items} = await restarted(stage, ['web', '--via-zero', '--timeout', '1s'])
      expect({code, items}).toMatchObject({code: 75, items: [{outcome: 'timed-out', undo: expect.stringMatching(/scale web --revert/)}]})
      expect(items[0]?.reason).toMatch(/^stopped, and not started again: not done within 1 s: 1 pod still to stop/)
    })
  })

  test('a whole category side by side, protected and inactive ones left alone', async () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const stage = await openStage(target, [
      ...names.map((name) => ({name})),
      {name: 'idle', baseline: 0},
      {name: 'store', protected: 'it holds all'},
    ])
    await Promise.all([...names, 'store'].map((name) => stage.deploy(name)))
    await stage.deploy('idle', {replicas: 0})
    const {code, report} = await restarted(stage, ['consumers', '--parallel', '5'])
    expect({code, summary: report.summary}).toEqual({code: 0, summary: {restarted: 5, inactive: 1, skipped: 1}})
    expect((await stage.journal()).map((entry) => entry.target).sort()).toEqual(names)
  })
}

function deploymentWith(claim: string): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name: claim, labels: {app: claim}},
    spec: {
      replicas: 1,
      selector: {matchLabels: {app: claim}},
      template: {
        metadata: {labels: {app: claim}},
        spec: {
          containers: [{name: 'app', image: 'registry.example/case:1.0'}],
          volumes: [{name: 'data', persistentVolumeClaim: {claimName: claim}}],
        },
      },
    },
  }
}
