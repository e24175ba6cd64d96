import {expect, test} from 'vitest'
import {ConfigurationError, RefusedError, UsageError} from '../../../src/lib/errors/index.ts'
import {builtinCatalogue, type Catalogue} from '../../../src/lib/catalogue/index.ts'
import {liveTrace} from '../../../src/lib/runbook/trace/index.ts'
import {rawDeployment, rawPod} from '../../workload/build.ts'
import {NOW, PATIENT, rawReplicaSet, served} from '../served.ts'

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

test('without a first report it rejects', async () => {
  await expect(moments([1], 1)).rejects.toThrow(RefusedError)
})

test('a flow that there is not, and a catalogue without any', async () => {
  await expect((await watch({from: 'evnets'})).live.read(PATIENT)).rejects.toThrow(
    expect.objectContaining({constructor: UsageError, suggestions: ['events']}),
  )
  await expect((await watch({catalogue: {...builtinCatalogue, flows: []}})).live.read(PATIENT)).rejects.toThrow(ConfigurationError)
})
