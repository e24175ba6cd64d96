import http2 from 'node:http2'
import https from 'node:https'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/index.ts'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {APPS, NS, type Reply, request, start} from './client.ts'

interface Status {
  kind: string
  status: string
  reason: string
  message: string
  code: number
  details?: object
}

const LIMITED = {
  name: 'ci-bot',
  token: 'limited',
  rules: [
    {apiGroups: [''], resources: ['pods'], verbs: ['list', 'get']},
    {apiGroups: ['apps'], resources: ['*'], verbs: ['get']},
  ],
}
const NOW = Date.UTC(2026, 10, 22, 3, 12, 7)

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await start('baseline', {now: () => NOW, users: [LIMITED]})
})
afterAll(() => sandbox.close())

const status = async (method: string, path: string, options = {}): Promise<Reply<Status>> =>
  await request<Status>(sandbox, method, path, options)

describe('who may come in', () => {
  test.for(['wrong', ''])('a token %j is 401, as a Status', async (token) => {
    const {code, body} = await status('GET', `${NS}/pods`, {token})
    expect([code, body.kind, body.status, body.reason, body.code]).toEqual([401, 'Status', 'Failure', 'Unauthorized', 401])
  })

  test.for([
    {method: 'GET', path: `${NS}/pods`, code: 200},
    {method: 'GET', path: `${NS}/pods?watch=1`, code: 403},
    {method: 'GET', path: `${APPS}/deployments/st-bnkd-php/scale`, code: 200},
    {method: 'PATCH', path: `${APPS}/deployments/st-bnkd-php/scale`, code: 403},
    {method: 'GET', path: '/apis', code: 200},
    {method: 'GET', path: '/apis/keda.sh/v1alpha1/namespaces/sapoche/scaledobjects', code: 403},
  ])('a user with few rights: $method $path is $code', async ({method, path, code}) => {
    const body = method === 'PATCH' ? {spec: {replicas: 0}} : undefined
    expect((await status(method, path, {token: LIMITED.token, body})).code).toBe(code)
  })

  test('403 names the user, the verb, the resource and the namespace', async () => {
    const {body} = await status('GET', `${APPS}/deployments`, {token: LIMITED.token})
    const what = 'User "ci-bot" cannot list resource "deployments" in API group "apps" in the namespace "sapoche"'
    expect(body).toMatchObject({
      reason: 'Forbidden',
      code: 403,
      message: `deployments.apps is forbidden: ${what}`,
      details: {group: 'apps', kind: 'deployments'},
    })
  })
})

describe('what there is not', () => {
  test.for([
    {path: `${NS}/pods/none`, says: 'pods "none" not found', code: 404},
    {path: `${APPS}/deployments/none/scale`, says: 'deployments.apps "none" not found', code: 404},
    {path: `${NS}/nothing`, says: 'the server could not find the requested resource', code: 404},
    {path: '/apis/apps/v1/deployments/web', says: 'the server could not find the requested resource', code: 404},
    {path: `${NS}/nodes`, says: 'the server could not find the requested resource', code: 404},
    {path: `${NS}/pods/none/attach`, says: "the sandbox can't do this: pods/attach", code: 501},
  ])('$path: $code $says', async ({path, says, code}) => {
    const reply = await status('GET', path)
    expect([reply.code, reply.body.code, reply.body.message]).toEqual([code, code, says])
  })

  test.for(['/apis/keda.sh/v1alpha1', '/apis/custom.metrics.k8s.io/v1beta2/nodes', '/apis/metrics.k8s.io/v1'])(
    '%s is 404 in plain text, as on a real API server',
    async (path) => {
      const {code, headers, body} = await request<string>(sandbox, 'GET', path)
      expect([code, headers['content-type'], body]).toEqual([404, 'text/plain; charset=utf-8', '404 page not found\n'])
    },
  )

  test('OpenAPI is 501 in plain text, which kubectl shows', async () => {
    const {code, body} = await request<string>(sandbox, 'GET', '/openapi/v3')
    expect([code, body]).toEqual([501, "the sandbox can't do this: OpenAPI\n"])
  })

  test.for([
    {accept: 'application/vnd.kubernetes.protobuf', code: 406},
    {accept: 'application/vnd.kubernetes.protobuf,application/json', code: 200},
    {accept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,*/*', code: 200},
  ])('Accept: $accept is $code', async ({accept, code}) => {
    expect((await status('GET', `${NS}/pods`, {accept})).code).toBe(code)
  })

  test.for([
    {type: 'application/vnd.kubernetes.protobuf', path: `${NS}/configmaps`, method: 'POST', code: 415},
    {type: 'application/vnd.kubernetes.protobuf', path: `${NS}/pods/x/binding`, method: 'POST', code: 501},
    {type: 'application/apply-patch+yaml', path: `${APPS}/deployments/st-bnkd-php`, method: 'PATCH', code: 501},
    {type: 'text/plain', path: `${APPS}/deployments/st-bnkd-php`, method: 'PATCH', code: 415},
  ])('$method with a body of $type to $path is $code', async ({type, path, method, code}) => {
    expect((await status(method, path, {type, body: {metadata: {name: 'x'}}})).code).toBe(code)
  })

  test('an upgrade of anything but exec and port-forward is refused with 501', async () => {
    const {promise, resolve, reject} = Promise.withResolvers<number | undefined>()
    const headers = {authorization: `Bearer ${sandbox.token}`, connection: 'Upgrade', upgrade: 'websocket'}
    const sent = https.get(`${sandbox.url}${NS}/pods/x/attach`, {ca: sandbox.caPem, headers, agent: false}, (answer) =>
      resolve(answer.statusCode),
    )
    sent.on('error', reject)
    expect(await promise).toBe(501)
  })
})

test("the Date header is the cluster's clock", async () => {
  const {headers} = await status('GET', '/version')
  expect(headers['date']).toBe('Sun, 22 Nov 2026 03:12:07 GMT')
})

test('discovery lists every group with its resources', async () => {
  const {body: groups} = await request<{groups: {name: string; preferredVersion: {groupVersion: string}}[]}>(sandbox, 'GET', '/apis')
  expect(groups.groups.map(({name}) => name)).toEqual(['apps', 'batch', 'autoscaling', 'discovery.k8s.io', 'policy', 'metrics.k8s.io'])
  for (const {preferredVersion} of groups.groups) {
    const {body} = await request<{resources: object[]}>(sandbox, 'GET', `/apis/${preferredVersion.groupVersion}`)
    expect(body.resources.length).toBeGreaterThan(0)
  }
  const {body: apps} = await request<{resources: object[]}>(sandbox, 'GET', '/apis/apps/v1')
  expect(apps.resources).toContainEqual(expect.objectContaining({name: 'deployments/scale', group: 'autoscaling', kind: 'Scale'}))
})

test('HTTP/2: many requests on one connection, and a watch beside them that is told at once', async () => {
  const session = http2.connect(sandbox.url, {ca: sandbox.caPem})
  const open = (path: string, method = 'GET', body?: object) => {
    const stream = session.request({
      ':path': path,
      ':method': method,
      authorization: `Bearer ${sandbox.token}`,
      'content-type': 'application/json',
    })
    stream.end(body === undefined ? undefined : JSON.stringify(body))
    stream.setEncoding('utf8')
    return stream
  }
  const read = async (stream: http2.ClientHttp2Stream) => {
    let text = ''
    for await (const part of stream as AsyncIterable<string>) text += part
    return JSON.parse(text) as {items: unknown[]}
  }
  const [pods, deployments] = await Promise.all([read(open(`${NS}/pods`)), read(open(`${APPS}/deployments`))])
  expect([pods.items.length, deployments.items.length]).toEqual([40, 38])

  const watch = open(`${NS}/configmaps?watch=1&resourceVersion=0`)
  const lines = (watch as AsyncIterable<string>)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatch(/^\{"type":"ADDED".*"sapoche-environment".*\n$/)
  await read(open(`${NS}/configmaps`, 'POST', {metadata: {name: 'new'}}))
  expect((await lines.next()).value).toMatch(/^\{"type":"ADDED".*"new"/)
  session.destroy()
})

test('HTTP/1.1: a watch sends its headers before there is anything to say, and ends after timeoutSeconds', async () => {
  const {promise, resolve, reject} = Promise.withResolvers<string>()
  const headers = {authorization: `Bearer ${sandbox.token}`}
  const sent = https.get(
    `${sandbox.url}${NS}/secrets?watch=1&resourceVersion=${await versionNow()}&timeoutSeconds=1`,
    {ca: sandbox.caPem, headers, agent: false},
    (answer) => {
      let text = `${answer.statusCode} `
      answer.on('data', (part: Buffer) => (text += part.toString()))
      answer.on('end', () => resolve(text))
    },
  )
  sent.on('error', reject)
  expect(await promise).toBe('200 ')
})

async function versionNow(): Promise<string> {
  return (await request<{metadata: {resourceVersion: string}}>(sandbox, 'GET', '/api/v1/nodes')).body.metadata.resourceVersion
}

test("a manager is known by fieldManager, else by the client's name", async () => {
  const managers = async () => {
    const {body} = await request<{metadata: {managedFields: {manager: string}[]}}>(
      sandbox,
      'GET',
      `${APPS}/deployments/diag-dicom-viewer-nginx`,
    )
    return body.metadata.managedFields.map(({manager}) => manager)
  }
  const patch = async (path: string, note: string) =>
    await request(sandbox, 'PATCH', path, {
      type: 'application/merge-patch+json',
      body: {metadata: {annotations: {[note]: 'x'}}},
      agent: 'kubectl/v1.36.3 (linux)',
    })
  await patch(`${APPS}/deployments/diag-dicom-viewer-nginx`, 'a')
  await patch(`${APPS}/deployments/diag-dicom-viewer-nginx?fieldManager=sapoche`, 'b')
  expect(await managers()).toEqual(expect.arrayContaining(['kubectl', 'sapoche']))
})

test('close ends it at once, with watches open, on both protocols', async () => {
  const other = await startSandbox({scenario: 'baseline', catalogue: builtinCatalogue, now: () => Date.now()})
  const session = http2.connect(other.url, {ca: other.caPem})
  session.on('error', () => undefined)
  const headers = {authorization: `Bearer ${other.token}`}
  const stream = session.request({':path': `${NS}/pods?watch=1`, ...headers})
  stream.on('error', () => undefined)
  const gone = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  https
    .get(`${other.url}${NS}/pods?watch=1`, {ca: other.caPem, headers, agent: false}, (answer) => {
      opened.resolve()
      answer.resume()
      answer.on('error', () => undefined)
      answer.on('close', gone.resolve)
    })
    .on('error', opened.reject)
  await opened.promise
  const ended = new Promise((resolve) => {
    session.once('close', resolve)
  })
  await other.close()
  await Promise.all([gone.promise, ended])
  await expect(request({...other}, 'GET', '/version')).rejects.toThrow('ECONNREFUSED')
})

test('the kubeconfig names server, certificate, token and namespace', () => {
  const text = sandbox.kubeconfig()
  for (const part of [`server: ${sandbox.url}`, `token: ${sandbox.token}`, 'namespace: sapoche', 'current-context: sandbox'])
    expect(text).toContain(part)
  expect(text).toContain(Buffer.from(sandbox.caPem).toString('base64'))
})
