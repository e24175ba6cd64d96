import {setTimeout as sleep} from 'node:timers/promises'
import {Ajv} from 'ajv'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {z} from 'zod'
import {type LogLine, logLine} from '../../src/lib/runbook/logs/schema.ts'
import type {LogLine as Written} from '../real/containers.ts'
import {type Pod, podsOf, replaceDeployment, rollOut, waitForPods, withFault} from '../real/faults.ts'
import {deployment} from '../real/manifests.ts'
import {count, numbered} from '../runbook/logs/lab.ts'
import {stamp} from '../runbook/logs/log-server.ts'
import type {LogsTarget} from './logs-target.ts'

const SECOND = 1_000_000_000n
/** Long ago enough for no line to be thought live. */
const PAST = BigInt(Date.parse('2026-01-01T00:00:00Z')) * 1_000_000n
const NONE = {lost: 0, repeated: 0, disordered: 0, inversions: 0, worstMs: 0}
/** Of the faults: strict order is promised for streams that are away for less than eight of these. */
const WINDOW = ['--order-window', '2s']

const began = BigInt(Date.now()) * 1_000_000n - BigInt(Math.round(performance.now() * 1e6))
const now = (): bigint => began + BigInt(Math.round(performance.now() * 1e6))
const at = (time: bigint, text: string): Written => ({time: stamp(time), text})
/** Lines a second apart. */
const lines = (...texts: string[]): Written[] => texts.map((text, n) => at(PAST + BigInt(n) * SECOND, text))
const stdoutLines = (stdout: string): string[] => stdout.split('\n').slice(0, -1)

/** `sapoche logs` on whatever cluster: what it reads, in which order, and that no line is lost or comes twice. */
export function logsSuite(open: () => Promise<LogsTarget>): void {
  let target: LogsTarget
  beforeAll(async () => {
    target = await open()
    await target.giveLog({pod: await podOf('consumer-ecg')}, lines('order 81', '  ä€😀', '', '\u001b[31mred\u001b[0m'))
  })
  afterAll(() => target.close())

  const podOf = async (name: string): Promise<string> => (await podsOf(target.api, name))[0]!.metadata.name
  const logs = (...args: string[]) => target.sapoche(['logs', ...args])

  describe('the past', () => {
    test('of one deployment, byte for byte', async () => {
      const {code, stdout, stderr} = await logs('consumer-ecg', '-o', 'raw')
      expect([code, stderr, stdoutLines(stdout)]).toEqual([0, '', ['order 81', '  ä€😀', '', '\u001b[31mred\u001b[0m']])
    })

    test('of three pods, in the order of time', async () => {
      const pods = await podsOf(target.api, 'st-bnkd-php')
      for (const [number, {metadata}] of pods.entries()) {
        const own = Array.from({length: 50}, (_, n) => {
          const time = PAST + BigInt(n) * SECOND + BigInt(number) * 1000n
          return at(time, numbered(number, n, time))
        })
        await target.giveLog({pod: metadata.name}, own)
      }
      const {stdout} = await logs('st-bnkd-php', '-o', 'raw', '--tail', '-1')
      expect(count(stdoutLines(stdout), new Map([0, 1, 2].map((number) => [number, 50])))).toEqual(NONE)
      const last = await logs('st-bnkd-php', '-o', 'raw', '--tail', '2')
      expect(stdoutLines(last.stdout).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
        '0 48',
        '1 48',
        '2 48',
        '0 49',
        '1 49',
        '2 49',
      ])
    })

    test('since a time, whole stamps, one pod by its name', async () => {
      const pod = await podOf('worker-booking')
      await target.giveLog({pod}, lines('a', 'b', 'c'))
      const since = ['--since-time', stamp(PAST + SECOND)]
      expect((await logs(pod, '-o', 'raw', ...since)).stdout).toBe('b\nc\n')
      expect((await logs(`pod/${pod}`, '-o', 'raw', '--timestamps', ...since)).stdout).toBe(
        `${stamp(PAST + SECOND)} b\n${stamp(PAST + 2n * SECOND)} c\n`,
      )
      expect((await logs('worker-booking', '--since', '1m', '-o', 'raw')).stdout).toBe('')
    })

    test('records of a filter', async () => {
      await target.giveLog({pod: await podOf('worker-sapoche-pdf')}, [
        at(PAST, '[2026-01-01 00:00:00] prod.INFO: order 81 received'),
        at(PAST + SECOND, '[2026-01-01 00:00:01] prod.ERROR: order 81 failed'),
        at(PAST + SECOND + 1n, '#0 Client.php(88)'),
        at(PAST + 2n * SECOND, '{"message":"order 82 slow","level":300}'),
        at(PAST + 3n * SECOND, 'order 83'),
      ])
      const shown = async (...args: string[]): Promise<number> =>
        stdoutLines((await logs('worker-sapoche-pdf', '-o', 'raw', ...args)).stdout).length
      expect(await shown('--level', 'warning')).toBe(3)
      expect(await shown('--grep', 'Client')).toBe(2)
      expect(await shown('--grep', '82', '--grep', '83')).toBe(2)
      expect(await shown('--exclude', 'order 8[12]')).toBe(1)
      expect(await shown('--grep', 'slow', '-A', '1', '-B', '1')).toBe(4)
    })

    test('all containers of a pod, or the one that is named', async () => {
      const pod = await podOf('orthanc-read-api')
      const [{metadata}] = (await podsOf(target.api, 'orthanc-read-api')) as [Pod]
      expect(metadata.name).toBe(pod)
      const {spec} = await target.api.get<{spec: {containers: {name: string}[]}}>(`/api/v1/namespaces/sapoche/pods/${pod}`)
      for (const {name} of spec.containers) await target.giveLog({pod, container: name}, lines(`of ${name}`))
      const names = spec.containers.map(({name}) => name)
      expect(stdoutLines((await logs('orthanc-read-api', '-o', 'raw')).stdout).toSorted()).toEqual(
        names.map((name) => `of ${name}`).toSorted(),
      )
      expect((await logs('orthanc-read-api', '-o', 'raw', '-c', names[1]!)).stdout).toBe(`of ${names[1]}\n`)
      const {code, stderr} = await logs('orthanc-read-api', '-c', 'nope')
      expect(code).toBe(64)
      expect(stderr).toContain(names[0])
    })

    test('JSON lines say where they come from, and fit the schema', async () => {
      const [pod] = (await podsOf(target.api, 'consumer-employee')) as [Pod]
      await target.giveLog({pod: pod.metadata.name}, [
        at(PAST, '[2026-01-01 00:00:00] prod.ERROR: failed'),
        at(PAST + 1n, '#0 Client.php(88)'),
        at(PAST + SECOND, '{"message":"done","level_name":"INFO","context":{"order":81}}'),
      ])
      const {stdout} = await logs('consumer-employee', '--json')
      const found = stdoutLines(stdout).map((line) => JSON.parse(line) as LogLine)
      const where = {
        category: 'consumers',
        deployment: 'consumer-employee',
        pod: pod.metadata.name,
        container: 'app',
        node: pod.spec.nodeName,
      }
      expect(found).toEqual([
        {time: stamp(PAST), ...where, level: 'error', message: 'failed\n#0 Client.php(88)', fields: {channel: 'prod'}},
        {time: stamp(PAST + SECOND), ...where, level: 'info', message: 'done', fields: {level_name: 'INFO', context: {order: 81}}},
      ])
      const validate = new Ajv({strict: false, validateFormats: false}).compile(z.toJSONSchema(logLine, {target: 'draft-7'}))
      for (const line of found) expect(validate(line)).toBe(true)
    })

    test('text has time, workload, pod and level', async () => {
      const pod = await podOf('consumer-dicom')
      await target.giveLog({pod}, [at(PAST, '[2026-01-01 00:00:00] prod.ERROR: failed'), at(PAST + 1n, '#0 Client.php(88)')])
      const short = pod.slice(pod.lastIndexOf('-') + 1)
      const head = `00:00:00.000  consumer-dicom  ${short}  ERROR   failed`
      expect((await logs('consumer-dicom')).stdout).toBe(
        `${head}\n${'#0 Client.php(88)'.padStart(head.length - 'failed'.length + '#0 Client.php(88)'.length)}\n`,
      )
    })

    test('the run before, and a notice of a crash loop that names the flag', async () => {
      await replaceDeployment(target.api, withFault(deployment('worker-sapoche-export-csv'), {state: 'crashloop'}))
      const [pod] = await waitForPods(target.api, 'worker-sapoche-export-csv', 'crash-looping', (pods) =>
        pods.some(({status}) => status.containerStatuses?.some(({state}) => state?.waiting?.reason === 'CrashLoopBackOff')),
      )
      await target.giveLog({pod: pod!.metadata.name}, lines('the last words'), lines('the words before'))
      const {stderr, code} = await logs('worker-sapoche-export-csv', '-o', 'raw')
      expect([code, stderr]).toEqual([0, expect.stringMatching(/is crash-looping \(exit 255.*--previous/)])
      expect((await logs('worker-sapoche-export-csv', '-o', 'raw', '--previous')).stdout).toBe('the words before\n')
    })
  })

  describe('nothing, and what can not be', () => {
    test.each<[string, string[], number, RegExp]>([
      ['no line matches', ['consumer-ecg', '--grep', 'no such words'], 0, /nothing found: no line matches in 1 log/],
      ['no run before', ['consumer-ecg', '--previous'], 0, /nothing found: no run before the present one in 1 container/],
      ['no pods', ['consumer-revenue'], 0, /consumer-revenue has no pods \(0 replicas\)/],
      ['no such target', ['consumer-ecgs'], 64, /no workload matches "consumer-ecgs"/],
      ['no targets and no terminal', [], 64, /no terminal to ask on/],
      ['a run before can not be followed', ['consumer-ecg', '-f', '--previous'], 64, /previous/],
      ['a level that there is not', ['consumer-ecg', '--level', 'loud'], 64, /level/],
    ])('%s', async (_, args, expected, said) => {
      const {code, stdout, stderr} = await logs(...args)
      expect([code, stdout]).toEqual([expected, ''])
      expect(stderr).toMatch(said)
    })

    test('who may not read logs is told which permission is missing', async () => {
      const options = {env: {KUBECONFIG: target.strangersKubeconfig}}
      const {code, stderr} = await target.sapoche(['logs', 'st-bnkd-php'], options)
      expect(code).toBe(77)
      expect(stderr).toContain('resources: [pods/log], verbs: [get]')
      const followed = await target.sapoche(['logs', 'st-bnkd-php', '-f', '--json'], options)
      expect([followed.code, (JSON.parse(followed.stdout) as {kind: string}).kind]).toEqual([77, 'Error'])
    })

    test('one that has not started is a notice; the others are read', async () => {
      await rollOut(target.api, 'worker-sapoche-pdf-en', {state: 'config'})
      const [old] = await waitForPods(target.api, 'worker-sapoche-pdf-en', 'an old and a new one', (pods) => {
        const waiting = ({status}: Pod) => status.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError'
        return pods.length === 2 && pods.some(waiting)
      }).then((pods) => pods.filter(({status}) => status.containerStatuses?.[0]?.state?.running !== undefined))
      await target.giveLog({pod: old!.metadata.name}, lines('still here'))
      const {code, stdout, stderr} = await logs('worker-sapoche-pdf-en', '-o', 'raw')
      expect([code, stdout]).toEqual([0, 'still here\n'])
      expect(stderr).toMatch(/has not started \(CreateContainerConfigError\)/)
    })
  })

  describe('followed', () => {
    test('lines come as they are written, once, until Ctrl-C', async () => {
      const pod = await podOf('consumer-rfd-push-notification')
      const log = await target.giveLog({pod}, [at(now(), 'a')])
      const follower = target.follow(['consumer-rfd-push-notification'])
      await follower.until(1)
      await log.append([at(now(), 'b'), at(now(), 'c')])
      await follower.until(3)
      expect(await follower.stop()).toBe(130)
      expect(follower.lines).toEqual(['a', 'b', 'c'])
    })

    test('a reader that goes away ends it, though nothing is written', async () => {
      expect(await target.headOf(['logs', 'consumer-ecg', '-f', '-o', 'raw'])).toEqual({stdout: 'order 81\n', stderr: 'code 0\n'})
    })

    test('a rollout in the middle: the last lines of the old pod and all of the new', async () => {
      const name = 'consumer-spc-pos-orders'
      const old = await podOf(name)
      const log = await target.giveLog({pod: old}, [at(now(), 'old 1')])
      const follower = target.follow([name])
      await follower.until(1)
      await rollOut(target.api, name, {'stop-delay': '3s'})
      const pods = await waitForPods(target.api, name, 'a new one', (found) => found.some(({metadata}) => metadata.name !== old))
      const born = pods.find(({metadata}) => metadata.name !== old)!.metadata.name
      const young = await target.giveLog({pod: born}, [at(now(), 'new 1')])
      await follower.until(2)
      await log.append([at(now(), 'old 2')])
      await young.append([at(now(), 'new 2')])
      await follower.until(4)
      await follower.stop()
      expect(follower.lines.toSorted()).toEqual(['new 1', 'new 2', 'old 1', 'old 2'])
    })

    type Strike = (proxy: Awaited<ReturnType<LogsTarget['openProxy']>>['proxy'], round: number) => void
    const log = {path: /\/log\?/, times: 1}
    const FAULTS: readonly [string, Strike][] = [
      ['connections are reset', (proxy) => proxy.resetConnections()],
      [
        'streams end in order, in mid line',
        (proxy, round) => {
          for (let n = 0; n < 30; n += 1) proxy.fail({kind: 'end', afterBytes: 700 * n + round}, log)
          proxy.resetConnections()
        },
      ],
      [
        'streams are reset in mid line',
        (proxy, round) => {
          for (let n = 0; n < 3; n += 1) proxy.fail({kind: 'reset', afterBytes: 7000 * n + round}, log)
          proxy.resetConnections()
        },
      ],
      [
        'opening is refused and delayed',
        (proxy) => {
          for (const status of [429, 500, 503]) for (let n = 0; n < 4; n += 1) proxy.fail({kind: 'answer', status}, log)
          for (let n = 0; n < 6; n += 1) proxy.fail({kind: 'delay', milliseconds: 50 * n}, log)
          proxy.resetConnections()
        },
      ],
    ]
    test.each(FAULTS)('14 logs, over 10000 lines, while %s', async (_, strike) => {
      const {proxy, kubeconfig} = await target.openProxy()
      const names = ['consumer-spc-checkup-orders', 'consumer-lis-testresult', 'worker-sapoche-default', 'worker-sapoche-notifications']
      const targets = [
        ...names,
        'worker-sapoche-pdf-svip*',
        'worker-sapoche-pdf-vip1',
        'worker-sapoche-imaging-report',
        'st-bnkd-php-nginx',
      ]
      const more = ['consumer-spc-pdf-generate', 'worker-sapoche-event-tracking']
      const {items} = await target.api.get<{items: Pod[]}>('/api/v1/namespaces/sapoche/pods')
      const wanted = items.filter(({metadata}) => {
        const app = metadata.labels?.['app'] ?? ''
        return (
          [...names, ...more, 'worker-sapoche-pdf-vip1', 'worker-sapoche-imaging-report', 'st-bnkd-php-nginx'].includes(app) ||
          app.startsWith('worker-sapoche-pdf-svip')
        )
      })
      const written = new Map<number, number>()
      const given = await Promise.all(
        wanted.map(({metadata}, number) => {
          const time = now()
          written.set(number, 1)
          return target.giveLog({pod: metadata.name}, [at(time, numbered(number, 0, time))])
        }),
      )
      const follower = target.follow([...targets, ...more, ...WINDOW], kubeconfig)
      await follower.until(given.length)
      const rounds = 75
      for (let round = 1; round <= rounds; round += 1) {
        if (round % 25 === 10) strike(proxy, round)
        await Promise.all(
          given.map(async (file, number) => {
            const ten = Array.from({length: 10}, () => {
              const n = written.get(number)!
              const time = now()
              written.set(number, n + 1)
              return at(time, numbered(number, n, time))
            })
            await file.append(ten)
          }),
        )
        await sleep(20)
      }
      const total = given.length * (1 + rounds * 10)
      expect(total).toBeGreaterThan(10_000)
      await follower.until(total)
      expect(await follower.stop()).toBe(130)
      expect(count(follower.lines, written)).toEqual(NONE)
    })
  })
}
