import {describe, expect, test} from 'vitest'
import {UsageError} from '../../../src/lib/errors/index.ts'
import {decodeRevision, findRevision, historyItems, revisionsOf, type Revision} from '../../../src/lib/runbook/history/index.ts'
import {historyReport, type HistoryReport} from '../../../src/lib/runbook/history/schema.ts'
import {historyViews} from '../../../src/lib/runbook/history/view.ts'
import {hasTemplate, rollbackPatch, type Goal} from '../../../src/lib/runbook/rollback/goal.ts'
import {ago, deployment, NOW, rawDeployment} from '../operation/objects.ts'

interface Facts {
  readonly of?: string
  readonly image?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cause?: string
  readonly reused?: boolean
  readonly seconds?: number
}

function revision(
  number: number | null,
  {of = 'web', image = 'case:1.0', env = {}, cause, reused, seconds = 60}: Facts = {},
): Revision | null {
  return decodeRevision({
    metadata: {
      name: `${of}-rs${number}`,
      uid: `uid-${of}-rs${number}`,
      creationTimestamp: ago(seconds),
      annotations: {
        ...(number === null ? {} : {'deployment.kubernetes.io/revision': String(number)}),
        ...(reused === true ? {'deployment.kubernetes.io/revision-history': '1'} : {}),
        ...(cause === undefined ? {} : {'kubernetes.io/change-cause': cause}),
      },
      ownerReferences: [{kind: 'Deployment', name: of, uid: `uid-${of}`, controller: true}],
    },
    spec: {
      replicas: 0,
      template: {spec: {containers: [{name: 'app', image, env: Object.entries(env).map(([name, value]) => ({name, value}))}]}},
    },
  })
}

const WEB = deployment({revision: 4})
const ALL = [
  revision(4, {image: 'case:1.1', env: {TOKEN: 'hidden-value'}, reused: true, seconds: 90_000}),
  revision(null),
  revision(1, {of: 'other'}),
  revision(2, {seconds: 200_000}),
  revision(3, {image: 'case:1.1', cause: 'release 1.1', seconds: 7200}),
]

test('those of one deployment, by owner, oldest first', () => {
  expect(revisionsOf(WEB, ALL).map((each) => each.revision)).toEqual([2, 3, 4])
})

describe('which revision is meant', () => {
  const revisions = revisionsOf(WEB, ALL)
  test.each([
    [undefined, 3],
    [2, 2],
    [4, 4],
  ])('%s', (wanted, found) => {
    expect(findRevision(WEB, revisions, wanted).revision).toBe(found)
  })

  test.each<[number | undefined, readonly Revision[], string]>([
    [9, revisions, 'web has no revision 9: it has 2, 3, 4'],
    [undefined, revisions.slice(2), 'web has no revision before the present one: it has 4'],
    [undefined, [], 'web has no revision before the present one: it has none'],
  ])('%s of some that lack it', (wanted, among, message) => {
    expect(() => findRevision(WEB, among, wanted)).toThrow(UsageError)
    expect(() => findRevision(WEB, among, wanted)).toThrow(message)
  })
})

describe('the report', () => {
  const report: HistoryReport = {
    apiVersion: 'sapoche/v1',
    kind: 'HistoryReport',
    generatedAt: '2026-11-22T03:12:07.000Z',
    context: 'prod-eu',
    namespace: 'sapoche',
    target: 'web',
    paused: true,
    items: historyItems(WEB, revisionsOf(WEB, ALL)),
    warnings: [],
  }

  test('has each revision beside the one before, without values of variables', () => {
    expect(historyReport.parse(report)).toEqual(report)
    expect(report.items.map(({changes}) => changes?.what ?? null)).toEqual([null, 'image case:1.0 -> case:1.1', 'environment TOKEN'])
    expect(JSON.stringify(report)).not.toContain('hidden-value')
  })

  test('as text', () => {
    expect(historyViews.table(report, {width: 80, colour: false, now: NOW})).toBe(`sapoche  context prod-eu  2026-11-22 03:12:07Z

web
  REVISION   AGE                           CHANGE
         2   2 d                           case:1.0
         3   2 h                           image case:1.0 -> case:1.1 (release 1.1)
         4  25 h  current, taken up again  environment TOKEN

paused  its rollouts are paused: a new template waits until they are resumed
undo  sapoche rollback web --to-revision 3
`)
  })

  test.each<[string, readonly Revision[], RegExp]>([
    ['one revision', revisionsOf(WEB, [revision(4)]), /\n\nno revision to go back to\n$/],
    ['none', [], /\n\nno revisions are kept\n$/],
  ])('%s', (_what, revisions, end) => {
    const shown = {...report, paused: false, items: historyItems(WEB, revisions)}
    expect(historyViews.table(shown, {width: 80, colour: false, now: NOW})).toMatch(end)
    expect(historyViews.wide(shown, {width: 80, colour: false, now: NOW})).toMatch(end)
  })
})

describe('the patch of a rollback', () => {
  const goal = {...revision(3, {cause: 'release 1.1'}), rawTemplate: {spec: {containers: []}}} as unknown as Goal
  const paths = (patch: readonly {readonly [key: string]: unknown}[]): unknown[] =>
    patch.map(({op, path}) => `${String(op)} ${String(path)}`)

  test('is guarded, replaces the template and brings its cause', () => {
    expect(rollbackPatch(WEB, goal, null, {})).toEqual([
      {op: 'replace', path: '/metadata/resourceVersion', value: '7'},
      {op: 'replace', path: '/spec/template', value: {spec: {containers: []}}},
      {op: 'add', path: '/metadata/annotations/kubernetes.io~1change-cause', value: 'release 1.1'},
    ])
  })

  test('sets the count again, and takes away only what is there', () => {
    const fresh = deployment({annotations: {'sapoche.dev/scaled-to': '0'}})
    const patch = rollbackPatch(fresh, {...goal, cause: null}, 2, {'sapoche.dev/scaled-to': null, 'sapoche.dev/scaled-by': null})
    expect(paths(patch)).toEqual([
      'replace /metadata/resourceVersion',
      'replace /spec/template',
      'replace /spec/replicas',
      'remove /metadata/annotations/sapoche.dev~1scaled-to',
    ])
  })

  test('a template that is there already is known', () => {
    const {template} = rawDeployment({})['spec'] as {template: Goal['rawTemplate']}
    expect(hasTemplate(deployment({}), {...goal, rawTemplate: template})).toBe(true)
    expect(hasTemplate(deployment({image: 'case:2.0'}), {...goal, rawTemplate: template})).toBe(false)
  })
})
