import {readFileSync} from 'node:fs'
import {describe, expect, test} from 'vitest'
import {compileCatalogue} from '../../src/lib/catalogue/compile.ts'
import {BUILT_IN, builtinCatalogue as catalogue} from '../../src/lib/catalogue/index.ts'

const here = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8')

/** The tables of the runbook, as they stand there: heading -> rows of cells. */
function runbookTables(): Map<string, string[][]> {
  const tables = new Map<string, string[][]>()
  let heading = ''
  for (const line of here('runbook-tables.md').split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim())
    if (line.startsWith('|') && cells[1] !== 'Name' && !line.startsWith('|-')) tables.get(heading)!.push(cells.slice(1, -1))
    else if (!line.startsWith('|') && /^Services$|\(\d+ deployments\)$/.test(line)) tables.set((heading = line), [])
  }
  return tables
}

const CATEGORIES: Readonly<Record<string, string>> = {
  'Event Consumers (13 deployments)': 'consumers',
  'Background Workers (16 deployments)': 'workers',
  'Backend Application Services (5 deployments)': 'backend',
  'Frontend Services (2 deployments)': 'frontend',
}

test('is compiled from catalogue.yaml', () => {
  expect(catalogue).toEqual(compileCatalogue(here('../../src/lib/catalogue/catalogue.yaml'), BUILT_IN))
})

test('holds every workload of the runbook, in its order, and no other', () => {
  const rows = [...runbookTables()].flatMap(([heading, table]) =>
    heading === 'Services' ? [] : table.map(([name, replicas, purpose]) => ({category: CATEGORIES[heading], name, replicas, purpose})),
  )
  expect(rows).toHaveLength(38)
  expect(
    catalogue.workloads.map(({category, name, baseline, purpose}) => ({category, name, replicas: `${baseline}/${baseline}`, purpose})),
  ).toEqual(rows)
})

test('holds every service of the runbook, in its order, and no other', () => {
  const rows = runbookTables().get('Services')!
  expect(rows).toHaveLength(6)
  expect(
    catalogue.services.map(({name, type, clusterIP, ports, purpose}) => [
      name,
      type,
      clusterIP,
      ports.map(({port, nodePort}) => (nodePort === null ? `${port}` : `${port}:${nodePort}`)).join(', '),
      purpose,
    ]),
  ).toEqual(rows)
})

test('adds up to 38 workloads, 36 active, 2 inactive, 40 pods', () => {
  const active = catalogue.workloads.filter(({baseline}) => baseline > 0)
  expect(catalogue.workloads).toHaveLength(38)
  expect(active).toHaveLength(36)
  expect(active.reduce((pods, {baseline}) => pods + baseline, 0)).toBe(40)
  const counts = catalogue.categories.map(({name}) => {
    const members = catalogue.workloads.filter(({category}) => category === name)
    return [name, members.length, members.filter(({baseline}) => baseline > 0).length]
  })
  expect(counts).toEqual([
    ['consumers', 14, 13],
    ['workers', 17, 16],
    ['backend', 5, 5],
    ['frontend', 2, 2],
  ])
})

describe('what the runbook says beside its tables', () => {
  test('two are inactive with a reason, no backlog is accepted', () => {
    const inactive = catalogue.workloads.filter((workload) => workload.inactive !== null)
    expect(inactive.map(({name}) => name)).toEqual(['consumer-revenue', 'worker-sapoche-batch-publisher-notification'])
    expect(inactive.map((workload) => workload.inactive?.backlogAccepted)).toEqual([false, false])
    expect(inactive.every((workload) => workload.inactive?.reason !== '')).toBe(true)
  })

  test('its own short name is an alias', () => {
    const aliases = catalogue.workloads.filter((workload) => workload.aliases.length > 0).map(({name, aliases}) => [name, ...aliases])
    expect(aliases).toEqual([['worker-sapoche-batch-publisher-notification', 'worker-batch-publisher-notification']])
  })

  test('single instances are protected and limited', () => {
    const limited = catalogue.workloads.filter(({maxReplicas}) => maxReplicas !== null)
    expect(limited.map(({name, maxReplicas}) => [name, maxReplicas?.count])).toEqual([
      ['redis-master-st-sp', 1],
      ['sapoche-be--scheduler--stag', 1],
      ['orthanc-read-api', 1],
    ])
    expect(catalogue.workloads.filter((workload) => workload.protected !== null)).toEqual(limited)
  })

  test('services lead to workloads of another name', () => {
    expect(Object.fromEntries(catalogue.services.map(({name, workload}) => [name, workload]))).toEqual({
      'st-bnkd-php': 'st-bnkd-php',
      'st-sapoche-nginx': 'st-bnkd-php-nginx',
      'st-redis-sp': 'redis-master-st-sp',
      'diag-design-system-nginx': 'diag-design-system-nginx',
      'diag-dicom-viewer-nginx': 'diag-dicom-viewer-nginx',
      'orthanc-read-api-service': 'orthanc-read-api',
    })
  })

  test('the data flows', () => {
    expect(catalogue.flows.map(({name, hops}) => [name, ...hops.map((hop) => `${hop.kind} ${hop.name}`)])).toEqual([
      [
        'gateway',
        'external external requests',
        'external APISIX gateway',
        'service st-sapoche-nginx',
        'workload st-bnkd-php-nginx',
        'workload st-bnkd-php',
        'service st-redis-sp',
        'external external databases and storage',
      ],
      ['events', 'external events', 'category consumers', 'category workers', 'external notifications and PDFs'],
    ])
  })

  test('the dependencies', () => {
    expect(catalogue.dependencies.map(({kind, where}) => [kind, where])).toEqual([
      ['gateway', 'in another namespace'],
      ['queue', 'in another namespace'],
      ['database', 'outside the cluster'],
      ['storage', 'outside the cluster'],
      ['cache', 'in the namespace'],
    ])
  })

  test('it may be used anywhere, with three minutes of grace', () => {
    expect([catalogue.namespace, catalogue.clusters, catalogue.startupGrace]).toEqual(['sapoche', [], 180])
  })
})
