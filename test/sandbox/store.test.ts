import {beforeEach, expect, test} from 'vitest'
import {CONFIG_MAPS} from '../../src/lib/sandbox/resources.ts'
import {Store} from '../../src/lib/sandbox/store.ts'
import type {KubeObject} from '../../src/lib/sandbox/types.ts'

const object = (name: string, more = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {name, namespace: 'x', uid: name, resourceVersion: '', creationTimestamp: ''},
  ...more,
})

let store: Store
beforeEach(() => {
  store = new Store()
})

test('listeners see all changes in their order, even when one of them makes more', () => {
  const seen: string[] = []
  store.subscribe(({type, object: added}) => {
    if (type === 'ADDED') store.update(CONFIG_MAPS, added, (draft) => void (draft['data'] = {a: 'b'}))
  })
  store.subscribe(({type, object: {metadata}}) => seen.push(`${type} ${metadata.name} ${metadata.resourceVersion}`))
  store.put(CONFIG_MAPS, object('a'))
  store.put(CONFIG_MAPS, object('b'))
  expect(seen).toEqual(['ADDED a 2', 'MODIFIED a 3', 'ADDED b 4', 'MODIFIED b 5'])
})

test('what was read stays as it was', () => {
  const first = store.put(CONFIG_MAPS, object('a', {data: {n: '1'}}))
  const second = store.update(CONFIG_MAPS, first, (draft) => void Object.assign(draft['data'] as object, {n: '2'}))
  expect([first['data'], second['data']]).toEqual([{n: '1'}, {n: '2'}])
  expect(store.update(CONFIG_MAPS, second, () => undefined)).toBe(second)
})

test('changes are remembered up to a limit, and from a point', () => {
  for (let n = 0; n < 3; n += 1) store.put(CONFIG_MAPS, object('a', {data: {n}}))
  expect(store.since(2)?.map(({version}) => version)).toEqual([3, 4])
  expect(store.since(4)).toEqual([])
  expect(store.since(5)).toBeNull()
  store.forget()
  expect([store.since(3), store.since(4)]).toEqual([null, []])
  for (let n = 0; n < 12_000; n += 1) store.put(CONFIG_MAPS, object('a', {data: {n}}))
  expect(store.since(4)).toBeNull()
  expect(store.since(store.version - 4000)).toHaveLength(4000)
})
