import {expect, test} from 'vitest'
import {ConfigurationError, RefusedError, UsageError} from '../../../src/lib/errors/index.ts'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import {liveTrace} from '../../../src/lib/runbook/trace/index.ts'
import {numberOf} from '../../../src/lib/runbook/trace/words.ts'
import {rawDeployment, rawPod} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served} from '../served.ts'
import {trace} from './sample.ts'

const {workloads} = builtinCatalogue
const OBJECTS = {
  deployments: workloads.map(({name, baseline}) => rawDeployment({name, replicas: Math.min(baseline, 1)})),
  replicasets: workloads.map(({name}) => rawReplicaSet(name)),
  pods: workloads.flatMap(({name, baseline}) => (baseline > 0 ? [rawPod({name: `${name}-0`, replicaSet: `${name}-new`})] : [])),
}
const view = {width: 80, colour: false, now: NOW}

async function watch({
  refused = [],
  from = 'events',
  catalogue = builtinCatalogue,
}: {refused?: readonly number[]; from?: string; catalogue?: Catalogue} = {}) {
  let looks = 0
  const sources = await served(OBJECTS, {
    catalogue,
    handle({path, status}) {
      if (!path.endsWith('/pods') || !refused.includes(++looks)) return false
      status(403, {message: 'pods is forbidden', reason: 'Forbidden'})
      return true
    },
  })
  return {live: liveTrace({from, output: 'table'}, {...sources, look: null}, 1), requests: sources.requests}
}

async function moments(refused: readonly number[], wanted: number) {
  const {live} = await watch({refused})
  const controller = new AbortController()
  const seen = []
  for await (const moment of live.follow(controller.signal)) {
    seen.push(moment)
    if (seen.length === wanted) controller.abort()
  }
  return {live, seen}
}

test('one look: eleven lists, and no more', async () => {
  const {live, requests} = await watch()
  await live.read(PATIENT)
  const asked = requests.map(({path}) => path.split('/').at(-1) ?? '')
  expect(asked.toSorted()).toEqual([
    'daemonsets',
    'deployments',
    'endpointslices',
    'events',
    'horizontalpodautoscalers',
    'nodes',
    'pods',
    'replicasets',
    'scaledobjects',
    'services',
    'statefulsets',
  ])
})

test('a look that fails: the last report is old, and unknown until the next', async () => {
  const {live, seen} = await moments([2], 3)
  const [first, blind, last] = seen
  expect(seen.map(({report}) => report.verdict)).toEqual(['ok', 'unknown', 'ok'])
  expect(blind?.report.items).toBe(first?.report.items)
  expect(blind?.report.warnings).toContainEqual({
    code: 'blind',
    message: expect.stringMatching(/^what follows is old: pods is forbidden/),
  })
  expect(last?.report.warnings.map(({code}) => code)).not.toContain('blind')
  expect(JSON.parse(live.jsonLines(blind!))).toMatchObject({kind: 'TraceReport', verdict: 'unknown'})
  expect(live.isReached(blind!)).toBe(false)
  expect(live.page(first!, view).head[0]).toMatch(/watching$/)
})

test('a page has a line of bars for each hop whose number is known', async () => {
  const {live, seen} = await moments([], 1)
  const {report} = seen[0]!
  const history = new Map([
    ['gateway/st-sapoche-nginx', [3, 3, 0]],
    ['gateway/st-bnkd-php', [3, 1]],
    ['events/workers', [0, 7]],
    ['events/consumers', [null]],
  ])
  const whole = trace({services: {'st-sapoche-nginx': {readyEndpoints: 2}}, items: {'st-bnkd-php': {ready: 1}}})
  const {body} = live.page({report: whole, blind: null, history}, view)
  expect(body.filter((line) => /[▁-█]/.test(line)).map((line) => line.trim())).toEqual(
    ['|  ██▁', '|  █▃', '|  ▁█'].map((line) => expect.stringMatching(line.replace('|  ', '^\\| +'))),
  )
  expect(report.items.map(numberOf)).toEqual([null, null, null, null])
  expect(whole.items.map((hop) => [hop.name, numberOf(hop)])).toEqual([
    ['external requests', null],
    ['APISIX gateway', null],
    ['st-sapoche-nginx', 2],
    ['st-bnkd-php-nginx', 3],
    ['st-bnkd-php', 1],
    ['st-redis-sp', 1],
    ['external databases and storage', null],
    ['events', null],
    ['consumers', 0],
    ['workers', 0],
    ['notifications and PDFs', null],
  ])
})

test('without a first report it rejects', async () => {
  await expect(moments([1], 1)).rejects.toThrow(RefusedError)
})

test('a flow that there is not, and a catalogue without any', async () => {
  await expect((await watch({from: 'evnets'})).live.read(PATIENT)).rejects.toThrow(
    expect.objectContaining({constructor: UsageError, suggestions: ['events']}),
  )
  await expect((await watch({catalogue: {...builtinCatalogue, flows: []}})).live.read(PATIENT)).rejects.toThrow(ConfigurationError)
})
