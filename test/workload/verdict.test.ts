import {describe, expect, test} from 'vitest'
import {
  exitCodeOf,
  judgeWorkload,
  mostlyMissing,
  sharedCause,
  verdictOf,
  worst,
  type Health,
  type NamedJudgement,
  type Severity,
} from '../../src/lib/workload/index.ts'
import {crashing, MINUTE, node, nodes, NOW, pod, workload, type PodOptions} from './build.ts'

test.each<[readonly Severity[], string]>([
  [[], 'ok'],
  [['ok', 'info'], 'ok'],
  [['ok', 'warning', 'info'], 'warning'],
  [['warning', 'unknown'], 'unknown'],
  [['unknown', 'critical', 'warning'], 'critical'],
])('the verdict on %o is %s', (severities, verdict) => {
  expect(
    verdictOf(
      severities.map((severity) => ({severity})),
      new Set(),
    ),
  ).toBe(verdict)
})

test('the worst severity keeps info apart', () => {
  expect(worst(['ok', 'info', 'ok'])).toBe('info')
})

test('--allow takes healths out, and nothing else', () => {
  const items: {severity: Severity; health?: Health}[] = [
    {severity: 'warning', health: 'drifted'},
    {severity: 'warning', health: 'progressing'},
    {severity: 'ok', health: 'ok'},
  ]
  expect(verdictOf(items, new Set(['drifted']))).toBe('warning')
  expect(verdictOf(items, new Set(['drifted', 'progressing']))).toBe('ok')
  expect(verdictOf([...items, {severity: 'critical'}], new Set(['drifted', 'progressing']))).toBe('critical')
})

test.each([
  ['ok', 'warning', 0],
  ['warning', 'warning', 1],
  ['critical', 'warning', 2],
  ['unknown', 'warning', 3],
  ['ok', 'critical', 0],
  ['warning', 'critical', 0],
  ['critical', 'critical', 2],
  ['unknown', 'critical', 3],
  ['ok', 'never', 0],
  ['warning', 'never', 0],
  ['critical', 'never', 0],
  ['unknown', 'never', 0],
] as const)('%s with --fail-on %s exits %i', (verdict, failOn, code) => {
  expect(exitCodeOf(verdict, failOn)).toBe(code)
})

test('more than half of the catalogue missing is the wrong place', () => {
  const listed = (missing: number, there: number): {health: Health}[] => [
    ...Array.from({length: missing}, () => ({health: 'missing' as const})),
    ...Array.from({length: there}, () => ({health: 'ok' as const})),
  ]
  expect(mostlyMissing(listed(19, 19))).toBeNull()
  expect(mostlyMissing(listed(20, 18))).toBe('20 of the 38 workloads of the catalogue are missing: wrong context or namespace?')
  expect(mostlyMissing([])).toBeNull()
})

describe('sharedCause', () => {
  const named = (name: string, options: PodOptions): NamedJudgement => ({name, ...judgeWorkload(workload({pods: [pod(options)]}), NOW)})
  const sick = (name: string, onNode: string, image: string): NamedJudgement =>
    named(name, {node: onNode, containers: [{...crashing(), image}]})
  const well = (name: string, onNode: string): NamedJudgement => named(name, {node: onNode})
  const all = nodes(node('node-a'), node('node-b'))

  test.each<[string, readonly NamedJudgement[], string | null]>([
    ['nothing wrong', [well('a', 'node-a'), well('b', 'node-a')], null],
    ['one fault', [sick('a', 'node-a', 'x:1'), well('b', 'node-b')], null],
    ['nothing in common', [sick('a', 'node-a', 'x:1'), sick('b', 'node-b', 'y:1')], null],
    [
      'a node',
      [sick('a', 'node-a', 'x:1'), sick('b', 'node-a', 'y:1'), well('c', 'node-b')],
      '2 faulty workloads have in common node node-a: a, b',
    ],
    ['the only node is nothing shared', [sick('a', 'node-a', 'x:1'), sick('b', 'node-a', 'y:1')], null],
    ['an image', [sick('a', 'node-a', 'r/x:1'), sick('b', 'node-b', 'r/x:1')], '2 faulty workloads have in common image x:1: a, b'],
    [
      'the image of three before the node of two',
      [sick('a', 'node-a', 'x:1'), sick('b', 'node-b', 'x:1'), sick('c', 'node-a', 'x:1')],
      '3 faulty workloads have in common image x:1: a, b, c',
    ],
  ])('%s', (_about, judged, sentence) => {
    expect(sharedCause(judged, all, NOW)).toBe(sentence)
  })

  test('a node that is NotReady goes first', () => {
    const lost = nodes(node('node-a', 'False', 4 * MINUTE))
    const on = (name: string): NamedJudgement => ({name, ...judgeWorkload(workload({nodes: lost, pods: [pod()]}), NOW)})
    const judged = [on('a'), on('b'), sick('c', 'node-b', 'x:1'), sick('d', 'node-b', 'x:1'), sick('e', 'node-b', 'x:1')]
    expect(sharedCause(judged, lost, NOW)).toBe('2 faulty workloads have pods on node-a, which is NotReady for 4 min: a, b')
  })
})
