import {describe, expect, test} from 'vitest'
import type {WatchEvent} from '../../../src/lib/clients/kubernetes/types.ts'
import {Collection, identified, newestEvents, type Identified} from '../../../src/lib/runbook/status/follow-collection.ts'
import type {ClusterEvent} from '../../../src/lib/workload/index.ts'
import {NOW} from './sample.ts'

const object = (uid: string, name: string, value = name): Identified<string> => ({uid, name, value})
const event = (type: 'added' | 'modified' | 'deleted', uid: string, name: string, value?: string): WatchEvent<Identified<string>> => ({
  type,
  object: object(uid, name, value),
})

test('an object keeps its UID and name, whatever the rules know of it', () => {
  const decode = identified(({spec}) => spec)
  expect(decode({metadata: {uid: 'u', name: 'n', labels: {}}, spec: 3})).toEqual({uid: 'u', name: 'n', value: 3})
})

describe('a collection', () => {
  const cases: readonly [string, readonly WatchEvent<Identified<string>>[], readonly string[]][] = [
    ['a list', [{type: 'listed', items: [object('2', 'b'), object('1', 'a')]}], ['a', 'b']],
    ['an object more, in its place by name', [event('added', '3', 'ab')], ['a', 'ab', 'b']],
    ['an object changed', [event('modified', '1', 'a', 'A')], ['A', 'b']],
    ['one changed that was not known', [event('modified', '9', 'z')], ['a', 'b', 'z']],
    ['an object gone', [event('deleted', '1', 'a')], ['b']],
    ['one gone that was not known', [event('deleted', '9', 'z')], ['a', 'b']],
    ['deleted and made again under its name', [event('deleted', '1', 'a'), event('added', '4', 'a', 'new a')], ['new a', 'b']],
    ['made again before the old one is gone', [event('added', '4', 'a', 'new a'), event('deleted', '1', 'a')], ['new a', 'b']],
    ['a new list takes the place of all', [{type: 'listed', items: [object('5', 'c')]}], ['c']],
    ['an empty list', [{type: 'listed', items: []}], []],
    ['blind and back: nothing changes', [{type: 'blind', reason: 'gone'}, {type: 'resumed'}], ['a', 'b']],
  ]
  test.each(cases)('%s', (_, events, values) => {
    const collection = new Collection<string>()
    collection.apply({type: 'listed', items: [object('2', 'b'), object('1', 'a')]})
    collection.values()
    for (const each of events) collection.apply(each)
    expect(collection.values()).toEqual(values)
    expect(collection.size).toBe(values.length)
  })

  test('knows its objects by UID, and forgets those that are not retained', () => {
    const collection = new Collection<string>()
    collection.apply({type: 'listed', items: [object('1', 'a'), object('2', 'b')]})
    collection.retain(new Set(['b']))
    expect([collection.has('1'), collection.has('2'), collection.values()]).toEqual([false, true, ['b']])
  })
})

describe('the events that are kept', () => {
  const MINUTE = 60_000
  const of = (uid: string, minutesAgo: number | null): ClusterEvent => ({
    type: 'Warning',
    reason: 'BackOff',
    message: '',
    at: minutesAgo === null ? null : NOW - minutesAgo * MINUTE,
    count: 1,
    involved: {kind: 'Pod', name: uid, uid},
  })
  const kept = (events: ClusterEvent[]): (number | null)[] =>
    [...newestEvents(events, (uid) => uid === 'here', NOW)].map(({at}) => (at === null ? null : (NOW - at) / MINUTE))

  test.each([
    ['of an object that is there, however old', [of('here', 1), of('here', 500), of('here', null)], [1, 500, null]],
    ['of one that is gone, those of the last hour', [of('gone', 1), of('gone', 59), of('gone', 60), of('gone', null)], [1, 59]],
    ['the newest ten of each', Array.from({length: 30}, (_, index) => of('here', 30 - index)), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
  ] as const)('%s', (_, events, ages) => expect(kept([...events])).toEqual(ages))
})
