import {once} from 'node:events'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {Agent, type IncomingHttpHeaders, type IncomingMessage, request} from 'node:http'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Duplex} from 'node:stream'
import {buffer, text} from 'node:stream/consumers'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {connectCluster, type ClusterClient} from '../../src/lib/clients/kubernetes/index.ts'
import {openTunnel} from '../../src/lib/clients/kubernetes/tunnel/index.ts'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {HEALTHY} from '../../src/lib/sandbox/orthanc.ts'
import type {Deployment, KubeObject, Pod} from '../../src/lib/sandbox/types.ts'
import {APPS, list, NS, request as api, start} from './client.ts'

const LOGIN = 'probe:sandbox'

/** A sandbox with a client that reaches into its pods. */
interface Inside {
  readonly sandbox: Sandbox
  open(workload: string, port: number): Promise<Duplex>
  get(url: Url, options?: {readonly login?: string; readonly method?: string}): Promise<Answer>
  close(): Promise<void>
}
type Url = readonly [workload: string, port: number, path: string]
interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function enter(scenario: string): Promise<Inside> {
  const sandbox = await start(scenario)
  const folder = mkdtempSync(join(tmpdir(), 'sapoche-test-'))
  writeFileSync(join(folder, 'kubeconfig'), sandbox.kubeconfig())
  const cluster: ClusterClient = await connectCluster({
    kubeconfig: join(folder, 'kubeconfig'),
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
  const pods = await list<Pod>(sandbox, `${NS}/pods`)
  const open: Inside['open'] = async (workload, port) => {
    const pod = pods.find(({metadata}) => metadata.labels?.['app'] === workload)?.metadata.name ?? ''
    const stream = openTunnel(cluster, {pod, port})
    await once(stream, 'connect')
    return stream
  }
  return {
    sandbox,
    open,
    async get([workload, port, path], {login, method = 'GET'} = {}) {
      const stream = await open(workload, port)
      const headers = login === undefined ? {} : {authorization: `Basic ${Buffer.from(login).toString('base64')}`}
      const sent = request({path, method, headers, createConnection: () => stream})
      sent.end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      const answer = {status: response.statusCode ?? 0, headers: response.headers, body: await text(response)}
      stream.destroy()
      return answer
    },
    async close() {
      cluster.close()
      await sandbox.close()
      rmSync(folder, {recursive: true})
    },
  }
}

const orthanc = (path: string): Url => ['orthanc-read-api', 8042, path]

describe('Orthanc', () => {
  let inside: Inside
  beforeAll(async () => {
    inside = await enter('baseline')
  })
  afterAll(() => inside.close())
  afterEach(() => inside.sandbox.orthanc.become(HEALTHY))

  test.each([
    ['/tools/now', /^\d{8}T\d{6}$/],
    ['/system', /"Version": "1\.12\.9"/],
    ['/system', /"MaximumStorageMode": "Reject"/],
    ['/changes?last', /"Done": true/],
    ['/plugins', /"dicom-web"/],
    ['/statistics', /"TotalDiskSize": "412316860416"/],
    ['/jobs?expand', /^\[\]$/],
    ['/studies?since=0&limit=1', /^\[\n/],
    ['/dicom-web/studies?limit=1', /Mustermann/],
    ['/dicom-web/studies?PatientID=nobody', /^\[\]$/],
    ['/app/explorer.html', /Orthanc Explorer/],
  ])('%s with credentials', async (path, body) => {
    expect(await inside.get(orthanc(path), {login: LOGIN})).toMatchObject({status: 200, body: expect.stringMatching(body)})
  })

  test.each([undefined, 'probe:wrong', 'other:sandbox'])('as %s: 401, with nothing in it', async (login) => {
    for (const path of ['/tools/now', '/', '/nope']) {
      const {status, headers, body} = await inside.get(orthanc(path), login === undefined ? {} : {login})
      expect({status, body}).toEqual({status: 401, body: ''})
      expect(headers['www-authenticate']).toMatch(/^Basic realm=/)
    }
  })

  test.each([
    ['GET', '/nope', 404, 17],
    ['GET', '/studies?limit=1', 400, 8],
  ])('%s %s: %i with its own number %i', async (method, path, status, orthancStatus) => {
    const answer = await inside.get(orthanc(path), {login: LOGIN, method})
    expect(answer.status).toBe(status)
    expect(JSON.parse(answer.body)).toMatchObject({HttpStatus: status, OrthancStatus: orthancStatus, Method: method})
  })

  test('the start page is elsewhere, and what only reads takes no POST', async () => {
    expect(await inside.get(orthanc('/'), {login: LOGIN})).toMatchObject({status: 301, headers: {location: 'app/explorer.html'}})
    expect(await inside.get(orthanc('/system'), {login: LOGIN, method: 'POST'})).toMatchObject({status: 405})
  })

  test('a user from whom a route is kept', async () => {
    inside.sandbox.orthanc.become({users: [{name: 'probe', password: 'sandbox', forbidden: ['/statistics']}]})
    expect(await inside.get(orthanc('/statistics'), {login: LOGIN})).toMatchObject({status: 403})
    expect(await inside.get(orthanc('/changes?last'), {login: LOGIN})).toMatchObject({status: 200})
  })

  test('jobs that failed tell of patients, as real ones do', async () => {
    inside.sandbox.orthanc.become({failedJobs: 2})
    const {body} = await inside.get(orthanc('/jobs?expand'), {login: LOGIN})
    expect(JSON.parse(body)).toMatchObject([{State: 'Failure'}, {State: 'Failure'}])
    expect(body).toContain('Mustermann')
  })

  test('several requests on one connection', async () => {
    const agent = new Agent({keepAlive: true, maxSockets: 1})
    const stream = await inside.open('orthanc-read-api', 8042)
    agent.createConnection = () => stream
    for (const path of ['/system', '/tools/now']) {
      const sent = request({path, auth: LOGIN, agent})
      sent.end()
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      expect({status: response.statusCode, kept: sent.reusedSocket}).toEqual({status: 200, kept: path === '/tools/now'})
      await text(response)
    }
    stream.destroy()
  })

  test('its credentials are in a Secret that the deployment refers to', async () => {
    const [app] = (await api<Deployment>(inside.sandbox, 'GET', `${APPS}/deployments/orthanc-read-api`)).body.spec.template.spec.containers
    expect(app).toMatchObject({
      ports: [{containerPort: 8042}, {name: 'dicom', containerPort: 4242}],
      env: [
        {name: 'ORTHANC_USERNAME', valueFrom: {secretKeyRef: {name: 'sapoche-credentials', key: 'orthanc-username'}}},
        {name: 'ORTHANC_PASSWORD', valueFrom: {secretKeyRef: {name: 'sapoche-credentials', key: 'orthanc-password'}}},
      ],
    })
    const {data} = (await api<KubeObject & {data: Record<string, string>}>(inside.sandbox, 'GET', `${NS}/secrets/sapoche-credentials`)).body
    const [name, password] = ['orthanc-username', 'orthanc-password'].map((key) => Buffer.from(data[key] ?? '', 'base64').toString())
    expect(`${name}:${password}`).toBe(LOGIN)
  })
})

describe('DICOM', () => {
  let inside: Inside
  beforeAll(async () => {
    inside = await enter('baseline')
  })
  afterAll(() => inside.close())

  const [ASSOCIATE, DATA, RELEASE] = [1, 4, 5] as const
  const pdu = (type: number, body: Buffer): Buffer => {
    const head = Buffer.of(type, 0, 0, 0, 0, 0)
    head.writeUInt32BE(body.length, 2)
    return Buffer.concat([head, body])
  }
  const item = (type: number, ...parts: readonly (string | Buffer)[]): Buffer => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part)))
    return Buffer.concat([Buffer.of(type, 0, 0, body.length), body])
  }
  const associate = (called: string, abstract: string): Buffer => {
    const fixed = Buffer.alloc(68)
    fixed.writeUInt16BE(1)
    fixed.write(called.padEnd(16) + 'CALLER'.padEnd(16), 4, 'latin1')
    const context = item(0x20, Buffer.of(1, 0, 0, 0), item(0x30, abstract), item(0x40, '1.2.840.10008.1.2'))
    return pdu(
      ASSOCIATE,
      Buffer.concat([fixed, item(0x10, '1.2.840.10008.3.1.1.1'), context, item(0x50, item(0x51, Buffer.of(0, 0, 64, 0)))]),
    )
  }
  const element = (number: number, hex: string): string => {
    const head = Buffer.alloc(8)
    head.writeUInt16LE(number, 2)
    head.writeUInt32LE(hex.length / 2, 4)
    return head.toString('hex') + hex
  }
  const message = (field: string): Buffer => {
    const elements = element(0x0100, field) + element(0x0110, '0700') + element(0x0800, '0101')
    const body = Buffer.from(element(0, '24000000') + elements, 'hex')
    return pdu(DATA, Buffer.concat([Buffer.of(0, 0, 0, body.length + 2, 1, 3), body]))
  }
  const VERIFICATION = '1.2.840.10008.1.1'

  async function converse(...pdus: readonly Buffer[]): Promise<Buffer> {
    const stream = await inside.open('orthanc-read-api', 4242)
    // In pieces, as a network may deliver them.
    for (const sent of pdus) for (const byte of [sent.subarray(0, 9), sent.subarray(9)]) stream.write(byte)
    return await buffer(stream)
  }

  test('an association, an echo, a release', async () => {
    const answer = await converse(associate('ORTHANC', VERIFICATION), message('3000'), pdu(RELEASE, Buffer.alloc(4)))
    expect(answer[0]).toBe(2)
    const second = answer.subarray(6 + answer.readUInt32BE(2))
    expect(second[0]).toBe(4)
    // Of the first context, the answer to message 7, and success.
    expect(second.readUInt8(10)).toBe(1)
    expect(second.toString('hex')).toContain(
      `${element(0x0100, '3080')}${element(0x0120, '0700')}${element(0x0800, '0101')}${element(0x0900, '0000')}`,
    )
    expect(second.subarray(6 + second.readUInt32BE(2)).toString('hex')).toBe('06000000000400000000')
  })

  test.each([
    [
      'an unknown title is rejected: permanently, by the service user, called AE title',
      [associate('OTHER', VERIFICATION)],
      '03000000000400010107',
    ],
    ['what is no echo is aborted', [message('0100')], '07000000000400000202'],
    ['what is no DICOM is aborted', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], '07000000000400000202'],
  ])('%s', async (_, pdus, hex) => {
    expect((await converse(...pdus)).toString('hex')).toBe(hex)
  })

  test('a context for images is not accepted', async () => {
    const answer = await converse(associate('ORTHANC', '1.2.840.10008.5.1.4.1.1.7'), pdu(RELEASE, Buffer.alloc(4)))
    // After application context (25 bytes): the result of the first one.
    expect(answer.readUInt8(6 + 68 + 25 + 6)).toBe(3)
  })
})

describe('pages', () => {
  let inside: Inside
  beforeAll(async () => {
    inside = await enter('baseline')
  })
  afterAll(() => inside.close())
  const viewer = (path: string): Url => ['diag-dicom-viewer-nginx', 80, path]

  test('the viewer: a page, its configuration, and DICOMweb behind the root that it names', async () => {
    expect(await inside.get(viewer('/'))).toMatchObject({status: 200, body: expect.stringContaining('app-config.js')})
    const {headers, body} = await inside.get(viewer('/app-config.js'))
    expect(headers['content-type']).toBe('application/javascript')
    expect(/qidoRoot: '([^']+)'/.exec(body)?.[1]).toBe('/dicom-web')
    expect(await inside.get(viewer('/dicom-web/studies?limit=1'))).toMatchObject({status: 401})
    expect(await inside.get(viewer('/dicom-web/studies?PatientID=nobody'), {login: LOGIN})).toMatchObject({status: 200, body: '[]'})
  })

  test('the viewer without roots', async () => {
    inside.sandbox.orthanc.pointViewer(null)
    const {status, body} = await inside.get(viewer('/app-config.js'))
    expect({status, hasRoot: /qidoRoot|wadoRoot/.test(body)}).toEqual({status: 200, hasRoot: false})
  })

  test('the design system', async () => {
    expect(await inside.get(['diag-design-system-nginx', 80, '/'])).toMatchObject({status: 200})
    expect(await inside.get(['diag-design-system-nginx', 80, '/nope'])).toMatchObject({status: 404})
  })
})

describe('scenarios', () => {
  const inScenario = async (name: string, look: (inside: Inside) => Promise<void>): Promise<void> => {
    const inside = await enter(name)
    try {
      await look(inside)
    } finally {
      await inside.close()
    }
  }

  test('orthanc-db-down: alive, and without its database', () =>
    inScenario('orthanc-db-down', async ({get, sandbox}) => {
      for (const path of ['/tools/now', '/system', '/jobs?expand', '/plugins']) {
        expect(await get(orthanc(path), {login: LOGIN})).toMatchObject({status: 200})
      }
      for (const path of ['/changes?last', '/statistics', '/studies?since=0&limit=1', '/dicom-web/studies?PatientID=nobody']) {
        const {status, body} = await get(orthanc(path), {login: LOGIN})
        expect({status, ...(JSON.parse(body) as object)}).toMatchObject({status: 503, HttpStatus: 503, OrthancStatus: 36})
      }
      expect(await get(orthanc('/changes?last'))).toMatchObject({status: 401})
      const [pod] = await list<Pod>(sandbox, `${NS}/pods?labelSelector=app%3Dorthanc-read-api`)
      const log = await api<string>(sandbox, 'GET', `${NS}/pods/${pod?.metadata.name}/log?container=app&tailLines=3`)
      expect(log.body).toMatch(/^(E.* The database is currently not available.*\n){3}$/)
    }))

  test('orthanc-open: patients’ data for everybody', () =>
    inScenario('orthanc-open', async ({get, sandbox}) => {
      const {metadata, spec} = (await api<Deployment>(sandbox, 'GET', `${APPS}/deployments/orthanc-read-api`)).body
      expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2')
      expect(spec.template.spec.containers[0]?.['env']).toContainEqual({name: 'ORTHANC__AUTHENTICATION_ENABLED', value: 'false'})
      expect(await get(orthanc('/dicom-web/studies?limit=1'))).toMatchObject({status: 200, body: expect.stringContaining('Mustermann')})
    }))

  test('viewer-misconfigured: a root that a browser can’t reach, and a path that Orthanc does not have', () =>
    inScenario('viewer-misconfigured', async ({get}) => {
      const {body} = await get(['diag-dicom-viewer-nginx', 80, '/app-config.js'])
      const root = new URL(/qidoRoot: '([^']+)'/.exec(body)?.[1] ?? '')
      expect(root.hostname).toBe('orthanc-read-api-service')
      expect(await get(orthanc(`${root.pathname}/studies`), {login: LOGIN})).toMatchObject({status: 404})
    }))
})
