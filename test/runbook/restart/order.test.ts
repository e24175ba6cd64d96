import {expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {restartOrder} from '../../../src/lib/runbook/restart/order.ts'

const order = (...names: string[]): string[] => {
  const all = builtinCatalogue.workloads.filter(({name}) => names.length === 0 || names.includes(name))
  return restartOrder(all, builtinCatalogue).map(({name}) => name)
}

test('what is sent to comes up before what sends', () => {
  expect(
    order(
      'st-bnkd-php-nginx',
      'st-bnkd-php',
      'redis-master-st-sp',
      'consumer-ecg',
      'worker-booking',
      'diag-dicom-viewer-nginx',
      'orthanc-read-api',
    ),
  ).toEqual([
    'redis-master-st-sp',
    'st-bnkd-php',
    'st-bnkd-php-nginx',
    'worker-booking',
    'consumer-ecg',
    'orthanc-read-api',
    'diag-dicom-viewer-nginx',
  ])
})

test('all 38 are in it once, those of a category in the order of the catalogue', () => {
  const names = order()
  expect(new Set(names).size).toBe(38)
  const consumers = builtinCatalogue.workloads.filter(({category}) => category === 'consumers').map(({name}) => name)
  expect(names.filter((name) => consumers.includes(name))).toEqual(consumers)
})

test('workloads that the catalogue lacks come last', () => {
  const found = restartOrder(
    [
      {name: 'extra', category: null},
      {name: 'st-bnkd-php', category: 'backend'},
    ],
    builtinCatalogue,
  )
  expect(found.map(({name}) => name)).toEqual(['st-bnkd-php', 'extra'])
})
