import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {compileCatalogue} from '../../../src/lib/catalogue/compile.ts'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {catalogueReport, catalogueValidation} from '../../../src/lib/runbook/catalogue/schema.ts'
import {catalogueNames, catalogueTable, catalogueWide, validationText} from '../../../src/lib/runbook/catalogue/show-view.ts'
import {showCatalogue, validateCatalogue} from '../../../src/lib/runbook/catalogue/show.ts'

const NOW = Date.parse('2026-11-22T03:12:07Z')
const plain = {width: 80, colour: false, now: NOW}
const report = showCatalogue(builtinCatalogue, NOW)

const small = compileCatalogue(
  `namespace: other
clusters: [stag, https://10.0.0.1]
workloads:
  - {name: consumer-a, category: consumers, baseline: 2, critical: true, purpose: "A \\e[31mred\\e[0m purpose"}
  - {name: set, category: backend, baseline: 0, aliases: [box], inactive: {reason: on hold, reviewBy: 2027-01-31}}
`,
  'sapoche.yaml',
  builtinCatalogue,
)

test('the report holds the whole catalogue', () => {
  const {source, namespace, workloads, ...rest} = builtinCatalogue
  expect(report).toEqual({
    apiVersion: 'sapoche/v1',
    kind: 'Catalogue',
    generatedAt: '2026-11-22T03:12:07.000Z',
    context: null,
    namespace,
    source,
    summary: {workloads: 38, active: 36, inactive: 2, pods: 40, services: 6},
    items: workloads,
    ...rest,
  })
})

test('the reports fit their schemas, which can be written as JSON Schema', () => {
  expect(catalogueReport.strict().parse(report)).toEqual(report)
  const validation = validateCatalogue(small, NOW)
  expect(validation).toMatchObject({kind: 'CatalogueValidation', namespace: 'other', source: 'sapoche.yaml', summary: {pods: 2}})
  expect(catalogueValidation.strict().parse(validation)).toEqual(validation)
  expect(z.toJSONSchema(catalogueReport)).toMatchObject({type: 'object', properties: {kind: {const: 'Catalogue'}}})
})

describe('the table', () => {
  const text = catalogueTable(report, plain)

  test('fits 80 columns and names every workload and service in full', () => {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
    const words = new Set(text.split(/\s+/))
    expect([...builtinCatalogue.workloads, ...builtinCatalogue.services].filter(({name}) => !words.has(name))).toEqual([])
  })

  test('a purpose that is too long for its row stands below it', () => {
    expect(text).toContain(
      '\n  worker-sapoche-batch-publisher-notification  0\n      Batch notifications (scaled to 0); inactive: scaled to 0, to be reviewed;\n',
    )
  })

  test('counts each category', () => {
    expect(text.split('\n').filter((line) => /^[A-Z]+ .* active, /.test(line))).toEqual([
      'CONSUMERS  Event Consumers, 13 of 14 active, 13 pods',
      'WORKERS  Background Workers, 16 of 17 active, 16 pods',
      'BACKEND  Backend Application Services, 5 of 5 active, 9 pods',
      'FRONTEND  Frontend Services, 2 of 2 active, 2 pods',
    ])
  })

  test('ends with the totals and the next command', () => {
    expect(text).toMatch(
      /\n38 workloads: 36 active, 2 inactive; 40 pods; 6 services\n {2}next {2}sapoche catalogue diff {6}\(compares it with the cluster\)\n$/,
    )
  })

  test('of a small catalogue', () => {
    expect(catalogueTable(showCatalogue(small, NOW), plain)).toBe(`other  catalogue sapoche.yaml

CONSUMERS  Event Consumers, 1 of 1 active, 2 pods
  consumer-a  2  A red purpose
      critical

BACKEND  Backend Application Services, 0 of 1 active, 0 pods
  set  0
      inactive: on hold; review by 2027-01-31; also called box

MEANT FOR  stag, https://10.0.0.1

2 workloads: 1 active, 1 inactive; 2 pods; 0 services
  next  sapoche catalogue diff      (compares it with the cluster)
`)
  })

  test('wide: cluster IPs, variables and settings besides', () => {
    const wide = catalogueWide(report, {...plain, width: 200})
    for (const words of ['10.27.41.39', 'KAFKA_BOOTSTRAP_SERVER*', 'start-up grace 180 s', '!QUEUE_CONNECTION']) {
      expect(wide).toContain(words)
      expect(text).not.toContain(words)
    }
  })

  test('colour only underlines', () => {
    const coloured = catalogueTable(report, {...plain, colour: true})
    expect(coloured).toContain('\u001B[')
    // oxlint-disable-next-line no-control-regex -- the escapes are what is taken away
    expect(coloured.replace(/\u001B\[\d+m/g, '')).toBe(text)
  })
})

test('names, as kubectl prints them', () => {
  expect(catalogueNames(report).split('\n')).toHaveLength(39)
  expect(catalogueNames(showCatalogue(small, NOW))).toBe('deployment.apps/consumer-a\ndeployment.apps/set\n')
})

test.each([
  ['the built-in catalogue is valid\n    38 workloads: 36 active, 2 inactive; 40 pods; 6 services', builtinCatalogue],
  ['sapoche.yaml is valid\n    2 workloads: 1 active, 1 inactive; 2 pods; 0 services', small],
])('validation: %s', (text, catalogue) => {
  expect(validationText(validateCatalogue(catalogue, NOW), plain)).toBe(`OK  ${text}\n`)
})
