import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {UsageError} from '../../../src/lib/errors/index.ts'
import {namesOrCount, namesToType, notesOnLeft, place} from '../../../src/lib/runbook/operation/confirmation.ts'
import {selectWorkloads} from '../../../src/lib/runbook/operation/selection.ts'
import {deployment} from './objects.ts'

const POD = 'worker-sapoche-pdf-6d5f9c7b4d-4ph9k'
const CLUSTER = {
  workloads: [...builtinCatalogue.workloads.map(({name}) => name).filter((name) => name !== 'consumer-ecg'), 'extra'],
  pods: [{name: POD, workload: 'worker-sapoche-pdf'}],
}

const select = (targets: readonly string[], except: readonly string[] = []) =>
  selectWorkloads('restart', {targets, except}, builtinCatalogue, CLUSTER, (name) =>
    CLUSTER.workloads.includes(name) ? deployment({name}) : null,
  )
const chosen = (...targets: string[]): string[] => select(targets).chosen.map(({workload}) => workload.name)
const left = (...targets: string[]): Record<string, string> =>
  Object.fromEntries(select(targets).leftAlone.map(({name, outcome}) => [name, outcome]))

describe('which workloads an operation may touch', () => {
  test.each<[string, string[], string[]]>([
    ['a name', ['worker-sapoche-pdf'], ['worker-sapoche-pdf']],
    ['deployment/NAME', ['deployment/worker-sapoche-pdf'], ['worker-sapoche-pdf']],
    ['the service of one', ['service/st-bnkd-php'], ['st-bnkd-php']],
    ['one that the catalogue lacks', ['extra'], ['extra']],
    ['a protected one by its name', ['redis-master-st-sp'], ['redis-master-st-sp']],
    ['a protected one by a category', ['backend'], ['st-bnkd-php', 'st-bnkd-php-nginx']],
    ['a protected one by a glob', ['redis-*'], []],
    ['a protected one by its service', ['service/st-redis-sp'], []],
    [
      'a protected one by a category and its name',
      ['backend', 'orthanc-read-api'],
      ['st-bnkd-php', 'st-bnkd-php-nginx', 'orthanc-read-api'],
    ],
    ['baseline 0 by its name', ['consumer-revenue'], ['consumer-revenue']],
    ['baseline 0 by its alias', ['worker-batch-publisher-notification'], ['worker-sapoche-batch-publisher-notification']],
    ['baseline 0 by a glob', ['consumer-rev*'], []],
  ])('%s', (_what, targets, names) => {
    expect(chosen(...targets)).toEqual(names)
  })

  test('what is left alone says why', () => {
    expect(left('backend')).toEqual({
      'redis-master-st-sp': 'skipped',
      'sapoche-be--scheduler--stag': 'skipped',
      'orthanc-read-api': 'skipped',
    })
    expect(left('consumers')).toEqual({'consumer-revenue': 'inactive', 'consumer-ecg': 'failed'})
    expect(left('all')).toMatchObject({
      'redis-master-st-sp': 'skipped',
      'consumer-revenue': 'inactive',
      'worker-sapoche-batch-publisher-notification': 'inactive',
    })
    expect(select(['redis-*']).leftAlone[0]?.reason).toBe(
      "protected (every worker's queue and the application's cache live in it): only by its own name, redis-master-st-sp",
    )
    expect(select(['consumer-ecg']).leftAlone[0]?.reason).toBe('there is no such deployment in the cluster')
  })

  test('a pod is refused, with the commands that were meant', () => {
    const error = expectUsage(() => select([POD]))
    expect(error.message).toBe(`${POD} is a pod; restart changes workloads`)
    expect(error.hints).toEqual([{label: 'next', text: `sapoche restart worker-sapoche-pdf, or sapoche evict ${POD}`}])
  })

  test('a name that matches nothing is refused with the nearest', () => {
    expect(expectUsage(() => select(['worker-sapoche-pfd'])).suggestions).toContain('worker-sapoche-pdf')
  })

  test('--except takes away', () => {
    expect(select(['backend'], ['st-bnkd-php']).names).not.toContain('st-bnkd-php')
  })
})

describe('what has to be typed', () => {
  test.each<[string, string[], string[]]>([
    ['nothing for a category', ['backend'], []],
    ['the name of a protected one', ['redis-master-st-sp'], ['redis-master-st-sp']],
    ['each of them', ['redis-master-st-sp', 'orthanc-read-api'], ['redis-master-st-sp', 'orthanc-read-api']],
    ['the namespace for all', ['all'], ['sapoche']],
    ['both', ['all', 'redis-master-st-sp'], ['redis-master-st-sp', 'sapoche']],
    ['the namespace for all among others', ['worker-sapoche-pdf', 'all'], ['sapoche']],
  ])('%s', (_what, targets, names) => {
    expect(namesToType(select(targets), 'sapoche').map(({name}) => name)).toEqual(names)
  })

  test('words of a question', () => {
    expect(['a', 'a b', 'a b c', 'a b c d'].map((names) => namesOrCount(names.split(' ')))).toEqual([
      'a',
      'a and b',
      'a, b and c',
      '4 workloads',
    ])
    expect(place({namespace: 'sapoche', context: 'prod-eu'})).toBe('in sapoche on prod-eu')
    expect(place({namespace: 'sapoche', context: null})).toBe('in sapoche on this cluster')
    expect(notesOnLeft(select(['consumers']).leftAlone)).toEqual([
      'consumer-ecg: failed (there is no such deployment in the cluster)',
      'consumer-revenue: inactive (its baseline is 0: only by its own name)',
    ])
  })
})

function expectUsage(run: () => unknown): UsageError {
  try {
    run()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was not refused')
}
