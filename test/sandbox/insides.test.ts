import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {buffer, text} from 'node:stream/consumers'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {execute} from '../../src/lib/clients/kubernetes/exec/index.ts'
import {connectCluster, type ClusterClient} from '../../src/lib/clients/kubernetes/index.ts'
import {openTunnel} from '../../src/lib/clients/kubernetes/tunnel/index.ts'
import type {ExecOptions} from '../../src/lib/clients/kubernetes/types.ts'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import type {CoreEvent, Pod} from '../../src/lib/sandbox/types.ts'
import {list, NS, request, start} from './client.ts'

let sandbox: Sandbox
let folder: string
let client: ClusterClient
let pods: Pod[]

beforeAll(async () => {
  const rules = [{apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['get']}]
  sandbox = await start('baseline', {users: [{name: 'reader', token: 'reader', rules}]})
  folder = mkdtempSync(join(tmpdir(), 'sapoche-test-'))
  client = await connect(sandbox.kubeconfig(), 'admin')
  pods = await list<Pod>(sandbox, `${NS}/pods`)
})
afterAll(async () => {
  client.close()
  await sandbox.close()
  rmSync(folder, {recursive: true})
})

async function connect(kubeconfig: string, name: string): Promise<ClusterClient> {
  const file = join(folder, name)
  writeFileSync(file, kubeconfig)
  return connectCluster({
    kubeconfig: file,
    namespace: 'sapoche',
    requestTimeoutMs: 5000,
    env: {},
    homeDir: '/nonexistent',
    interactive: false,
    onMessage: () => {},
    now: () => Date.now(),
    random: () => 0.5,
    signal: new AbortController().signal,
  })
}

const podOf = (workload: string): string => pods.find(({metadata}) => metadata.labels?.['app'] === workload)?.metadata.name ?? ''

async function run(
  command: readonly string[],
  {input = '', workload = 'st-bnkd-php', ...options}: Partial<ExecOptions> & {input?: string | Buffer; workload?: string} = {},
) {
  const program = await execute(client, podOf(workload), {container: 'app', command, tty: false, stdin: true, ...options})
  program.stdin.on('error', () => {}).end(input)
  const [stdout, stderr] = await Promise.all([text(program.stdout), text(program.stderr)])
  return {code: await program.exit, stdout, stderr}
}

describe('exec', () => {
  test.each<[string, readonly string[], {code: number; stdout: string; stderr: string}]>([
    ['outputs apart, and the exit code', ['sh', '-c', 'echo out; echo err >&2; exit 3'], {code: 3, stdout: 'out\n', stderr: 'err\n'}],
    ['success', ['true'], {code: 0, stdout: '', stderr: ''}],
    ['failure', ['false'], {code: 1, stdout: '', stderr: ''}],
    [
      'variables and quotes',
      ['sh', '-c', 'X="a b"; echo "$X" \'$X\' ${X}c $? "$1"', 'sh', 'one'],
      {code: 0, stdout: 'a b $X a bc 0 one\n', stderr: ''},
    ],
    ['and, or', ['sh', '-c', 'false && echo no || echo yes; true && echo and'], {code: 0, stdout: 'yes\nand\n', stderr: ''}],
    [
      'to nowhere',
      ['sh', '-c', 'echo gone >/dev/null 2>&1; command -v bash >/dev/null && echo bash'],
      {code: 0, stdout: 'bash\n', stderr: ''},
    ],
    [
      'what the shell can’t do',
      ['sh', '-c', 'ls | wc'],
      {code: 2, stdout: '', stderr: 'sh: the sandbox\'s shell: "|" is not known here\n'},
    ],
    ['not found by the shell', ['sh', '-c', 'nonsense'], {code: 127, stdout: '', stderr: 'sh: nonsense: not found\n'}],
  ])('%s', async (_, command, expected) => {
    expect(await run(command)).toEqual(expected)
  })

  test('the environment of the template, ConfigMaps and Secrets included', async () => {
    const {stdout} = await run(['env'], {workload: 'worker-sapoche-pdf'})
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'QUEUE_CONNECTION=redis',
        'REDIS_QUEUE=pdf',
        'REDIS_PASSWORD=sandbox',
        'LOG_CHANNEL=stderr',
        `HOSTNAME=${podOf('worker-sapoche-pdf')}`,
      ]),
    )
    expect((await run(['env', '-0'], {workload: 'worker-sapoche-pdf'})).stdout).toContain('REDIS_QUEUE=pdf\0')
  })

  test('large input and large output, whole', async () => {
    const input = randomBytes(4 * 1024 * 1024).toString('base64')
    expect((await run(['cat'], {input})).stdout).toBe(input)
    expect((await run(['wc', '-c'], {input})).stdout).toBe(`${input.length}\n`)
    expect((await run(['seq', '100000'])).stdout.split('\n')).toHaveLength(100_001)
  })

  test('the runbook: redis-cli LLEN', async () => {
    sandbox.redis.run('RPUSH', 'queues:pdf', 'a', 'b')
    expect(await run(['redis-cli', 'LLEN', 'queues:pdf'], {workload: 'redis-master-st-sp'})).toMatchObject({code: 0, stdout: '2\n'})
    await expect(run(['redis-cli', 'PING'])).rejects.toThrow('executable file not found')
  })

  test('a terminal: echo, returns, its size and every change of it, the exit code of the shell', async () => {
    const program = await execute(client, podOf('st-bnkd-php'), {container: 'app', command: ['bash'], tty: true, stdin: true})
    program.resize({columns: 120, rows: 40})
    let seen = ''
    program.stdout.on('data', (chunk: Buffer) => (seen += String(chunk)))
    await expect.poll(() => seen).toContain('$ ')
    program.stdin.write('stty size\r')
    await expect.poll(() => seen).toContain('stty size\r\n40 120\r\n')
    program.resize({columns: 81, rows: 25})
    program.stdin.write('stty size; sleep 100\r')
    await expect.poll(() => seen).toContain('25 81\r\n')
    program.stdin.write(Buffer.of(3))
    await expect.poll(() => seen).toContain('^C\r\n')
    program.stdin.write('exix\u007ft 7\r')
    expect(await program.exit).toBe(7)
  })

  test('a program that is not there can’t be run', async () => {
    await expect(run(['nonsense'])).rejects.toThrow('exec: "nonsense": executable file not found in $PATH')
  })

  test.each([
    ['no such pod', 'nope', 'app', 'pods "nope" not found'],
    ['no such container', null, 'nope', 'container nope is not valid for pod'],
  ])('%s', async (_, pod, container, message) => {
    const refused = execute(client, pod ?? podOf('st-bnkd-php'), {container, command: ['env'], tty: false, stdin: false})
    await expect(refused).rejects.toThrow(message)
  })

  test('with the right to get alone it is refused, and create is named', async () => {
    const reader = await connect(sandbox.kubeconfig().replace(sandbox.token, 'reader'), 'reader')
    const refused = execute(reader, podOf('st-bnkd-php'), {container: 'app', command: ['env'], tty: false, stdin: false})
    await expect(refused).rejects.toMatchObject({rule: {verb: 'create', resource: 'pods/exec'}})
    await expect(once(openTunnel(reader, {pod: podOf('st-bnkd-php'), port: 80}), 'connect')).rejects.toMatchObject({rule: {verb: 'create'}})
    reader.close()
  })

  test('without an upgrade it is a bad request', async () => {
    const {code, body} = await request<{message: string}>(sandbox, 'GET', `${NS}/pods/${podOf('st-bnkd-php')}/exec?command=env`)
    expect([code, body.message]).toEqual([400, 'Upgrade request required'])
  })
})

describe('port-forward', () => {
  test('to the Redis', async () => {
    const stream = openTunnel(client, {pod: podOf('redis-master-st-sp'), port: 6379})
    stream.write('*1\r\n$4\r\nPING\r\n')
    expect(String((await once(stream, 'data'))[0])).toBe('+PONG\r\n')
    stream.destroy()
  })

  test('ports that are named http have a page', async () => {
    const pod = podOf('st-bnkd-php-nginx')
    const stream = openTunnel(client, {pod, port: 80})
    stream.write('GET /system HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    expect(String(await buffer(stream))).toContain(`${pod} of the sandbox: GET /system\n`)
  })

  test('a server of the caller’s, with every byte both ways', async () => {
    const bytes = randomBytes(8 * 1024 * 1024)
    sandbox.servePort({workload: 'consumer-ecg', port: 4711}, (stream) => {
      const hash = createHash('sha256')
      let length = 0
      stream.on('data', (chunk: Buffer) => {
        hash.update(chunk)
        length += chunk.length
        if (length === bytes.length) stream.end(hash.digest('hex'))
      })
    })
    const stream = openTunnel(client, {pod: podOf('consumer-ecg'), port: 4711})
    stream.write(bytes)
    expect(await text(stream)).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('a port where nothing listens says so', async () => {
    const stream = openTunnel(client, {pod: podOf('consumer-ecg'), port: 1})
    const [error] = (await once(stream, 'error')) as [Error]
    expect(error.message).toContain('connect: connection refused')
  })
})

describe('metrics', () => {
  interface Metrics {
    metadata: {name: string}
    containers: {name: string; usage: {cpu: string; memory: string}}[]
  }
  const METRICS = '/apis/metrics.k8s.io/v1beta1'

  test('of every pod that has run for long enough, the same each time', async () => {
    const [first, again] = [
      await list<Metrics>(sandbox, `${METRICS}/namespaces/sapoche/pods`),
      await list<Metrics>(sandbox, `${METRICS}/namespaces/sapoche/pods`),
    ]
    expect(first).toHaveLength(40)
    expect(again.map(({containers}) => containers)).toEqual(first.map(({containers}) => containers))
    expect(first.find(({metadata}) => metadata.name.startsWith('orthanc'))?.containers.map(({name}) => name)).toEqual([
      'app',
      'read-only-proxy',
    ])
  })

  test('of one pod, of nodes, and of a pod that there is not', async () => {
    const pod = podOf('st-bnkd-php')
    expect((await request<Metrics>(sandbox, 'GET', `${METRICS}/namespaces/sapoche/pods/${pod}`)).body).toMatchObject({
      kind: 'PodMetrics',
      metadata: {name: pod},
    })
    expect(await list<Metrics>(sandbox, `${METRICS}/nodes`)).toHaveLength(3)
    expect((await request(sandbox, 'GET', `${METRICS}/namespaces/sapoche/pods/nope`)).code).toBe(404)
  })

  test('a young pod has none; later it has what it says that it uses', async () => {
    let ahead = 0
    const other = await start('baseline', {now: () => Date.now() + ahead})
    const annotations = {'kwok.x-k8s.io/usage-cpu': '250m', 'kwok.x-k8s.io/usage-memory': '1Gi'}
    await request(other, 'POST', `${NS}/pods`, {
      body: {metadata: {name: 'young', annotations}, spec: {containers: [{name: 'app', image: 'x'}]}},
    })
    await expect.poll(async () => (await request<Pod>(other, 'GET', `${NS}/pods/young`)).body.status.phase).toBe('Running')
    const path = `${METRICS}/namespaces/sapoche/pods/young`
    expect((await request(other, 'GET', path)).code).toBe(404)
    ahead = 20_000
    expect((await request<Metrics>(other, 'GET', path)).body.containers).toEqual([{name: 'app', usage: {cpu: '250m', memory: '1Gi'}}])
    await other.close()
  })
})

test('the scheduler writes events of the newer form, with a series when they repeat', async () => {
  const body = {metadata: {name: 'homeless'}, spec: {nodeSelector: {disk: 'none'}, containers: [{name: 'app', image: 'x'}]}}
  await request(sandbox, 'POST', `${NS}/pods`, {body})
  const failed = async () => (await list<CoreEvent>(sandbox, `${NS}/events?fieldSelector=reason=FailedScheduling`))[0]
  await expect.poll(failed).toMatchObject({
    firstTimestamp: null,
    lastTimestamp: null,
    eventTime: expect.stringMatching(/\.\d{6}Z$/),
    source: {},
    reportingComponent: 'default-scheduler',
  })
  // Any change of a node makes the scheduler try again.
  await request(sandbox, 'PATCH', '/api/v1/nodes/node-a', {
    body: {metadata: {labels: {try: 'again'}}},
    type: 'application/merge-patch+json',
  })
  await expect.poll(failed).toMatchObject({series: {count: 2, lastObservedTime: expect.stringMatching(/\.\d{6}Z$/)}})
})

test('metadata alone, of a list', async () => {
  const accept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1'
  const {body} = await request<{kind: string; items: object[]}>(sandbox, 'GET', `${NS}/secrets`, {accept})
  expect(body.kind).toBe('PartialObjectMetadataList')
  expect(body.items).toEqual([
    {kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: expect.objectContaining({name: 'sapoche-credentials'})},
  ])
})
