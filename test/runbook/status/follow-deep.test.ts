import {expect, test} from 'vitest'
import {RefusedError} from '../../../src/lib/errors/index.ts'
import type {Sight} from '../../../src/lib/runbook/status/follow.ts'
import {followDeep} from '../../../src/lib/runbook/status/follow-deep.ts'
import {rawDeployment, rawPod} from '../../workload/build.ts'
import {rawReplicaSet, served} from '../served.ts'

const OBJECTS = {
  deployments: [rawDeployment({name: 'consumer-ecg'})],
  replicasets: [rawReplicaSet('consumer-ecg')],
  pods: [rawPod({name: 'consumer-ecg-0', replicaSet: 'consumer-ecg-new'})],
}

/** Follows until there have been so many sights; of the looks that are named the pods may not be read. */
async function follow(sights: number, refused: readonly number[]): Promise<Sight[]> {
  let looks = 0
  const sources = await served(OBJECTS, {
    handle({path, status}) {
      if (!path.endsWith('/pods')) return false
      if (!refused.includes(++looks)) return false
      status(403, {message: 'pods is forbidden', reason: 'Forbidden'})
      return true
    },
  })
  const controller = new AbortController()
  const seen: Sight[] = []
  const options = {targets: ['consumer-ecg'], strict: false}
  for await (const sight of followDeep(options, {...sources, look: null}, controller.signal, 1)) {
    seen.push(sight)
    if (seen.length === sights) controller.abort()
  }
  return seen
}

test('looks again and again, and tells what became different', async () => {
  const seen = await follow(3, [])
  expect(seen.map(({report}) => report.items[0]?.health)).toEqual(['ok', 'ok', 'ok'])
  // Nobody asked the servers: that is not zero.
  expect(seen.map(({waiting}) => waiting.get('consumer-ecg'))).toEqual([[null], [null, null], [null, null, null]])
  expect(seen.map(({changes}) => changes.map(({objectKind, to}) => `${objectKind} ${to}`))).toEqual([['Namespace ok'], [], []])
})

test('a look that fails is blindness: the last report stays, and it is told when it is over', async () => {
  const seen = await follow(4, [2, 3])
  expect(seen.map(({blind}) => blind !== null)).toEqual([false, true, true, false])
  expect(seen[1]?.blind?.reason).toBe('pods is forbidden')
  expect(seen[1]?.report).toBe(seen[0]?.report)
  expect(seen.map(({changes}) => changes.map(({objectKind, to}) => `${objectKind} ${to}`))).toEqual([
    ['Namespace ok'],
    ['Watch blind'],
    [],
    ['Watch watching'],
  ])
})

test('without a first report it rejects', async () => {
  await expect(follow(1, [1])).rejects.toThrow(RefusedError)
})
