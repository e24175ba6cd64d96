import {beforeEach, describe, expect, test} from 'vitest'
import {duration} from '../../src/lib/sandbox/pod-columns.ts'
import {ApiFailure} from '../../src/lib/sandbox/failure.ts'
import {APPS, NS} from './client.ts'
import {Simulation, rollout} from './simulation.ts'

interface Listed {
  kind: string
  apiVersion: string
  metadata: {resourceVersion: string; continue?: string; remainingItemCount?: number}
  items: {kind?: string; metadata: {name: string; resourceVersion: string}}[]
}

interface Line {
  type: string
  object: {
    kind: string
    code?: number
    metadata: {name?: string; resourceVersion: string; annotations?: object}
    rows?: {cells: unknown[]}[]
    columnDefinitions?: unknown
  }
}

let simulation: Simulation
beforeEach(() => {
  simulation = new Simulation()
})

const list = (path: string) => simulation.call<Listed>('GET', path)
const names = (path: string) => list(path).items.map(({metadata}) => metadata.name)

function refusal(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof ApiFailure) return `${error.status.code} ${error.status.reason}: ${error.message}`
    throw error
  }
  return 'none'
}

describe('selectors', () => {
  beforeEach(() => {
    for (const [name, labels] of Object.entries({a: {tier: 'front', new: ''}, b: {tier: 'back'}, c: {}})) {
      simulation.call('POST', `${NS}/configmaps`, {metadata: {name, labels}})
    }
  })

  test.for([
    {selector: 'labelSelector=tier=front', found: ['a']},
    {selector: 'labelSelector=tier==back', found: ['b']},
    {selector: 'labelSelector=tier!=front', found: ['b', 'c', 'sapoche-environment']},
    {selector: 'labelSelector=tier in (front, back)', found: ['a', 'b']},
    {selector: 'labelSelector=tier notin (front,back)', found: ['c', 'sapoche-environment']},
    {selector: 'labelSelector=tier,!new', found: ['b']},
    {selector: 'labelSelector=tier in (front,back),new', found: ['a']},
    {selector: 'fieldSelector=metadata.name=b', found: ['b']},
    {selector: 'fieldSelector=metadata.name!=b,metadata.namespace==sapoche', found: ['a', 'c', 'sapoche-environment']},
  ])('$selector', ({selector, found}) => {
    expect(names(`${NS}/configmaps?${new URLSearchParams(selector).toString()}`)).toEqual(found)
  })

  test.for([
    {query: 'labelSelector=tier in front', says: '400 BadRequest: unable to parse requirement: tier in front'},
    {query: 'fieldSelector=spec.x=1', says: '400 BadRequest: field label not supported: spec.x'},
    {query: 'fieldSelector=spec', says: "400 BadRequest: invalid selector: 'spec'; can't understand 'spec'"},
    {query: 'limit=-1', says: '400 BadRequest: limit: not a number of objects: -1'},
  ])('$query is refused', ({query, says}) => {
    expect(refusal(() => list(`${NS}/configmaps?${new URLSearchParams(query).toString()}`))).toBe(says)
  })

  test('events by their object, pods by node and phase', () => {
    simulation.deploy('web', {replicas: 2})
    const [pod] = simulation.pods('web')
    const {name, uid} = pod?.metadata ?? {}
    const events = `${NS}/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${name},involvedObject.uid=${uid},type=Normal`)}`
    expect(list(events).items).toHaveLength(4)
    expect(names(`${NS}/pods?fieldSelector=spec.nodeName=${pod?.spec.nodeName}`)).toEqual([name])
    expect(names(`${NS}/pods?fieldSelector=status.phase!=Running`)).toEqual([])
  })
})

describe('lists', () => {
  test('name their kind and version; their items do not', () => {
    const {kind, apiVersion, items} = list(`${NS}/configmaps`)
    expect([kind, apiVersion, items[0]?.kind]).toEqual(['ConfigMapList', 'v1', undefined])
  })

  test('come in pages of one state, whatever happens between them', () => {
    for (const name of ['a', 'b', 'c', 'd']) simulation.call('POST', `${NS}/configmaps`, {metadata: {name}})
    const first = list(`${NS}/configmaps?limit=2`)
    expect([first.items.length, first.metadata.remainingItemCount]).toEqual([2, 3])
    simulation.call('DELETE', `${NS}/configmaps/d`)
    const second = list(`${NS}/configmaps?limit=2&continue=${first.metadata.continue}`)
    const third = list(`${NS}/configmaps?limit=2&continue=${second.metadata.continue}`)
    expect([first, second, third].flatMap(({items}) => items.map(({metadata}) => metadata.name))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'sapoche-environment',
    ])
    expect([third.metadata.continue, third.metadata.resourceVersion]).toEqual([undefined, first.metadata.resourceVersion])
    expect(refusal(() => list(`${NS}/configmaps?continue=bm9uZTox`))).toMatch(/^410 Expired/)
    expect(refusal(() => list(`${NS}/configmaps?continue=abc`))).toBe('400 BadRequest: invalid continue token')
  })

  test('of a namespace that is not there are empty, and over all namespaces they hold everything', () => {
    expect(names('/api/v1/namespaces/nowhere/configmaps')).toEqual([])
    expect(names('/api/v1/configmaps')).toEqual(['sapoche-environment'])
  })

  test('at a version that is still to come are refused', () => {
    expect(refusal(() => list(`${NS}/configmaps?resourceVersion=99999`))).toMatch(/^504 Timeout: Timeout: Too large resource version/)
  })
})

describe('tables', () => {
  interface Table {
    columnDefinitions: {name: string; priority: number}[]
    rows: {cells: unknown[]; object: {kind?: string} | null}[]
  }
  const table = (path: string): Table => {
    const {pathname, searchParams} = new URL(path, 'https://sandbox')
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const answer = simulation.api.answer({
      user: null,
      method: 'GET',
      path: pathname,
      query: searchParams,
      accept,
      contentType: '',
      manager: '',
      body: () => undefined,
    })
    return (answer.kind === 'json' ? answer.body : {}) as Table
  }
  const cells = (path: string) => {
    const {columnDefinitions, rows} = table(path)
    return rows.map((row) => row.cells.filter((_, index) => columnDefinitions[index]?.priority === 0))
  }

  test('of deployments, replica sets and pods say what kubectl shows', () => {
    simulation.deploy('web', {replicas: 2})
    simulation.advance(300)
    simulation.patch(`${APPS}/deployments/web`, rollout('app:2', 'crashloop'))
    simulation.advance(125)
    expect(cells(`${APPS}/deployments`)).toEqual([['web', '2/2', 1, 2, '7m7s']])
    expect(cells(`${APPS}/replicasets`).map((row) => row.slice(1))).toEqual(
      expect.arrayContaining([
        [2, 2, 2, '7m7s'],
        [1, 1, 0, '2m5s'],
      ]),
    )
    const pods = cells(`${NS}/pods`).map((row) => row.slice(1))
    expect(pods).toContainEqual(['0/1', 'CrashLoopBackOff', '7 (2m15s ago)', '2m5s'])
    expect(pods.filter((row) => row[1] === 'Running')).toHaveLength(2)
    const [pod] = simulation.pods('web')
    simulation.call('DELETE', `${NS}/pods/${pod?.metadata.name}`)
    expect(cells(`${NS}/pods`).map((row) => row[2])).toContain('Terminating')
  })

  test('carry metadata, the object, or nothing', () => {
    const kinds = ['', '?includeObject=Object', '?includeObject=None'].map((query) => table(`/api/v1/nodes${query}`).rows[0]?.object?.kind)
    expect(kinds).toEqual(['PartialObjectMetadata', 'Node', undefined])
  })

  test.for([
    {ms: 0, text: '0s'},
    {ms: 119_000, text: '119s'},
    {ms: 120_000, text: '2m'},
    {ms: 192_000, text: '3m12s'},
    {ms: 600_000, text: '10m'},
    {ms: 10_800_000, text: '3h'},
    {ms: 18_180_000, text: '5h3m'},
    {ms: 86_400_000, text: '24h'},
    {ms: 187_200_000, text: '2d4h'},
    {ms: 8 * 86_400_000, text: '8d'},
    {ms: 765 * 86_400_000, text: '2y35d'},
    {ms: 9 * 365 * 86_400_000, text: '9y'},
  ])('an age of $ms ms is $text', ({ms, text}) => {
    expect(duration(ms)).toBe(text)
  })
})

describe('watches', () => {
  /** What a watch has said so far, as `TYPE name`. */
  function watch(
    query: string,
    accept = 'application/json',
  ): {lines: Line[]; said: () => string[]; ended: () => boolean; stop: () => void} {
    const lines: Line[] = []
    let over = false
    const answer = simulation.api.answer({
      user: null,
      method: 'GET',
      path: `${NS}/configmaps`,
      query: new URLSearchParams(`watch=1&${query}`),
      accept,
      contentType: '',
      manager: '',
      body: () => undefined,
    })
    if (answer.kind !== 'watch') throw new Error('no watch')
    const stop = answer.start(
      (line) => lines.push(line as Line),
      () => (over = true),
    )
    return {lines, said: () => lines.map(({type, object}) => `${type} ${object.metadata.name ?? ''}`.trim()), ended: () => over, stop}
  }
  const make = (name: string, labels = {}) => simulation.call('POST', `${NS}/configmaps`, {metadata: {name, labels}})
  const version = () => String(simulation.cluster.store.version)

  test('from a version: what happened since, and what happens then, in order; after the stop nothing', () => {
    const from = version()
    make('a')
    const {said, stop} = watch(`resourceVersion=${from}`)
    make('b')
    simulation.call('DELETE', `${NS}/configmaps/a`)
    stop()
    make('c')
    expect(said()).toEqual(['ADDED a', 'ADDED b', 'DELETED a'])
  })

  test('without a version, and from 0: the state first', () => {
    for (const query of ['', 'resourceVersion=0']) {
      const {said, stop} = watch(query)
      expect(said()).toEqual(['ADDED sapoche-environment'])
      stop()
    }
  })

  test('with sendInitialEvents: the state, then the bookmark that ends it', () => {
    const {lines, said, stop} = watch('sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&resourceVersion=')
    expect(said()).toEqual(['ADDED sapoche-environment', 'BOOKMARK'])
    expect(lines[1]?.object.metadata).toMatchObject({resourceVersion: version(), annotations: {'k8s.io/initial-events-end': 'true'}})
    stop()
    expect(refusal(() => watch('sendInitialEvents=true'))).toMatch(/^422 Invalid/)
  })

  test('with a selector: an object that comes to match is added, one that no longer does is deleted', () => {
    make('a')
    const {said, stop} = watch(`resourceVersion=${version()}&labelSelector=on`)
    simulation.patch(`${NS}/configmaps/a`, {metadata: {labels: {on: 'x'}}})
    simulation.patch(`${NS}/configmaps/a`, {metadata: {labels: {on: 'y'}}})
    simulation.patch(`${NS}/configmaps/a`, {metadata: {labels: {on: null}}})
    stop()
    expect(said()).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a'])
  })

  test.for(['too old', 'of another life'])('from a version that is %s: 410 Gone, and the end', (which) => {
    if (which === 'too old') simulation.cluster.store.forget()
    const {lines, ended} = watch(`resourceVersion=${which === 'too old' ? 2 : 1_000_000}`)
    expect(lines).toMatchObject([{type: 'ERROR', object: {kind: 'Status', reason: 'Expired', code: 410}}])
    expect(ended()).toBe(true)
  })

  test('as tables: a row for each event, and the columns once', () => {
    const {lines, stop} = watch('', 'application/json;as=Table;v=v1;g=meta.k8s.io')
    make('a')
    stop()
    expect(lines.map(({object}) => [object.kind, object.rows?.length, object.columnDefinitions === null])).toEqual([
      ['Table', 1, false],
      ['Table', 1, true],
    ])
  })
})
