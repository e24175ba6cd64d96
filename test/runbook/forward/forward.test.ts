import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {connect, createServer, type AddressInfo, type Server, type Socket} from 'node:net'
import {buffer} from 'node:stream/consumers'
import {describe, expect, onTestFinished, test} from 'vitest'
import type {WebSocket} from 'ws'
import {openTunnel} from '../../../src/lib/clients/kubernetes/tunnel/index.ts'
import type {SapocheError} from '../../../src/lib/errors/index.ts'
import {forward, forwardText} from '../../../src/lib/runbook/forward/index.ts'
import {forwardReport, type ForwardReport} from '../../../src/lib/runbook/forward/schema.ts'
import {frame, startApiServer, type Refusal} from '../../clients/kubernetes/tunnel/api-server.ts'
import {rawDeployment, rawPod, unready} from '../../workload/build.ts'
import {rawReplicaSet, served} from '../served.ts'

type Json = Record<string, unknown>

const MIB = 1024 * 1024
const TIMES = {fresh: 0, patience: 500, retry: 5, unanswered: 2000, answered: 50, leaving: 500}

function service(name: string, selector: Json | null, ports: readonly Json[]): Json {
  return {
    metadata: {name, uid: `${name}-uid`},
    spec: {type: 'ClusterIP', clusterIP: '10.27.1.1', ...(selector === null ? {} : {selector}), ports},
  }
}

function pod(name: string, app: string, ports: readonly Json[], more: Parameters<typeof rawPod>[0] = {}): Json {
  const raw = rawPod({name, replicaSet: `${app}-new`, ...more})
  return {
    ...raw,
    metadata: {...(raw['metadata'] as Json), labels: {app}},
    spec: {...(raw['spec'] as Json), containers: [{name: 'app', ports}]},
  }
}

const ORTHANC = service('orthanc-read-api-service', {app: 'orthanc-read-api'}, [
  {name: 'http', port: 80, targetPort: 'web', protocol: 'TCP'},
])
const PHP = service('st-bnkd-php', {app: 'st-bnkd-php'}, [
  {name: 'fpm', port: 9000},
  {name: 'http', port: 80},
])
const WEB = [{name: 'web', containerPort: 8042}]

function objects(pods: readonly Json[]) {
  return {
    services: [ORTHANC, PHP, service('outside', null, [{port: 80}])],
    deployments: [rawDeployment({name: 'orthanc-read-api'}), {...rawDeployment({name: 'st-bnkd-php', replicas: 3}), spec: phpSpec()}],
    replicasets: [rawReplicaSet('orthanc-read-api'), rawReplicaSet('st-bnkd-php')],
    pods: [...pods],
  }
}

function phpSpec(): Json {
  return {replicas: 3, template: {spec: {containers: [{name: 'app', ports: [{name: 'fpm', containerPort: 9000}]}]}}}
}

interface Options {
  readonly name?: string
  readonly ports?: string
  readonly refusal?: Refusal
  readonly pods?: readonly Json[]
}

/** What goes on in the pods: a real server, reached through a WebSocket a connection. */
async function scene(
  onConnection: (socket: Socket) => void,
  {name = 'orthanc-read-api-service', ports = '0', refusal, pods}: Options = {},
) {
  const upstream: Server = createServer({allowHalfOpen: true}, (socket) => {
    socket.on('error', () => {})
    onConnection(socket)
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const webSockets: WebSocket[] = []
  const asked: string[] = []
  const dead = new Set<string>()
  const api = await startApiServer(
    (socket, request) => {
      const url = new URL(request.url ?? '', 'http://server')
      const [, podName = ''] = /pods\/([^/]+)\//.exec(url.pathname) ?? []
      const port = Number(url.searchParams.get('ports'))
      asked.push(`${podName}:${port}`)
      if (dead.has(podName)) return socket.terminate()
      webSockets.push(socket)
      const prefix = Buffer.of(port & 0xff, port >> 8)
      socket.send(frame(0, prefix))
      socket.send(frame(1, prefix))
      const remote = connect({port: (upstream.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true})
      remote.on('error', () => socket.terminate())
      socket.on('message', (message: Buffer) => {
        if (!remote.write(message.subarray(1))) {
          socket.pause()
          remote.once('drain', () => socket.resume())
        }
      })
      socket.on('close', () => remote.destroy())
      remote.on('data', (chunk: Buffer) => {
        remote.pause()
        socket.send(frame(0, chunk), () => remote.resume())
      })
      remote.on('end', () => socket.close(1000))
    },
    refusal === undefined ? {} : {refusal},
  )
  const cluster = objects(pods ?? [pod('orthanc-a', 'orthanc-read-api', WEB)])
  const sources = await served(cluster)
  const controller = new AbortController()
  const said: string[] = []
  const started = Promise.withResolvers<ForwardReport>()
  const access = {
    execute: () => Promise.reject(new Error('no programs here')),
    openTunnel: (target: {pod: string; port: number}, options?: {signal?: AbortSignal}) => openTunnel(api.client, target, options),
  }
  const events = {ready: started.resolve, say: (text: string) => void said.push(text)}
  const done = forward({name, ports, times: TIMES}, {...sources, access}, events, controller.signal)
  done.catch(started.reject)
  onTestFinished(async () => {
    controller.abort()
    await done.catch(() => {})
    upstream.close()
    await api.close()
  })
  return {started: started.promise, said, webSockets, asked, dead, cluster, done, stop: () => controller.abort()}
}

/** As a client that knows how much it will get. */
function open(report: ForwardReport): Socket {
  return connect({port: report.local.port, host: report.local.host}).on('error', () => {})
}

const closing = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const failure = (promise: Promise<unknown>): Promise<SapocheError> =>
  promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (error: SapocheError) => error,
  )

const echo = (socket: Socket): void => void socket.pipe(socket)

describe('what is forwarded', () => {
  test('a service: its port, the pod’s port by its name, and the URL', async () => {
    const {started} = await scene(echo, {ports: '0:80'})
    const report = await started
    expect(forwardReport.parse(report)).toEqual(report)
    expect(report).toMatchObject({
      url: `http://127.0.0.1:${report.local.port}`,
      local: {host: '127.0.0.1'},
      target: {kind: 'Service', name: 'orthanc-read-api-service', port: 80},
      pod: {name: 'orthanc-a', port: 8042},
      notes: [],
    })
    expect(forwardText(report)).toBe(`${report.url} -> service orthanc-read-api-service port 80 (pod orthanc-a port 8042)\n`)
  })

  const PHP_PODS = [pod('php-a', 'st-bnkd-php', [], {containers: [unready()]}), pod('php-b', 'st-bnkd-php', [])]

  test('a bare name that a deployment shares is the service, which is said; a ready pod goes first', async () => {
    const report = await (await scene(echo, {name: 'st-bnkd-php', ports: ':http', pods: PHP_PODS})).started
    expect(report).toMatchObject({target: {kind: 'Service', name: 'st-bnkd-php', port: 80}, pod: {name: 'php-b', port: 80}})
    expect(report.notes).toEqual(['st-bnkd-php is taken for the service; the deployment is deployment/st-bnkd-php'])
  })

  test.each<[string, string, object]>([
    ['deployment/st-bnkd-php', '0', {target: {kind: 'Deployment', name: 'st-bnkd-php', port: 9000}, pod: {name: 'php-b', port: 9000}}],
    ['deployment/st-bnkd-php', '0:1234', {target: {kind: 'Deployment', port: 1234}, pod: {name: 'php-b', port: 1234}}],
    ['pod/php-a', '0:9000', {target: {kind: 'Pod', name: 'php-a', port: 9000}, pod: {name: 'php-a'}}],
    ['service/st-bnkd-php', '0:9000', {target: {kind: 'Service', port: 9000}, notes: []}],
  ])('%s %s', async (name, ports, expected) => {
    expect(await (await scene(echo, {name, ports, pods: PHP_PODS})).started).toMatchObject(expected)
  })

  test.each<[string, string, number, string]>([
    ['st-bnkd-php', '0', 64, 'service st-bnkd-php has ports 9000 (fpm), 80 (http); name one'],
    ['st-bnkd-php', '0:81', 64, 'service st-bnkd-php has no port 81'],
    ['service/nope', '0', 64, 'there is no service "nope"'],
    ['outside', '0', 64, 'service outside has no pods of its own'],
    ['orthanc-raed-api-service', '0', 64, 'no service, workload or pod matches "orthanc-raed-api-service"'],
    ['consumers', '0:80', 64, '"consumers" names 14 workloads'],
    ['orthanc-read-api-service', 'x', 64, '"x" are no ports'],
    ['st-bnkd-php', '0:80', 69, 'no pod of service st-bnkd-php runs'],
    ['consumer-ecg', '0:80', 69, 'no pod of deployment consumer-ecg runs'],
  ])('%s %s ends with %d', async (name, ports, exitCode, message) => {
    const error = await failure((await scene(echo, {name, ports})).started)
    expect(error.message).toContain(message)
    expect(error.exitCode).toBe(exitCode)
  })

  test('a near name is told once, though a service and a deployment have it', async () => {
    expect((await failure((await scene(echo, {name: 'st-bnkd-ph', ports: '0'})).started)).suggestions).toEqual([
      'st-bnkd-php',
      'st-bnkd-php-nginx',
    ])
  })

  test('without the right it ends before anybody counts on it: 77', async () => {
    const message = 'pods "x" is forbidden: User "bob" cannot create resource "pods/portforward" in API group "" in the namespace "sapoche"'
    const refusal = {status: 403, body: JSON.stringify({kind: 'Status', status: 'Failure', message, code: 403})}
    const error = await failure((await scene(echo, {refusal})).started)
    expect(error).toMatchObject({exitCode: 77, hints: expect.arrayContaining([expect.objectContaining({label: 'needs'})])})
  })

  test('a port that is taken is said, with a cure', async () => {
    const taken = createServer()
    await once(taken.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void taken.close())
    const {port} = taken.address() as AddressInfo
    const error = await failure((await scene(echo, {ports: `${port}:80`})).started)
    expect(error).toMatchObject({exitCode: 64, message: `port ${port} is in use on this machine`})
  })
})

describe('carrying', () => {
  test('every byte both ways, in order', async () => {
    const sent = randomBytes(16 * MIB)
    const report = await (await scene(echo)).started
    const client = open(report)
    let got = 0
    const received: Buffer[] = []
    client.on('data', (chunk: Buffer) => {
      received.push(chunk)
      got += chunk.length
      if (got === sent.length) client.end()
    })
    client.write(sent)
    await closing(client)
    expect(sha(Buffer.concat(received))).toBe(sha(sent))
  })

  test('50 connections side by side, none mixed with another', async () => {
    const {started, webSockets} = await scene(echo)
    const report = await started
    const talk = async (index: number): Promise<boolean> => {
      const mine = randomBytes(200_000 + index)
      const client = open(report)
      client.write(mine)
      const received: Buffer[] = []
      for await (const chunk of client) {
        received.push(chunk as Buffer)
        if (Buffer.concat(received).length === mine.length) client.end()
      }
      return Buffer.concat(received).equals(mine)
    }
    const all = await Promise.all(Array.from({length: 50}, (_, index) => talk(index)))
    expect(all.every(Boolean)).toBe(true)
    // One for each, and the probe before them.
    expect(webSockets).toHaveLength(51)
  })

  test('an answer of a remote that then closes is whole', async () => {
    const answer = randomBytes(4 * MIB)
    const report = await (await scene((socket) => socket.once('data', () => socket.end(answer)))).started
    const client = open(report)
    client.write('GET')
    expect(sha(await buffer(client))).toBe(sha(answer))
  })

  test('a WebSocket that is cut in the middle resets its connection, says so, and leaves the others alone', async () => {
    const {started, webSockets, said} = await scene((socket) => {
      socket.write('half an ans')
      socket.on('data', (data) => socket.write(data))
    })
    const report = await started
    const [lost, kept] = [open(report), open(report)]
    await Promise.all([once(lost, 'data'), once(kept, 'data')])
    const mine = webSockets[1]
    const broken = once(lost, 'error')
    mine?.terminate()
    // Which of the two it was the server knows alone.
    const [error] = (await Promise.race([broken, once(kept, 'error')])) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    const other = lost.destroyed ? kept : lost
    other.write('still here')
    expect(String((await once(other, 'data'))[0])).toBe('still here')
    await expect.poll(() => said).toEqual(['a connection broke off: the connection to port 8042 of pod orthanc-a was lost'])
  })

  test('a pod that is replaced: the next connection goes to its successor, which is said', async () => {
    const {started, cluster, dead, asked, said} = await scene(echo)
    const report = await started
    dead.add('orthanc-a')
    cluster.pods.splice(0, 1)
    const client = open(report)
    client.write('hello')
    // It comes while the connection already waits.
    setTimeout(() => cluster.pods.push(pod('orthanc-b', 'orthanc-read-api', WEB)), 50)
    expect(String((await once(client, 'data'))[0])).toBe('hello')
    expect(asked.at(-1)).toBe('orthanc-b:8042')
    expect(said).toEqual(['connections go to pod orthanc-b port 8042 now'])
    client.end()
  })

  test('a pod that does not come back: the connection is reset, and the next one tries again', async () => {
    const {started, cluster, said} = await scene(echo)
    const report = await started
    const [gone] = cluster.pods.splice(0, 1)
    const client = open(report)
    await closing(client)
    expect(said).toEqual(['a connection broke off: no pod of service orthanc-read-api-service runs'])
    cluster.pods.push(gone!)
    const next = open(report)
    next.write('again')
    expect(String((await once(next, 'data'))[0])).toBe('again')
    next.end()
  })

  test('Ctrl-C ends it well, and takes the connections along', async () => {
    const {started, done, stop} = await scene(echo)
    const client = open(await started)
    client.write('x')
    await once(client, 'data')
    const closed = closing(client)
    stop()
    await done
    await closed
    await expect(once(open(await started), 'connect')).rejects.toThrow('ECONNREFUSED')
  })
})
