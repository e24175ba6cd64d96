import {beforeAll, describe, expect, test} from 'vitest'
import {ApiAbsentError, ForbiddenError, NotFoundError} from '../../../src/lib/clients/kubernetes/index.ts'
import {fromNetwork} from '../../../src/lib/clients/kubernetes/errors.ts'
import {
  base64,
  connect,
  connectTo,
  DEPLOYMENTS,
  failure,
  listenTcp,
  makeCertificates,
  nameOf,
  NODES,
  PODS,
  SCALED_OBJECTS,
  serve,
  writeKubeconfig,
  type Asked,
  type Certificates,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

/** The error of listing `resource` on a server that answers as `handle` says; its URL is shown as SERVER. */
async function refusalOf(handle: (asked: Asked) => void, resource = PODS, command?: string) {
  const server = await serve(certificates, handle)
  const client = await connectTo(server, certificates, command === undefined ? {} : {command, home: 'sapoche'})
  const error = await failure(client.list(resource, nameOf))
  const shown = (text: string) => text.replaceAll(server.url, 'SERVER')
  return {error, code: error.exitCode, message: shown(error.message), hints: error.hints.map(({label, text}) => `${label}  ${shown(text)}`)}
}

describe('answers', () => {
  const text = (status: number, type: string, body: string) => (asked: Asked) => {
    asked.response.writeHead(status, {'content-type': type})
    asked.response.end(body)
  }
  const proxyHint = ['cure  check the server of the kubeconfig, and whether a proxy or a login page is in between']
  const faultHint = ['cure  try again in a while; if it stays so, look at the API server and at what stands before it']
  const cases: [what: string, handle: (asked: Asked) => void, code: number, message: string, hints?: string[]][] = [
    [
      '401',
      (asked) => asked.status(401, {message: 'Unauthorized'}),
      77,
      'SERVER does not accept the token of user "u" (401)',
      ['cure  log in again, or write fresh credentials into the kubeconfig'],
    ],
    [
      '403 of an admission webhook',
      (asked) => asked.status(403, {message: 'admission webhook "x" denied the request: no'}),
      77,
      'admission webhook "x" denied the request: no',
    ],
    ['403 of a proxy', text(403, 'text/html', '<html>'), 77, 'SERVER answers 403, and not as a Kubernetes API: is a proxy in between?'],
    ['400', (asked) => asked.status(400, {message: 'bad limit'}), 77, 'SERVER rejects the request (400): bad limit'],
    ['422', (asked) => asked.status(422, {message: 'spec.replicas: -1'}), 77, 'SERVER rejects the request (422): spec.replicas: -1'],
    ['500', (asked) => asked.status(500, {message: 'etcd is gone'}), 69, 'SERVER answers 500: etcd is gone', faultHint],
    ['502 of a load balancer', text(502, 'text/html', '<html>'), 69, 'SERVER answers 502', faultHint],
    ['504', (asked) => asked.status(504, {}), 69, 'SERVER answers 504', faultHint],
    [
      'a login page',
      text(200, 'text/html; charset=utf-8', '<html>'),
      69,
      'SERVER answers 200 with text/html, not as a Kubernetes API',
      proxyHint,
    ],
    [
      'no content type',
      (asked) => asked.response.end('x'),
      69,
      'SERVER answers 200 without a content type, not as a Kubernetes API',
      proxyHint,
    ],
    [
      'a redirection',
      (asked) => {
        asked.response.writeHead(302, {location: 'https://login.example'})
        asked.response.end()
      },
      69,
      'SERVER answers 302 without a content type, not as a Kubernetes API',
      proxyHint,
    ],
    [
      '404 of some other server',
      text(404, 'text/html', '<html>'),
      69,
      'SERVER answers 404 with text/html, not as a Kubernetes API',
      proxyHint,
    ],
    [
      'a message with escapes, of several lines, without end',
      (asked) => asked.status(500, {message: `\u001b[31mred\u001b[0m\u0007\nnext\u202e ${'x'.repeat(400)}`}),
      69,
      `SERVER answers 500: red next ${'x'.repeat(290)}…`,
      faultHint,
    ],
  ]
  test.each(cases)('%s', async (_, handle, code, message, hints = []) => {
    const refusal = await refusalOf(handle)
    expect(refusal.message).toBe(message)
    expect(refusal.code).toBe(code)
    expect(refusal.hints).toEqual(hints)
  })
})

describe('403', () => {
  const denied = (message: string) => (asked: Asked) => asked.status(403, {message, reason: 'Forbidden'})

  test('names verb, resource, namespace, user and the missing rule', async () => {
    const message =
      'deployments.apps is forbidden: User "ci-bot" cannot list resource "deployments" in API group "apps" in the namespace "sapoche"'
    const refusal = await refusalOf(denied(message), DEPLOYMENTS, 'status')
    expect(refusal.error).toBeInstanceOf(ForbiddenError)
    expect(refusal.code).toBe(77)
    expect(refusal.message).toBe('not allowed to list deployments in namespace sapoche (as user ci-bot)')
    expect(refusal.hints).toEqual([
      'needs  apiGroups: [apps], resources: [deployments], verbs: [list]',
      'next  sapoche rbac status | kubectl apply -f -      (ask whoever may)',
    ])
    expect((refusal.error as ForbiddenError).rule).toEqual({apiGroup: 'apps', resource: 'deployments', verb: 'list', namespace: 'sapoche'})
  })

  test('in another namespace the Role is asked for there', async () => {
    const message = 'pods is forbidden: User "ci-bot" cannot list resource "pods" in API group "" in the namespace "kafka"'
    const {hints} = await refusalOf(denied(message), PODS, 'consumer-lag')
    expect(hints[1]).toBe('next  sapoche rbac consumer-lag -n kafka | kubectl apply -f -      (ask whoever may)')
  })

  test('at the cluster scope, of the core group, without a command', async () => {
    const refusal = await refusalOf(
      denied('nodes is forbidden: User "ci-bot" cannot list resource "nodes" in API group "" at the cluster scope: RBAC: no such role'),
      NODES,
    )
    expect(refusal.message).toBe('not allowed to list nodes at the cluster scope (as user ci-bot)')
    expect(refusal.hints).toEqual(['needs  apiGroups: [""], resources: [nodes], verbs: [list]'])
    expect((refusal.error as ForbiddenError).rule).toEqual({apiGroup: '', resource: 'nodes', verb: 'list', namespace: null})
  })

  test.each([
    'users "bob" is forbidden: User "ci-bot" cannot impersonate resource "users" in API group "" at the cluster scope',
    'pods is forbidden: User "ci-bot" cannot impersonate-on:user-info:list resource "pods" in API group "" in the namespace "sapoche"',
  ])('for impersonation: %s', async (message) => {
    const refusal = await refusalOf(denied(message), PODS, 'status')
    expect(refusal.message).toBe('not allowed to impersonate others (as user ci-bot)')
    expect(refusal.hints).toEqual(['needs  apiGroups: [""], resources: [users], verbs: [impersonate]'])
  })
})

describe('404', () => {
  test('of a group is an absent API', async () => {
    const {error, code, message} = await refusalOf((asked) => {
      asked.response.writeHead(404, {'content-type': 'text/plain; charset=utf-8'})
      asked.response.end('404 page not found\n')
    }, SCALED_OBJECTS)
    expect(error).toBeInstanceOf(ApiAbsentError)
    expect(code).toBe(69)
    expect(message).toBe('API group keda.sh/v1alpha1 is absent')
  })

  test.each([
    [SCALED_OBJECTS, 'the API keda.sh/v1alpha1 has no scaledobjects'],
    [PODS, 'the API v1 has no pods'],
  ])('of a resource is an absent API', async (resource, expected) => {
    const missing = {message: 'the server could not find the requested resource', reason: 'NotFound', details: {}}
    const {error, message} = await refusalOf((asked) => asked.status(404, missing), resource)
    expect(error).toBeInstanceOf(ApiAbsentError)
    expect(message).toBe(expected)
  })

  test('of an object that is to be changed', async () => {
    const server = await serve(certificates, (asked) => asked.status(404, {message: 'pods "x" not found', details: {name: 'x'}}))
    const error = await failure((await connectTo(server, certificates)).patch(PODS, 'x', {}, nameOf, {type: 'merge'}))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error.message).toBe('pods "x" not found')
  })
})

describe('connections', () => {
  test('refused', async () => {
    const {port, close} = await listenTcp(() => {})
    await close()
    const error = await failure((await connect({kubeconfig: writeKubeconfig({server: `https://127.0.0.1:${port}`})})).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`can't reach https://127.0.0.1:${port}: connection refused`)
  })

  test('reset', async () => {
    const {port} = await listenTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const error = await failure((await connect({kubeconfig: writeKubeconfig({server: `https://127.0.0.1:${port}`})})).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`can't reach https://127.0.0.1:${port}: connection reset`)
  })

  // Those that no server on loopback brings about.
  test.each([
    ['ENOTFOUND', 69, "can't reach SERVER: no such host"],
    ['EAI_AGAIN', 69, "can't reach SERVER: name resolution failed"],
    ['EHOSTUNREACH', 69, "can't reach SERVER: no route to host"],
    ['ENETUNREACH', 69, "can't reach SERVER: network unreachable"],
    ['ETIMEDOUT', 75, "can't reach SERVER: no answer"],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 69, 'no safe connection to SERVER: TLS fails (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)'],
    ['CERT_NOT_YET_VALID', 69, 'no safe connection to SERVER: its certificate is not valid yet'],
    ['UNHEARD_OF', 69, "can't reach SERVER: connection lost"],
  ])('%s', (code, exitCode, message) => {
    const error = fromNetwork(Object.assign(new Error('raw'), {code}), 'SERVER')
    expect(error.exitCode).toBe(exitCode)
    expect(error.message).toBe(message)
    expect(error.hints).toHaveLength(1)
  })

  test('to a server that says nothing', async () => {
    const {port} = await listenTcp(() => {})
    const kubeconfig = writeKubeconfig({server: `https://127.0.0.1:${port}`})
    const error = await failure((await connect({kubeconfig, requestTimeoutMs: 60})).list(PODS, nameOf))
    expect(error.exitCode).toBe(75)
  })

  test('with a password in the URL, which no message shows', async () => {
    const {port, close} = await listenTcp(() => {})
    await close()
    const kubeconfig = writeKubeconfig({server: `https://ann:hush@127.0.0.1:${port}`})
    expect((await failure((await connect({kubeconfig})).list(PODS, nameOf))).message).not.toContain('hush')
  })
})

describe('TLS', () => {
  const CA = 'set certificate-authority (or certificate-authority-data) of the cluster in the kubeconfig to the CA that signed it'
  const NAME = 'use one of its names as server, or set tls-server-name of the cluster in the kubeconfig'

  test.each([
    ['an unknown authority', 'server', {'certificate-authority-data': undefined}, 'its certificate is signed by an unknown authority', CA],
    ['an expired certificate', 'expired', {}, 'its certificate has expired', 'renew it on the server'],
    ['another name', 'other', {}, 'its certificate is for another name (DNS:cluster.example)', NAME],
    [
      'another name than tls-server-name',
      'server',
      {'tls-server-name': 'cluster.example'},
      'its certificate is for another name (DNS:localhost, IP Address:127.0.0.1)',
      NAME,
    ],
  ] as const)('%s', async (_, pair, cluster, cause, cure) => {
    const server = await serve(certificates, (asked) => asked.json({}), {pair: certificates[pair]})
    const error = await failure((await connectTo(server, certificates, {cluster})).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`no safe connection to ${server.url}: ${cause}`)
    expect(error.hints).toEqual([{label: 'cure', text: cure}])
    expect(server.asked).toHaveLength(0)
  })

  test('a server that does not speak it', async () => {
    const server = await serve(certificates, (asked) => asked.json({}), {protocol: 'plain'})
    const url = server.url.replace('http:', 'https:')
    const error = await failure((await connectTo(server, certificates, {cluster: {server: url}})).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`no safe connection to ${url}: it does not speak TLS`)
  })

  test('certificates of the kubeconfig that are none are a matter of configuration', async () => {
    const server = await serve(certificates, (asked) => asked.json({}))
    const user = {'client-certificate-data': base64('nonsense'), 'client-key-data': base64('nonsense')}
    const error = await failure((await connectTo(server, certificates, {user})).list(PODS, nameOf))
    expect(error.exitCode).toBe(78)
    expect(error.message).toMatch(/^the certificates of the kubeconfig can't be used: /)
  })
})
