import {execFile, spawn} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {promisify} from 'node:util'
import {afterAll, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {type ContainerRun, lastLinesOf, linesOf, nextMoment} from '../../src/lib/sandbox/log-lines.ts'
import {type Status} from '../../src/lib/sandbox/failure.ts'
import {NS, start} from './client.ts'
import {rollout, Simulation} from './simulation.ts'

const KUBECTL = process.env['KUBECTL']
const NOW = Date.UTC(2026, 10, 22, 3)
const RUN: ContainerRun = {id: 'containerd://1', workload: 'consumer-ecg', container: 'app', startedAt: NOW, end: null, complaint: null}
const HOUR = 3_600_000

describe('what a container writes', () => {
  test.each(['consumer-ecg', 'consumer-dicom', 'worker-booking', 'st-bnkd-php-nginx', 'redis-master-st-sp', 'orthanc-read-api'])(
    '%s: in order, the same whoever asks, and in whichever pieces',
    (workload) => {
      const run = {...RUN, workload}
      const all = linesOf(run, -Infinity, NOW + HOUR)
      expect(all.length).toBeGreaterThan(100)
      expect(all.map(({time}) => time)).toEqual(all.map(({time}) => time).toSorted())
      const pieces: typeof all = []
      for (let at = NOW - 1000; at < NOW + HOUR; at += 7919) pieces.push(...linesOf(run, at, Math.min(at + 7919, NOW + HOUR)))
      expect(pieces).toEqual(all)
      expect(lastLinesOf(run, 7, NOW + HOUR)).toEqual(all.slice(-7))
      expect(lastLinesOf(run, 1_000_000, NOW + HOUR)).toEqual(all)
      expect(linesOf(run, NOW + 5000, nextMoment(run, NOW + 5000))).not.toEqual([])
      expect(linesOf(run, NOW + 5000, nextMoment(run, NOW + 5000) - 1)).toEqual([])
    },
  )

  test('what something ails says so, and nothing else, from then on', () => {
    const run = {...RUN, workload: 'orthanc-read-api', complaint: {since: NOW + HOUR / 2, message: 'no database'}}
    const lines = linesOf(run, -Infinity, NOW + HOUR)
    const [before, after] = [lines.filter(({at}) => at < NOW + HOUR / 2), lines.filter(({at}) => at >= NOW + HOUR / 2)]
    expect([before.length > 100, before.some(({text}) => text.includes('no database'))]).toEqual([true, false])
    expect([after.length > 100, after.every(({text}) => /^E\d{4} .* no database$/.test(text))]).toEqual([true, true])
  })

  test('a run that crashed says why, at its end', () => {
    const crashed = {...RUN, workload: 'worker-booking', end: {at: NOW, exitCode: 255}}
    const texts = linesOf(crashed, -Infinity, NOW + HOUR).map(({text}) => text)
    expect(texts[0]).toContain('starting')
    expect(texts.slice(1)).toEqual([
      expect.stringContaining('CRITICAL: Uncaught'),
      'Stack trace:',
      expect.stringMatching(/^#0 /),
      expect.stringMatching(/^#1 /),
      '#2 {main}',
    ])
  })
})

describe('the API', () => {
  let simulation: Simulation
  let pod: string
  beforeEach(() => {
    simulation = new Simulation()
    simulation.deploy('web')
    simulation.advance(600)
    pod = simulation.pods('web')[0]!.metadata.name
  })

  const ask = (query: string, name = pod) => {
    const answer = simulation.api.answer({
      user: null,
      method: 'GET',
      path: `${NS}/pods/${name}/log`,
      query: new URLSearchParams(query),
      accept: '*/*',
      contentType: '',
      manager: 'test',
      body: () => undefined,
    })
    if (answer.kind !== 'bytes') throw new Error('no log')
    return answer
  }
  const read = async (query: string): Promise<string[]> => {
    const chunks: Buffer[] = []
    for await (const chunk of ask(query).read(new AbortController().signal)) chunks.push(chunk)
    return Buffer.concat(chunks).toString().split('\n').slice(0, -1)
  }
  const refusal = (query: string, name?: string): Status => {
    try {
      ask(query, name)
    } catch (error) {
      return (error as {status: Status}).status
    }
    throw new Error('not refused')
  }

  test('all of it, the last lines, with times, since a time and since seconds', async () => {
    const all = await read('')
    expect(all.length).toBeGreaterThan(40)
    expect(await read('tailLines=3')).toEqual(all.slice(-3))
    expect(await read('tailLines=0')).toEqual([])
    const stamped = await read('timestamps=true')
    expect(stamped.map((line) => line.slice(31))).toEqual(all)
    const [time] = stamped.at(-10)!.split(' ') as [string]
    const second = `${time.slice(0, 19)}Z`
    const expected = stamped.filter((line) => line >= time.slice(0, 19))
    expect(await read(`timestamps=true&sinceTime=${second}`)).toEqual(expected)
    const ago = (simulation.timeline.now() - Date.parse(second)) / 1000
    expect(await read(`timestamps=true&sinceSeconds=${ago}`)).toEqual(expected)
    expect(await read(`tailLines=2&sinceTime=${second}`)).toEqual(all.slice(-2))
  })

  test.each<[string, string | undefined, number, string | RegExp]>([
    ['', 'none', 404, 'pods "none" not found'],
    ['container=nope', undefined, 400, /container nope is not valid for pod web-/],
    ['previous=true', undefined, 400, /previous terminated container "app" in pod "web-\S+" not found/],
  ])('%j of %j is refused', (query, name, code, message) => {
    const status = refusal(query, name)
    expect(status.code).toBe(code)
    expect(status.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message))
  })

  test('a container that has not started, and one of several that is not named', () => {
    simulation.deploy('two', {
      pod: {
        containers: [
          {name: 'a', image: 'x'},
          {name: 'b', image: 'x'},
        ],
      },
    })
    expect(refusal('', simulation.pods('two')[0]!.metadata.name).message).toMatch(/choose one of: \[a b\]/)
    simulation.deploy('stuck', {labels: {'sapoche.test/state': 'config'}})
    const stuck = simulation.pods('stuck')[0]!.metadata.name
    expect(refusal('', stuck).message).toBe(`container "app" in pod "${stuck}" is waiting to start: CreateContainerConfigError`)
  })

  test('a crash loop has the log of its last run, and of the one before', async () => {
    simulation.patch(`/apis/apps/v1/namespaces/sapoche/deployments/web`, rollout('app:2', 'crashloop'))
    simulation.advance(5)
    pod = simulation.pods('web').find(({metadata}) => metadata.name !== pod)!.metadata.name
    expect((await read('')).some((line) => line.includes('Uncaught'))).toBe(true)
    expect(await read('previous=true')).toEqual(await read(''))
  })

  test('followed: what comes, until the pod is gone', async () => {
    const controller = new AbortController()
    const lines: string[] = []
    const following = (async () => {
      for await (const chunk of ask('follow=true&tailLines=1').read(controller.signal))
        lines.push(...chunk.toString().trimEnd().split('\n'))
    })()
    await expect.poll(() => lines.length).toBe(1)
    const before = await read('')
    for (let passed = 0; passed < 40; passed += 1) {
      simulation.advance(1)
      await new Promise(setImmediate)
    }
    expect(lines.slice(1)).toEqual((await read('')).slice(before.length))
    simulation.call('DELETE', `${NS}/pods/${pod}`)
    simulation.advance(2)
    await following
  })

  test('followed until nobody listens any more', async () => {
    const controller = new AbortController()
    const stream = ask('follow=true&tailLines=1').read(controller.signal)[Symbol.asyncIterator]()
    await stream.next()
    const next = stream.next()
    controller.abort()
    expect(await next).toEqual({done: true, value: undefined})
  })

  test('lines of the caller’s go before those that are made up, of one pod before those of all', async () => {
    const {logs} = simulation.cluster
    const line = (text: string) => ({time: '2026-11-22T03:00:00.5Z', text})
    logs.give({pod}, [line('of the pod')], [line('before')])
    logs.give({}, [line('of all')])
    expect(await read('timestamps=true')).toEqual(['2026-11-22T03:00:00.5Z of the pod'])
    simulation.deploy('other')
    pod = simulation.pods('other')[0]!.metadata.name
    expect(await read('')).toEqual(['of all'])
  })
})

describe.skipIf(KUBECTL === undefined)('a real kubectl', () => {
  let sandbox: Sandbox
  let folder: string
  let options: string[]
  beforeAll(async () => {
    sandbox = await start('baseline')
    folder = await mkdtemp(path.join(os.tmpdir(), 'sandbox-kubectl-'))
    const kubeconfig = path.join(folder, 'kubeconfig')
    await writeFile(kubeconfig, sandbox.kubeconfig())
    options = ['--kubeconfig', kubeconfig, '--cache-dir', path.join(folder, 'cache')]
  })
  afterAll(async () => {
    await sandbox.close()
    await rm(folder, {recursive: true})
  })

  test('logs --tail, --timestamps, -c, of a deployment', async () => {
    const {stdout} = await promisify(execFile)(KUBECTL ?? '', [
      ...options,
      'logs',
      'deployment/worker-sapoche-pdf',
      '--tail=3',
      '--timestamps',
    ])
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stdout).toMatch(/^2\d{3}-\S+\.\d{9}Z \[/)
  })

  test('logs -f of a deployment', async () => {
    const given = sandbox.giveLog({}, [{time: new Date().toISOString(), text: 'first'}])
    const child = spawn(KUBECTL ?? '', [...options, 'logs', '-f', 'deployment/consumer-ecg'])
    const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('first')
    given.append([{time: new Date().toISOString(), text: 'second'}])
    expect((await lines.next()).value).toBe('second')
    child.kill()
  })
})
