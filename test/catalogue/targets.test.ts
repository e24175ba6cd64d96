import * as fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {builtinCatalogue, categoryOf, resolveTargets, type ClusterNames, type Resolution} from '../../src/lib/catalogue/index.ts'
import {UsageError} from '../../src/lib/errors/index.ts'

const PDF_POD = 'worker-sapoche-pdf-7c9fbd4d66-x2x4z'
const cluster: ClusterNames = {
  workloads: [...builtinCatalogue.workloads.map(({name}) => name), 'worker-new', 'toolbox', 'consumer-new'],
  pods: [
    {name: PDF_POD, workload: 'worker-sapoche-pdf'},
    {name: 'worker-sapoche-pdf-7c9fbd4d66-5d7gk', workload: 'worker-sapoche-pdf'},
    {name: 'consumer-ecg-6b9c8d7f54-k5rqr', workload: 'consumer-ecg'},
    {name: 'debug', workload: null},
  ],
}

const resolve = (targets: string, except = '', known: ClusterNames | null = cluster): Resolution =>
  resolveTargets(targets.split(' ').filter(Boolean), except.split(' ').filter(Boolean), builtinCatalogue, known)
const names = (resolution: Resolution): string[] => resolution.workloads.map(({name}) => name)

function failure(targets: string, except = '', known: ClusterNames | null = cluster): UsageError {
  try {
    resolve(targets, except, known)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was resolved')
}

describe('what a target hits, and how', () => {
  test.each<[target: string, by: string, hit: string[]]>([
    ['consumer-ecg', 'name', ['consumer-ecg']],
    ['toolbox', 'name', ['toolbox']],
    ['deployment/consumer-ecg', 'name', ['consumer-ecg']],
    ['deployment.apps/consumer-ecg', 'name', ['consumer-ecg']],
    ['deploy/toolbox', 'name', ['toolbox']],
    ['worker-batch-publisher-notification', 'alias', ['worker-sapoche-batch-publisher-notification']],
    ['deployment/worker-batch-publisher-notification', 'alias', ['worker-sapoche-batch-publisher-notification']],
    ['service/st-redis-sp', 'service', ['redis-master-st-sp']],
    ['svc/st-sapoche-nginx', 'service', ['st-bnkd-php-nginx']],
    ['service/st-bnkd-php', 'service', ['st-bnkd-php']],
    ['st-bnkd-php', 'name', ['st-bnkd-php']],
    ['worker-sapoche-pdf-svip?', 'glob', ['worker-sapoche-pdf-svip1', 'worker-sapoche-pdf-svip2']],
    ['deployment/*-nginx', 'glob', ['st-bnkd-php-nginx', 'diag-design-system-nginx', 'diag-dicom-viewer-nginx']],
    ['*-new', 'glob', ['consumer-new', 'worker-new']],
    ['frontend', 'category', ['diag-design-system-nginx', 'diag-dicom-viewer-nginx']],
    ['backend', 'category', ['st-bnkd-php', 'st-bnkd-php-nginx', 'redis-master-st-sp', 'sapoche-be--scheduler--stag', 'orthanc-read-api']],
  ])('%s by %s', (target, by, hit) => {
    const {workloads, pods} = resolve(target)
    expect(names({workloads, pods, exceptPods: []})).toEqual(hit)
    expect(workloads.map(({hits}) => hits)).toEqual(hit.map(() => [{target, by}]))
    expect(pods).toEqual([])
  })

  test.each([
    ['consumers', 15],
    ['consumer', 15],
    ['workers', 18],
    ['worker', 18],
    ['worker-sapoche-pdf*', 6],
    ['all', 41],
    ['', 41],
    ['*', 41],
  ])('%s hits %d', (target, count) => {
    expect(resolve(target).workloads).toHaveLength(count)
  })

  test('without a cluster, what the catalogue lists', () => {
    expect(resolve('', '', null).workloads.map(({name}) => name)).toEqual(builtinCatalogue.workloads.map(({name}) => name))
    expect(resolve('consumers', '', null).workloads).toHaveLength(14)
  })

  test("the catalogue's order first, then the others by name; each once, with every hit", () => {
    const {workloads} = resolve('toolbox worker-new worker-sapoche-pdf consumer-ecg worker-sapoche-pd? consumer-ecg')
    expect(workloads.map(({name, category, listed, hits}) => [name, category, listed !== null, hits.map(({by}) => by).join()])).toEqual([
      ['consumer-ecg', 'consumers', true, 'name'],
      ['worker-sapoche-pdf', 'workers', true, 'name,glob'],
      ['toolbox', null, false, 'name'],
      ['worker-new', 'workers', false, 'name'],
    ])
  })
})

describe('pods', () => {
  test.each([PDF_POD, `pod/${PDF_POD}`, `po/${PDF_POD}`])('%s is that pod alone', (target) => {
    expect(resolve(target)).toEqual({workloads: [], pods: [{name: PDF_POD, workload: 'worker-sapoche-pdf', target}], exceptPods: []})
  })

  test('a pod without a workload, which no shape could tell', () => {
    expect(resolve('debug').pods).toEqual([{name: 'debug', workload: null, target: 'debug'}])
  })

  test('named in two ways, it is one', () => {
    expect(resolve(`pod/${PDF_POD} ${PDF_POD}`).pods).toHaveLength(1)
  })

  test.each([
    ['st-bnkd-php-nginx-54d8f66c9b-2wzkx', 'st-bnkd-php-nginx'],
    ['sapoche-be--scheduler--stag-cdcf-k5rqr', 'sapoche-be--scheduler--stag'],
  ])('without the cluster, %s is known by its shape', (target, workload) => {
    expect(resolve(target, '', null).pods).toEqual([{name: target, workload, target}])
  })

  test('a slip of the pen is not taken for a pod', () => {
    expect(failure('worker-sapoche-pdf-svip-regem', '', null).suggestions[0]).toBe('worker-sapoche-pdf-svip-regen')
  })

  test('without the cluster, pod/X is believed', () => {
    expect(resolve('pod/debug', '', null).pods).toEqual([{name: 'debug', workload: null, target: 'pod/debug'}])
  })
})

describe('--except', () => {
  test.each([
    ['consumers', 'consumer-ecg consumer-dicom', 13],
    ['all', 'workers', 23],
    ['', 'worker frontend', 21],
    ['worker-sapoche-pdf*', '*-svip*', 3],
    ['backend', 'service/st-redis-sp', 4],
    ['workers', 'worker-batch-publisher-notification', 17],
    ['consumers', 'worker-booking', 15],
  ])('%s except %s: %d', (targets, except, count) => {
    expect(resolve(targets, except).workloads).toHaveLength(count)
  })

  test('takes away pods that were named, by name and by workload', () => {
    const both = `${PDF_POD} consumer-ecg-6b9c8d7f54-k5rqr`
    expect(resolve(both, `pod/${PDF_POD}`).pods.map(({name}) => name)).toEqual(['consumer-ecg-6b9c8d7f54-k5rqr'])
    expect(resolve(both, 'consumers').pods.map(({name}) => name)).toEqual([PDF_POD])
  })

  test('of a pod of a workload that stays', () => {
    const {workloads, exceptPods} = resolve('worker-sapoche-pdf', PDF_POD)
    expect([workloads.map(({name}) => name), exceptPods]).toEqual([['worker-sapoche-pdf'], [PDF_POD]])
  })

  test('that leaves nothing', () => {
    expect(failure('frontend', 'all').message).toBe('--except all leaves nothing')
  })
})

describe('a target that matches nothing ends with 64 and the nearest names', () => {
  test.each<[target: string, message: string, suggestions: string[]]>([
    ['consumer-lis', 'no workload matches "consumer-lis"', ['consumer-lis-testresult']],
    ['worker-sapoche-pfd', 'no workload matches "worker-sapoche-pfd"', ['worker-sapoche-pdf']],
    ['export', 'no workload matches "export"', ['worker-sapoche-export-csv']],
    ['worker-pdf-en', 'no workload matches "worker-pdf-en"', ['worker-sapoche-pdf-en']],
    ['CONSUMER-ECG', 'no workload matches "CONSUMER-ECG"', ['consumer-ecg']],
    ['consumres', 'no workload matches "consumres"', ['consumer', 'consumers']],
    ['st-redis', 'no workload matches "st-redis"', ['service/st-redis-sp']],
    ['toolbx', 'no workload matches "toolbx"', ['toolbox']],
    ['worker-exprot*', 'no workload matches "worker-exprot*"', ['worker-sapoche-export-csv']],
    ['consumer-eg*', 'no workload matches "consumer-eg*"', ['consumer-ecg']],
    ['deployment/consumer-ec', 'no workload matches "consumer-ec"', ['consumer-ecg']],
    ['deployment/consumers', 'no workload matches "consumers"', []],
    ['service/st-redis', 'no service of the catalogue matches "st-redis"', ['service/st-redis-sp']],
    ['pod/worker-sapoche-pdf-7c9fbd4d66-zzzzz', 'no pod matches "worker-sapoche-pdf-7c9fbd4d66-zzzzz"', [`pod/${PDF_POD}`]],
    ['worker-sapoche-pdf-54d8f66c9b-2wzkx', 'no pod matches "worker-sapoche-pdf-54d8f66c9b-2wzkx"', [`pod/${PDF_POD}`]],
    ['configmap/x', '"configmap/x" is none of deployment/NAME, service/NAME, pod/NAME', []],
    ['pod/', 'no pod matches ""', []],
  ])('%s', (target, message, first) => {
    const error = failure(target)
    expect(error.exitCode).toBe(64)
    expect(error.message).toBe(message)
    expect(error.suggestions.slice(0, first.length)).toEqual(first)
    expect(error.suggestions.length).toBeLessThanOrEqual(5)
    if (first.length > 0) expect(error.hints).toEqual([{label: 'did you mean', text: error.suggestions.join('\n')}])
  })

  test('junk has no nearest names, but a command that lists them', () => {
    const {suggestions, hints} = failure('zzzzzz')
    expect([suggestions, hints.map(({label}) => label)]).toEqual([[], ['next']])
  })

  test('an empty word', () => {
    expect(() => resolveTargets([''], [], builtinCatalogue)).toThrow('no workload matches ""')
  })

  test('a pod that is gone: its siblings, then its workload', () => {
    expect(failure('worker-sapoche-pdf-54d8f66c9b-2wzkx').suggestions).toEqual([
      `pod/${PDF_POD}`,
      'pod/worker-sapoche-pdf-7c9fbd4d66-5d7gk',
      'worker-sapoche-pdf',
    ])
  })

  test('several at once are all named', () => {
    expect(failure('consumers consumer-lis worker-exprt').message).toBe(
      'no workload matches "consumer-lis"; no workload matches "worker-exprt"',
    )
  })

  test('of --except', () => {
    expect(failure('consumers', 'consumer-lis')).toMatchObject({
      message: '--except: no workload matches "consumer-lis"',
      exitCode: 64,
      suggestions: expect.arrayContaining(['consumer-lis-testresult']),
    })
  })

  test('a workload that only the cluster has, without the cluster', () => {
    expect(failure('toolbox', '', null).message).toBe('no workload matches "toolbox"')
  })
})

test.each([
  ['consumer-ecg', 'consumers'],
  ['sapoche-be--scheduler--stag', 'backend'],
  ['worker-of-tomorrow', 'workers'],
  ['diag-x', 'frontend'],
  ['toolbox', null],
])('%s belongs to %s', (name, category) => {
  expect(categoryOf(name, builtinCatalogue)).toBe(category)
})

test('resolution never repeats a workload or a pod, and keeps the order', () => {
  const target = fc.constantFrom(
    'all',
    'consumers',
    'worker',
    'backend',
    'frontend',
    '*',
    '*pdf*',
    'consumer-*',
    'consumer-ecg',
    'deployment/consumer-ecg',
    'service/st-redis-sp',
    'redis-master-st-sp',
    'toolbox',
    'worker-new',
    'worker-batch-publisher-notification',
    PDF_POD,
    `pod/${PDF_POD}`,
    'debug',
  )
  const order = resolve('all').workloads.map(({name}) => name)
  fc.assert(
    fc.property(fc.array(target, {maxLength: 8}), fc.array(target, {maxLength: 3}), (targets, except) => {
      let resolution: Resolution
      try {
        resolution = resolveTargets(targets, except, builtinCatalogue, cluster)
      } catch (error) {
        expect(error).toMatchObject({exitCode: 64, message: expect.stringMatching(/leaves nothing$/)})
        return
      }
      const found = names(resolution)
      const taken = new Set(except.length === 0 ? [] : names(resolveTargets(except, [], builtinCatalogue, cluster)))
      expect(found).toEqual(order.filter((name) => found.includes(name)))
      expect(new Set(found).size).toBe(found.length)
      expect(new Set(resolution.pods.map(({name}) => name)).size).toBe(resolution.pods.length)
      expect(found.filter((name) => taken.has(name))).toEqual([])
      expect(resolution.workloads.every(({hits}) => hits.length > 0)).toBe(true)
    }),
  )
})
