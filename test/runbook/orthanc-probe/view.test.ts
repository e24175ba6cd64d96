import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {UnreachableError} from '../../../src/lib/errors/index.ts'
import {probeViews} from '../../../src/lib/runbook/orthanc-probe/index.ts'
import type {liveProbe} from '../../../src/lib/runbook/orthanc-probe/index.ts'
import {orthancProbeReport} from '../../../src/lib/runbook/orthanc-probe/schema.ts'
import {verdictWords} from '../../../src/lib/runbook/orthanc-probe/verdict-words.ts'
import {lab, type LabOptions, NOW, PATIENT} from './lab.ts'

const NARROW = {width: 80, colour: false, now: NOW}
const {table, wide, name, junit} = probeViews('warning')

describe('the table', () => {
  test('the cause, what rests on it, the commands and the verdict', async () => {
    const report = await (await lab({state: {isDatabaseUp: false}})).probe({dicom: true})
    expect(table(report, NARROW)).toBe(`sapoche  context test  2026-11-22 03:12:07Z

service         ok                orthanc-read-api-service: NodePort, 80 on node
                                  port 30635; cluster IP none where the
                                  catalogue expects 10.27.18.84
endpoints       ok                1 ready
pod             ok                orthanc-read-api-0: 1/1 containers ready
http            ok          5 ms  Orthanc 1.12.9
authentication  ok          5 ms  lets in user "ops" with the password of
                                  SAPOCHE_ORTHANC_PASSWORD, and nobody without
database        critical    5 ms  /changes?last answers 503 Service Unavailable:
                                  the database is unavailable
storage         skipped           only with --deep
dicom           ok          5 ms  C-ECHO
viewer          ok          5 ms  diag-dicom-viewer-nginx
viewer          ok          5 ms  app-config.js
viewer          ok          5 ms  /dicom-web: asks for credentials
design-system   ok          5 ms  diag-design-system-nginx

next  sapoche logs orthanc-read-api --level error
      sapoche changes orthanc-read-api --since 1d

CRITICAL  Orthanc is up, and its database is not; 10 steps ok
    not checked: storage (--deep)
`)
  })

  test('all is well', async () => {
    const report = await (await lab()).probe({deep: true, dicom: true})
    expect(table(report, NARROW)).toMatch(/\n\nOK {2}Orthanc answers; 12 steps ok\n$/)
  })

  test('where there is little room, what a step is about stands below it', async () => {
    const report = await (await lab()).probe()
    const lines = table(report, {...NARROW, width: 50}).split('\n')
    expect(lines.filter((line) => line.length > 50)).toEqual(
      ['    not checked: storage (--deep), dicom (--dicom)'].filter((line) => line.length > 50),
    )
    expect(lines).toContain('                diag-design-system-nginx')
    // A name that just fills the room leaves none for its colon: it is not cut.
    const pod = report.steps.find(({name: step}) => step === 'pod')!.target
    const text = table(report, {...NARROW, width: 34 + pod.length})
    expect(text).toContain(`\n                ${pod}: `)
  })

  test('wide: a line a step', async () => {
    const report = await (await lab()).probe()
    expect(
      wide(report, NARROW)
        .split('\n')
        .filter((line) => /^(service|endpoints|pod|http|auth|data|storage|dicom|viewer|design)/.test(line)),
    ).toHaveLength(12)
  })

  test('names, and cases of junit: what was skipped is told as such', async () => {
    const report = await (await lab({state: {users: []}})).probe()
    expect(name(report, NARROW).split('\n').slice(0, 3)).toEqual([
      'service/orthanc-read-api-service',
      'endpoints/orthanc-read-api-service',
      'pod/orthanc-read-api-0',
    ])
    const xml = junit(report, NARROW)
    expect(xml).toMatch(/tests="12" failures="1" errors="0" skipped="2"/)
    expect(xml).toMatch(
      /<testcase classname="authentication" name="orthanc-read-api-0"><failure message="gives studies without credentials/,
    )
    expect(xml).toContain('<testcase classname="dicom" name="orthanc-read-api-0"><skipped message="only with --dicom"/>')
  })
})

const inactive = {
  ...builtinCatalogue,
  workloads: builtinCatalogue.workloads.map((workload) => ({...workload, ...(workload.name === 'orthanc-read-api' && {baseline: 0})})),
}

test.each<[string, LabOptions, string]>([
  ['no service', {without: ['orthanc-read-api-service']}, 'Orthanc has no service; 4 steps ok'],
  ['one of two', {pods: {'orthanc-read-api': [{}, {}]}, closed: ['orthanc-read-api-1']}, 'Orthanc does not answer (1 of 2); 11 steps ok'],
  ['open, and no viewer', {state: {users: []}, config: ''}, "patients' data is open to everybody; the viewer shows no images; 7 steps ok"],
  ['inactive', {pods: {'orthanc-read-api': []}, catalogue: inactive}, 'Orthanc is inactive, as expected; 7 steps ok'],
  ['a warning', {type: 'ClusterIP'}, 'service warning; 9 steps ok'],
])('the verdict in words: %s', async (_, options, words) => {
  expect(verdictWords(await (await lab(options)).probe())).toBe(words)
})

describe('following', () => {
  type Sight = Parameters<ReturnType<typeof liveProbe>['page']>[0]

  test('look by look, with the time of each step; while nothing can be seen, the last', async () => {
    const here = await lab()
    const live = here.live()
    const seen: Sight[] = []
    for await (const sight of live.follow(PATIENT)) {
      seen.push(sight)
      if (seen.length === 1) here.become({isDatabaseUp: false})
      if (seen.length === 2) here.sources.cluster.close()
      if (seen.length === 3) break
    }
    expect(seen.map(({report: {verdict}, blind}) => [verdict, blind !== null])).toEqual([
      ['ok', false],
      ['critical', false],
      ['unknown', true],
    ])
    expect(seen[1]?.history.get('http orthanc-read-api-0')).toEqual([5, 5])
    expect(live.page(seen[1]!, {...NARROW, width: 100}).body.join('\n')).toMatch(/\nhttp +ok +5 ms {2}██/)
    expect(live.page(seen[2]!, NARROW).head.join(' ')).toMatch(/BLIND for 0 s: .*trying again/)
    expect(seen.map((sight) => live.isReached(sight))).toEqual([true, false, false])
    expect(seen.map((sight) => live.waitingFor(sight))).toEqual([
      'Orthanc answers; 10 steps ok',
      'Orthanc is up, and its database is not; 9 steps ok',
      expect.stringMatching(/^nothing can be seen: /),
    ])
    for (const sight of seen) expect(orthancProbeReport.parse(JSON.parse(live.jsonLines(sight)))).toEqual(sight.report)
  })

  test('the first look must succeed; the signal ends it', async () => {
    const here = await lab({forbidden: ['pods']})
    await expect(here.live().follow(PATIENT).next()).rejects.toThrow(/not allowed to list pods/)
    const controller = new AbortController()
    const sights: Sight[] = []
    for await (const sight of (await lab()).live({interval: 60_000}).follow(controller.signal)) {
      sights.push(sight)
      controller.abort(new UnreachableError('enough'))
    }
    expect(sights).toHaveLength(1)
  })
})
