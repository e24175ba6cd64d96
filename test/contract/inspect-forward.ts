import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {connect, type Socket} from 'node:net'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {forwardReport, type ForwardReport} from '../../src/lib/runbook/forward/schema.ts'
import {waitForPods, podsOf} from '../real/faults.ts'
import {ask, type ByteServer, CHECKSUM_LENGTH, checksumOf, MIB, send, startByteServer, take} from './bytes.ts'
import type {InspectTarget, Started} from './inspect-target.ts'

const GIB = 1024 * MIB
/** The port of Orthanc's pods, behind port 80 of its service. */
const PORT = 8042
const SERVICE = 'orthanc-read-api-service'

/**
 * `sapoche forward` through an API server: no byte lost, none of another connection, and no silence about what breaks. `kubectl`: one
 * whose own port-forward the API server speaks with.
 */
export function forwardSuite(open: () => Promise<InspectTarget>, kubectl?: string): void {
  let target: InspectTarget
  let upstream: ByteServer
  beforeAll(async () => {
    target = await open()
    upstream = await startByteServer()
    for (const port of [PORT, 80]) await target.openPort(port, upstream.port)
  })
  afterAll(async () => {
    await target.close()
    upstream.close()
  })

  async function forward(
    args: readonly string[] = [SERVICE, '0:80'],
    kubeconfig?: string,
  ): Promise<{run: Started; report: ForwardReport; client: () => Socket}> {
    const run = target.start(['forward', ...args, '-o', 'json'], kubeconfig)
    await run.shows(/\n/)
    const report = forwardReport.parse(JSON.parse(run.stdout()))
    return {
      run,
      report,
      client() {
        const socket = connect({port: report.local.port, host: report.local.host})
        // What is still open at Ctrl-C is reset.
        socket.on('error', () => {})
        return socket
      },
    }
  }

  async function stopped(run: Started): Promise<void> {
    run.interrupt()
    expect([await run.ended, run.stderr()]).toEqual([0, ''])
  }

  const hasTaken = async (socket: Socket, words: string): Promise<void> => {
    socket.write(Buffer.concat([ask('E'), Buffer.from(words)]))
    expect(String((await once(socket, 'data'))[0])).toBe(words)
  }

  test('says where it listens, carries, ends well at Ctrl-C, and leaves no port behind', async () => {
    const {run, report, client} = await forward()
    expect(report).toMatchObject({target: {kind: 'Service', name: SERVICE, port: 80}, pod: {port: PORT}, local: {host: '127.0.0.1'}})
    const socket = client()
    await hasTaken(socket, 'hello')
    socket.end()
    await stopped(run)
    await expect(once(client(), 'connect')).rejects.toMatchObject({code: 'ECONNREFUSED'})
  })

  // Three services of the runbook share their name with a deployment.
  test.each(['st-bnkd-php', 'diag-design-system-nginx', 'diag-dicom-viewer-nginx'])(
    'as text: the URL, and that the bare name %s is the service',
    async (name) => {
      const run = target.start(['forward', name, '0:80'])
      await run.shows(new RegExp(`^http://127\\.0\\.0\\.1:\\d+ -> service ${name} port 80 \\(pod ${name}-\\S+ port 80\\)\n`))
      await run.shows(new RegExp(`^${name} is taken for the service; the deployment is deployment/${name}$`, 'm'))
      await stopped(run)
    },
  )

  test('one gibibyte down and one up, by checksum', {timeout: 300_000}, async () => {
    const {run, client} = await forward()
    const down = client()
    down.write(ask('D', GIB))
    const received = await take(down, GIB)
    down.end()
    await expect.poll(() => upstream.lastSent(), {timeout: 10_000}).toBe(received)
    const up = client()
    up.write(ask('U', GIB))
    const answer = new Promise<string>((resolve) => {
      let text = ''
      up.on('data', (chunk: Buffer) => (text += String(chunk)).length === CHECKSUM_LENGTH && resolve(text))
    })
    expect(await send(up, GIB)).toBe(await answer)
    up.end()
    await stopped(run)
  })

  test('50 connections side by side, none mixed with another', async () => {
    const {run, client} = await forward()
    const talk = async (number: number): Promise<boolean> => {
      const mine = randomBytes(300_000 + number)
      const socket = client()
      socket.write(Buffer.concat([ask('E'), mine]))
      const checksum = await take(socket, mine.length)
      socket.end()
      return checksum === checksumOf(mine)
    }
    const all = await Promise.all(Array.from({length: 50}, (_, number) => talk(number)))
    expect(all.filter((isRight) => !isRight)).toEqual([])
    await stopped(run)
  })

  test.runIf(kubectl !== undefined)("beside kubectl's own, to the same pod", async () => {
    const beside = spawn(kubectl ?? '', ['--kubeconfig', target.kubeconfig, 'port-forward', `service/${SERVICE}`, ':80', '-n', 'sapoche'])
    try {
      let said = ''
      beside.stdout.on('data', (text: Buffer) => (said += String(text)))
      await expect.poll(() => said, {timeout: 15_000}).toMatch(/^Forwarding from 127\.0\.0\.1:\d+ -> 8042$/m)
      const theirs = connect({port: Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]), host: '127.0.0.1'})
      const {run, client} = await forward()
      const ours = client()
      for (const socket of [theirs, ours]) {
        socket.write(ask('D', 32 * MIB))
        const received = await take(socket, 32 * MIB)
        expect(upstream.lastSent()).toBe(received)
        socket.end()
      }
      await stopped(run)
    } finally {
      beside.kill()
    }
  })

  describe('what breaks', () => {
    test('a WebSocket that is cut in the middle: its connection is reset, which is said; the next one works', async () => {
      const {proxy, kubeconfig} = await target.throughProxy()
      const {run, client} = await forward([SERVICE, '0:80'], kubeconfig)
      const socket = client()
      const mine = randomBytes(64 * MIB)
      const received: Buffer[] = []
      const length = (): number => received.reduce((sum, chunk) => sum + chunk.length, 0)
      socket.on('data', (chunk: Buffer) => received.push(chunk))
      const broken = once(socket, 'error') as Promise<[NodeJS.ErrnoException]>
      let ended = false
      socket.once('end', () => (ended = true))
      socket.write(Buffer.concat([ask('E'), mine]))
      await expect.poll(length, {interval: 10}).toBeGreaterThan(MIB)
      proxy.resetConnections()
      expect([(await broken)[0].code, ended]).toEqual(['ECONNRESET', false])
      expect(length()).toBeLessThan(mine.length)
      expect(Buffer.concat(received).equals(mine.subarray(0, length()))).toBe(true)
      await expect
        .poll(() => run.stderr())
        .toMatch(/^sapoche: a connection broke off: the connection to port 8042 of pod orthanc-read-api-\S+ was lost\n$/)
      const next = client()
      await hasTaken(next, 'still here')
      next.end()
      run.interrupt()
      expect(await run.ended).toBe(0)
    })

    test('a pod that is replaced: the next connection goes to its successor, which is said', async () => {
      const {run, report, client} = await forward()
      const socket = client()
      await hasTaken(socket, 'before')
      socket.end()
      await target.api.delete(`/api/v1/namespaces/sapoche/pods/${report.pod.name}`, {gracePeriodSeconds: 0})
      const ready = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
        pods.length === 1 &&
        pods.every(
          ({metadata, status}) =>
            metadata.name !== report.pod.name &&
            status.conditions?.some(({type, status: value}) => type === 'Ready' && value === 'True') === true,
        )
      await waitForPods(target.api, 'orthanc-read-api', 'its successor is ready', ready)
      const next = client()
      await hasTaken(next, 'after')
      next.end()
      const [successor] = await podsOf(target.api, 'orthanc-read-api')
      expect(run.stderr()).toBe(`sapoche: connections go to pod ${successor?.metadata.name} port ${PORT} now\n`)
      run.interrupt()
      expect(await run.ended).toBe(0)
    })

    test('a port where nothing listens is said at once, and again when somebody comes', async () => {
      const pod = (await podsOf(target.api, 'consumer-ecg'))[0]?.metadata.name ?? ''
      const {run, client} = await forward([`pod/${pod}`, '0:4711'])
      const refusal = `port 4711 of pod ${pod} can't be reached: `
      await expect.poll(() => run.stderr()).toMatch(new RegExp(`^sapoche: ${refusal}`))
      const [error] = (await once(client(), 'error')) as [NodeJS.ErrnoException]
      expect(error.code).toBe('ECONNRESET')
      await expect.poll(() => run.stderr()).toContain(`sapoche: a connection broke off: ${refusal}`)
      run.interrupt()
      expect(await run.ended).toBe(0)
    })
  })
}
