import {expect, test} from 'vitest'
import {isMeantFor} from '../../src/lib/catalogue/index.ts'

test.each([
  ['anywhere', [], 'prod', 'https://a', true],
  ['its context', ['stag', 'prod'], 'prod', 'https://a', true],
  ['another context', ['prod'], 'stag', 'https://a', false],
  ['a part of a name', ['prod'], 'prod-eu', 'https://a', false],
  ['its server', ['https://api.example:6443'], 'x', 'https://api.example:6443', true],
  ['its server, written otherwise', ['https://API.example:443/'], 'x', 'https://api.example', true],
  ['another port', ['https://api.example:6443'], 'x', 'https://api.example', false],
  ['from inside a pod, by server', ['https://10.0.0.1'], null, 'https://10.0.0.1:443', true],
  ['from inside a pod, meant for a context', ['prod'], null, 'https://10.0.0.1:443', false],
])('%s', (_what, clusters, context, server, expected) => {
  expect(isMeantFor({clusters}, {context, server})).toBe(expected)
})
