import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {builtinCatalogue, matchesGlob, matchesPatterns} from '../../src/lib/catalogue/index.ts'

test.each([
  ['worker-*', 'worker-booking', true],
  ['worker-*', 'worker-', true],
  ['worker-*', 'a-worker-booking', false],
  ['*pdf*', 'worker-sapoche-pdf-en', true],
  ['*pdf', 'worker-sapoche-pdf-en', false],
  ['*-pdf-*1', 'worker-sapoche-pdf-svip1', true],
  ['worker-sapoche-pdf-svip?', 'worker-sapoche-pdf-svip2', true],
  ['worker-sapoche-pdf-svip?', 'worker-sapoche-pdf-svip', false],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['?', '', false],
  ['a.c', 'abc', false],
  ['*a*b*c', 'aabbcc-c', true],
  ['*a*b*c', 'aabbcc-d', false],
])('%s on %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected)
})

test('agrees with a regular expression', () => {
  const text = fc.string({unit: fc.constantFrom('a', 'b', '-'), maxLength: 10})
  const pattern = fc.string({unit: fc.constantFrom('a', 'b', '-', '*', '?'), maxLength: 8})
  fc.assert(
    fc.property(pattern, text, (glob, name) => {
      const expected = new RegExp(`^${glob.replace(/[*?]/g, (char) => (char === '*' ? '.*' : '.'))}$`).test(name)
      expect(matchesGlob(glob, name)).toBe(expected)
    }),
  )
})

test('the last pattern that matches decides', () => {
  expect(matchesPatterns(['QUEUE_*', '!QUEUE_CONNECTION'], 'QUEUE_NAME')).toBe(true)
  expect(matchesPatterns(['QUEUE_*', '!QUEUE_CONNECTION'], 'QUEUE_CONNECTION')).toBe(false)
  expect(matchesPatterns(['!QUEUE_CONNECTION', 'QUEUE_*'], 'QUEUE_CONNECTION')).toBe(true)
  expect(matchesPatterns([], 'QUEUE_NAME')).toBe(false)
})

describe('what the built-in catalogue takes for the name of a queue, a group or a topic', () => {
  test.each([
    ['REDIS_QUEUE', 'queues'],
    ['QUEUE_NAME', 'queues'],
    ['QUEUE_CONNECTION', null],
    ['QUEUE_FAILED_DRIVER', null],
    ['QUEUE_PASSWORD', null],
    ['REDIS_HOST', null],
    ['KAFKA_GROUP_ID', 'groups'],
    ['KAFKA_CONSUMER_GROUP', 'groups'],
    ['KAFKA_TOPIC', 'topics'],
    ['KAFKA_ORDERS_TOPIC', 'topics'],
    ['KAFKA_TOPICS', 'topics'],
    ['KAFKA_TOPIC_PREFIX', null],
    ['KAFKA_BROKERS', null],
    ['PATH', null],
  ])('%s: %s', (name, expected) => {
    const {queues, groups, topics} = builtinCatalogue.discovery
    const found = Object.entries({queues, groups, topics}).flatMap(([what, patterns]) => (matchesPatterns(patterns, name) ? [what] : []))
    expect(found).toEqual(expected === null ? [] : [expected])
  })
})
