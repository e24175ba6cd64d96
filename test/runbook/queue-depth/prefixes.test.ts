import {expect, test} from 'vitest'
import {likelyPrefixes, placeOf} from '../../../src/lib/runbook/queue-depth/prefixes.ts'
import type {Subject, Variable} from '../../../src/lib/runbook/bindings/index.ts'

const DEFAULTS = ['', 'laravel_database_', 'laravel-database-']
const place = (appName: string | null) => ({prefix: null, database: null, appName})
const subject = (values: Readonly<Record<string, string | null>>): Subject => ({
  name: 'x',
  category: null,
  listed: null,
  environments: [
    {
      container: 'app',
      variables: new Map(
        Object.entries(values).map(([name, value]): [string, Variable] => [name, {name, value, origin: {kind: 'template'}}]),
      ),
      secrets: [],
      words: [],
    },
  ],
})

test.each([
  ['Sapoche', ['sapoche_database_', 'sapoche-database-']],
  ['Sapoche Core-Platform', ['sapoche_core_platform_database_', 'sapoche-core-platform-database-']],
  ['  Ärzte & Co. (test)', ['arzte_co_test_database_', 'arzte-co-test-database-']],
  ['snake_case', ['snake_case_database_', 'snake-case-database-']],
])('prefixes that Laravel makes of "%s"', (name, prefixes) => {
  expect(likelyPrefixes([place(name), place(null), place(name)])).toEqual([...prefixes, ...DEFAULTS])
})

test('without a name, and with the one of a fresh installation', () => {
  expect(likelyPrefixes([])).toEqual(DEFAULTS)
  expect(likelyPrefixes([place('Laravel')]).toSorted()).toEqual(DEFAULTS.toSorted())
})

test.each([
  [
    {REDIS_PREFIX: '', REDIS_DB: '3', APP_NAME: 'a'},
    {prefix: '', database: 3, appName: 'a'},
  ],
  [
    {REDIS_PREFIX: null, REDIS_DB: 'x'},
    {prefix: null, database: null, appName: null},
  ],
  [{}, {prefix: null, database: null, appName: null}],
])('what the environment says: %j', (values, found) => expect(placeOf(subject(values as Record<string, string | null>))).toEqual(found))
