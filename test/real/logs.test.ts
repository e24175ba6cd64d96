import {rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {logsSuite} from '../contract/logs.ts'
import {type LogsTarget, realLogs} from '../contract/logs-target.ts'
import {count, numbered} from '../runbook/logs/lab.ts'
import {stamp} from '../runbook/logs/log-server.ts'
import type {Cluster} from './cluster-handle.ts'
import {clusterOfTheRun} from './control.ts'
import {podsOf, restore, restoreNode} from './faults.ts'
import {NODES} from './kwok.ts'

describe('logs on a real control plane', () => logsSuite(async () => realLogs(await clusterOfTheRun())))

describe('what a real control plane alone can do to logs', () => {
  const NONE = {lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0}
  let cluster: Cluster
  let target: LogsTarget
  beforeAll(async () => {
    cluster = await clusterOfTheRun()
    target = await realLogs(cluster)
  })
  afterAll(async () => {
    // An API server that takes its time to end keeps the nodes from saying that they are well.
    await cluster.restartControllers()
    for (const node of NODES) await restoreNode(cluster.api, node)
    await restore(cluster.api)
    await target.close()
  })

  const began = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(performance.now() * 1e6))
  const now = (): bigint => began + BigInt(Math.round(performance.now() * 1e6))

  test('a log that is rotated while it is followed', async () => {
    const [pod] = await podsOf(cluster.api, 'worker-sapoche-event-tracking')
    const file = join(cluster.dir, 'container-logs', `${pod!.metadata.name}-all.log`)
    const write = (n: number): {time: string; text: string} => ({time: stamp(now()), text: `line ${n}`})
    const log = await target.giveLog({pod: pod!.metadata.name}, [write(0)])
    const follower = target.follow(['worker-sapoche-event-tracking'])
    await follower.until(1)
    await log.append([write(1), write(2)])
    await follower.until(3)
    await rename(file, `${file}.1`)
    const {time, text} = write(3)
    await writeFile(file, `${time} stdout F ${text}\n`)
    await log.append([write(4)])
    await follower.until(5)
    await follower.stop()
    expect(follower.lines).toEqual([0, 1, 2, 3, 4].map((n) => `line ${n}`))
  })

  test.each(['killed', 'terminated'] as const)('the API server is %s and comes back: 20 logs, 10000 lines', async (how) => {
    const names = ['worker-sapoche-checkup-audit-history', 'worker-sapoche-examination-audit-history', 'consumer-spc-*', 'consumer-pat-*']
    const more = [
      'worker-sapoche-notifications-refdoc',
      'diag-design-system-nginx',
      'diag-dicom-viewer-nginx',
      'st-bnkd-php',
      'st-bnkd-php-nginx',
    ]
    const targets = [...names, ...more]
    const listed = await target.sapoche(['status', ...targets, '-o', 'json', '--fail-on', 'never'])
    const {items} = JSON.parse(listed.stdout) as {items: {pods: {name: string}[]}[]}
    const pods = items.flatMap((item) => item.pods.map(({name}) => name))
    const written = new Map<number, number>()
    const logs = await Promise.all(
      pods.map((pod, number) => {
        const time = now()
        written.set(number, 1)
        return target.giveLog({pod}, [{time: stamp(time), text: numbered(number, 0, time)}])
      }),
    )
    const follower = target.follow([...targets, '--order-window', '4s'])
    await follower.until(logs.length)
    const rounds = 60
    let restarted: Promise<void> | null = null
    for (let round = 0; round < rounds; round += 1) {
      if (round === 20) restarted = cluster.restartApiServer(how)
      for (const [number, log] of logs.entries()) {
        const lines = Array.from({length: 10}, () => {
          const [n, time] = [written.get(number)!, now()]
          written.set(number, n + 1)
          return {time: stamp(time), text: numbered(number, n, time)}
        })
        await log.append(lines)
      }
      await sleep(50)
    }
    await restarted
    const total = logs.length * (1 + rounds * 10)
    expect(total).toBeGreaterThan(9000)
    await follower.until(total)
    expect(await follower.stop()).toBe(130)
    expect(count(follower.lines, written)).toEqual(NONE)
  })
})
