import {readFile} from 'node:fs/promises'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {TimedOutError, UnreachableError} from '../../src/lib/errors/index.ts'
import {restart} from '../../src/lib/runbook/restart/index.ts'
import {scale, type ScaleReport} from '../../src/lib/runbook/scale/index.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {startProxy, type Proxy} from '../real/proxy.ts'
import {intercepted, openStage, type Bare, type Stage} from './operations-kit.ts'
import {writeFileFor, type Target} from './target.ts'

const WEB = [{name: 'web'}]
const SCALE = {
  targets: ['web'],
  except: [],
  wish: {to: 'count', count: 2},
  force: false,
  detach: false,
  wait: true,
  timeoutMs: 20_000,
  dryRun: false,
  withLogs: false,
} as const
const RESTART = {...SCALE, targets: ['consumers'], parallel: 5, viaZero: false, keepGoing: false, undoOnFailure: false} as const

/** Operations where something between them and the cluster fails. */
export function operationFaultsSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const scaled = async (operator: Bare, options: Partial<typeof SCALE> = {}): Promise<ScaleReport> => {
    try {
      return await scale({...SCALE, ...options}, operator, new AbortController().signal)
    } finally {
      operator.close()
    }
  }
  const countOf = async (stage: Stage): Promise<number> => (await stage.deployment('web')).spec.replicas
  const lost = (): never => {
    throw new UnreachableError('the connection broke')
  }

  describe.concurrent('the answer of a write is lost', () => {
    test('after it was made: it is seen, and waited for', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator(intercepted((patch) => patch().then(lost)))
      expect((await scaled(operator)).items).toMatchObject([{outcome: 'scaled', before: 1, after: 2}])
      expect(await stage.journal()).toMatchObject([{before: 1, after: 2}])
    })

    test('before it was made: an error, and nothing has changed', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator(intercepted(async () => lost()))
      await expect(scaled(operator)).rejects.toMatchObject({exitCode: 69, message: 'the connection broke'})
      expect({count: await countOf(stage), journal: await stage.journal()}).toEqual({count: 1, journal: []})
    })

    test('and nobody can be asked: it says that it does not know', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web')
      const operator = await stage.operator(
        intercepted(async () => {
          operator.cluster.close()
          throw new TimedOutError('no answer within 10 s')
        }),
      )
      await expect(scaled(operator)).rejects.toMatchObject({
        exitCode: 75,
        message: 'no answer within 10 s; it is not known whether web was changed',
      })
    })

    test('of the second workload: the first is reported, with its way back', async () => {
      const stage = await openStage(target, [{name: 'first'}, {name: 'web'}, {name: 'last'}])
      for (const name of ['first', 'web', 'last']) await stage.deploy(name)
      const operator = await stage.operator(intercepted(async (patch, nth) => (nth === 1 ? lost() : patch())))
      try {
        const report = await restart({...RESTART, parallel: 1}, operator, new AbortController().signal)
        expect(report.items).toMatchObject([
          {name: 'first', outcome: 'restarted', undo: 'sapoche rollback first --to-revision 1'},
          {name: 'web', outcome: 'failed', reason: 'the connection broke', undo: null},
          {name: 'last', outcome: 'not-started'},
        ])
      } finally {
        operator.close()
      }
    })
  })

  test('a journal that can not be written is a warning: the change has been made', async () => {
    const stage = await openStage(target, WEB)
    await stage.deploy('web')
    const file = await writeFileFor(target, `no-folder-${process.pid}`, '')
    const operator = {...(await stage.operator()), journal: path.join(file, 'journal.jsonl')}
    const report = await scaled(operator)
    expect(report.items).toMatchObject([{outcome: 'scaled'}])
    expect(report.warnings).toMatchObject([{code: 'journal', message: expect.stringMatching(/^the journal .* can't be written/)}])
  })

  test('a catalogue that is meant for another cluster: only where the context is named', async () => {
    const stage = await openStage(target, WEB)
    await stage.deploy('web')
    const elsewhere = async (isContextNamed: boolean): Promise<Bare> => {
      const operator = await stage.operator()
      return {...operator, isContextNamed, catalogue: {...operator.catalogue, clusters: ['prod-eu']}}
    }
    await expect(elsewhere(false).then((operator) => scaled(operator))).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/^the catalogue is meant for prod-eu, and not for /),
    })
    expect(await countOf(stage)).toBe(1)
    expect((await scaled(await elsewhere(true))).items).toMatchObject([{outcome: 'scaled'}])
  })

  describe('the way there', () => {
    let proxy: Proxy
    let kubeconfig: string
    beforeAll(async () => {
      proxy = await startProxy({server: target.server, ca: target.ca})
      const token = /"?token"?: "?([^"\n]+)/.exec(await readFile(target.kubeconfig, 'utf8'))?.[1] ?? ''
      const file = path.join(target.folder, `kubeconfig-faults-${process.pid}`)
      kubeconfig = await writeKubeconfig(file, {server: proxy.server, ca: proxy.ca, token})
    })
    afterAll(() => proxy.close())

    test('all connections break in the middle: it is waited for all the same', async () => {
      const stage = await openStage(target, WEB)
      await stage.deploy('web', {labels: {'sapoche.test/delay': '2s'}})
      const operator = await stage.operator(undefined, kubeconfig)
      const running = scaled(operator)
      await stage.becomes('web', ({spec}) => spec.replicas === 2)
      proxy.resetConnections()
      expect((await running).items).toMatchObject([{outcome: 'scaled', after: 2}])
    })

    test('requests: three lists and three watches however many workloads, and one write each', async () => {
      const names = ['a', 'b', 'c', 'd', 'e']
      const stage = await openStage(
        target,
        names.map((name) => ({name})),
      )
      await Promise.all(names.map((name) => stage.deploy(name)))
      const operator = await stage.operator(undefined, kubeconfig)
      const before = proxy.requests.length
      const report = await restart(RESTART, operator, new AbortController().signal)
      operator.close()
      expect(report.summary).toEqual({restarted: 5})
      const asked = proxy.requests.slice(before).map(({method, path: url}) => `${method} ${url.includes('watch=true') ? 'watch' : 'other'}`)
      expect(Object.fromEntries(Object.entries(Object.groupBy(asked, (line) => line)).map(([line, all]) => [line, all?.length]))).toEqual({
        'GET other': 3,
        'GET watch': 3,
        'PATCH other': 5,
      })
    })
  })
}
