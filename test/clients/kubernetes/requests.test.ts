import {setTimeout as wait} from 'node:timers/promises'
import {gzipSync} from 'node:zlib'
import {beforeAll, describe, expect, test} from 'vitest'
import {ConflictError} from '../../../src/lib/clients/kubernetes/index.ts'
import {DisruptionBudgetError} from '../../../src/lib/clients/kubernetes/errors.ts'
import {InterruptedError, UsageError} from '../../../src/lib/errors/index.ts'
import {
  connectTo,
  DEPLOYMENTS,
  failure,
  listOf,
  makeCertificates,
  nameOf,
  NODES,
  NOW,
  PODS,
  serve,
  type Asked,
  type Certificates,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

/** Refuses with a Status the first `times` requests, then answers a list. */
function refusing(times: number, refuse: (asked: Asked) => void): (asked: Asked) => void {
  let left = times
  return (asked) => (left-- > 0 ? refuse(asked) : asked.json(listOf(['a'])))
}

describe.each(['h2', 'http/1.1', 'plain'] as const)('over %s', (protocol) => {
  test('lists of the namespace and the cluster go side by side', async () => {
    const waiting: Asked[] = []
    const server = await serve(
      certificates,
      (asked) => {
        waiting.push(asked)
        // None is answered before all are here.
        if (waiting.length === 5) waiting.forEach((one) => one.json(listOf([one.path])))
      },
      {protocol},
    )
    const client = await connectTo(server, certificates)
    const lists = await Promise.all([DEPLOYMENTS, PODS, NODES, PODS, PODS].map((resource) => client.list(resource, nameOf)))
    expect(lists.map(({items}) => items)).toEqual([
      ['/apis/apps/v1/namespaces/sapoche/deployments'],
      ['/api/v1/namespaces/sapoche/pods'],
      ['/api/v1/nodes'],
      ['/api/v1/namespaces/sapoche/pods'],
      ['/api/v1/namespaces/sapoche/pods'],
    ])
    expect(server.connections).toHaveLength(protocol === 'h2' ? 1 : 5)
  })

  test('metadata alone, where nothing else is wanted', async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {protocol})
    const client = await connectTo(server, certificates)
    await client.list(PODS, nameOf, {metadataOnly: true})
    await client.list(PODS, nameOf)
    expect(server.asked.map(({headers}) => headers.accept)).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
      'application/json',
    ])
    expect(server.asked.map(({query}) => [...query.keys()])).toEqual([['limit'], ['limit']])
  })

  test('one request after another uses the same connection', async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {protocol})
    const client = await connectTo(server, certificates)
    for (let i = 0; i < 4; i++) await client.list(PODS, nameOf)
    expect(server.connections).toHaveLength(1)
  })

  test('a connection that broke while idle is replaced', async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {protocol})
    const client = await connectTo(server, certificates)
    await client.list(PODS, nameOf)
    server.drop()
    expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
    expect(server.connections).toHaveLength(2)
  })

  test('a read whose connection breaks before the answer, or within it, is tried once more', async () => {
    const breakings: ((asked: Asked) => void)[] = [
      ({breakOff}) => breakOff(),
      ({response, breakOff}) => {
        response.writeHead(200, {'content-type': 'application/json'})
        response.write('{"items":')
        setTimeout(breakOff, 20)
      },
    ]
    for (const breaking of breakings) {
      const once = await serve(certificates, refusing(1, breaking), {protocol})
      const client = await connectTo(once, certificates)
      expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
      const always = await serve(certificates, breaking, {protocol})
      const error = await failure((await connectTo(always, certificates)).list(PODS, nameOf))
      expect(error.exitCode).toBe(69)
      expect(error.message).toContain(always.url)
      expect(always.asked).toHaveLength(2)
    }
  })

  test('a change whose connection breaks is not sent again', async () => {
    const server = await serve(certificates, ({breakOff}) => breakOff(), {protocol})
    const client = await connectTo(server, certificates)
    const error = await failure(client.patch(DEPLOYMENTS, 'a', {}, nameOf, {type: 'merge'}))
    expect(error.exitCode).toBe(69)
    expect(server.asked).toHaveLength(1)
  })

  test('an abort ends what is under way, with its own reason where it has one', async () => {
    const server = await serve(certificates, () => {}, {protocol})
    const client = await connectTo(server, certificates)
    const [plain, own] = [new AbortController(), new AbortController()]
    const lists = [plain, own].map(({signal}) => failure(client.list(PODS, nameOf, {signal})))
    while (server.asked.length < 2) await wait(5)
    plain.abort()
    own.abort(new UsageError('stop'))
    const [first, second] = await Promise.all(lists)
    expect(first).toBeInstanceOf(InterruptedError)
    expect(second?.message).toBe('stop')
    expect(await failure(client.list(PODS, nameOf, {signal: plain.signal}))).toBeInstanceOf(InterruptedError)
    expect(server.asked).toHaveLength(2)
  })

  test('close ends what is under way', async () => {
    const server = await serve(certificates, () => {}, {protocol})
    const client = await connectTo(server, certificates)
    const list = failure(client.list(PODS, nameOf))
    while (server.asked.length < 1) await wait(5)
    client.close()
    expect((await list).exitCode).toBeGreaterThan(0)
    expect(await failure(client.list(PODS, nameOf))).toBeInstanceOf(InterruptedError)
  })
})

test('a list comes in pages of 500, each decoded as it comes', async () => {
  const pages = [
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
  ]
  const decodedAt: string[] = []
  const server = await serve(certificates, (asked) => {
    const page = Number(asked.query.get('continue') ?? '0')
    decodedAt.push(`page ${page}`)
    asked.json(listOf(pages[page] ?? [], {resourceVersion: '9', ...(page < 2 ? {continue: String(page + 1)} : {})}))
  })
  const client = await connectTo(server, certificates)
  const decode = (object: {readonly [key: string]: unknown}) => {
    decodedAt.push(nameOf(object))
    return nameOf(object)
  }
  const listed = await client.list(PODS, decode, {labelSelector: 'app=x', fieldSelector: 'spec.nodeName=n'})
  expect(listed).toEqual({items: ['a', 'b', 'c', 'd', 'e', 'f'], resourceVersion: '9'})
  expect(decodedAt).toEqual(['page 0', 'a', 'b', 'page 1', 'c', 'd', 'page 2', 'e', 'f'])
  for (const {query, headers} of server.asked) {
    expect(query.get('limit')).toBe('500')
    expect(query.get('labelSelector')).toBe('app=x')
    expect(query.get('fieldSelector')).toBe('spec.nodeName=n')
    expect(headers.accept).toBe('application/json')
  }
})

test('an expired continue token starts the list over, once', async () => {
  let expiries = 0
  const server = await serve(certificates, (asked) => {
    if (asked.query.has('continue') && expiries-- > 0) asked.status(410, {reason: 'Expired', message: 'too old'})
    else asked.json(listOf(asked.query.has('continue') ? ['b'] : ['a'], asked.query.has('continue') ? {} : {continue: 'next'}))
  })
  const client = await connectTo(server, certificates)
  expiries = 1
  expect((await client.list(PODS, nameOf)).items).toEqual(['a', 'b'])
  expect(server.asked).toHaveLength(4)
  expiries = 2
  expect((await failure(client.list(PODS, nameOf))).exitCode).toBe(69)
})

test('get gives the object, and null where there is none', async () => {
  const server = await serve(certificates, (asked) =>
    asked.path.endsWith('/a%2F..%2Fb')
      ? asked.json({metadata: {name: 'a'}})
      : asked.status(404, {reason: 'NotFound', message: 'pods "x" not found', details: {name: 'x', kind: 'pods'}}),
  )
  const client = await connectTo(server, certificates)
  expect(await client.get(PODS, 'a/../b', nameOf)).toBe('a')
  expect(await client.get(PODS, 'x', nameOf)).toBeNull()
})

test('a server below a path is asked there', async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf([asked.path])))
  const client = await connectTo(server, certificates, {cluster: {server: `${server.url}/k8s/clusters/c-1/`}})
  expect((await client.list(NODES, nameOf)).items).toEqual(['/k8s/clusters/c-1/api/v1/nodes'])
  expect(client.server).toBe(`${server.url}/k8s/clusters/c-1`)
})

describe('an answer that is no list', () => {
  test.each([
    ['an empty object', {}],
    ['an object of something else', {hello: 'world'}],
    ['a Status that stands in a 200', {kind: 'Status', status: 'Failure', code: 403}],
    ['items that are a word', {items: 'none'}],
    ['items that are an object', {items: {}}],
    ['an item that is null', {items: [null]}],
    ['an item that is a list', {items: [[]]}],
    ['an item that is a number', {items: [{metadata: {name: 'a'}}, 1]}],
    ['a page that points at itself', {items: [], metadata: {continue: 'again'}}],
  ])('%s is a fault (69), never an empty namespace', async (_, body) => {
    const server = await serve(certificates, (asked) => asked.json(body))
    const error = await failure((await connectTo(server, certificates)).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`${server.url} answers 200, and with no list of the Kubernetes API`)
  })

  test("Go's nil is an empty one", async () => {
    const server = await serve(certificates, (asked) => asked.json({items: null, metadata: {resourceVersion: '1'}}))
    expect((await (await connectTo(server, certificates)).list(PODS, nameOf)).items).toEqual([])
  })
})

describe('a busy server', () => {
  test.each([
    [429, {}],
    [429, {'retry-after': '0'}],
    [503, {'retry-after': '0'}],
  ])('%i with %o is asked again', async (code, headers) => {
    const server = await serve(
      certificates,
      refusing(1, (asked) => asked.status(code, {}, headers)),
    )
    const client = await connectTo(server, certificates)
    expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
    expect(server.asked).toHaveLength(2)
  })

  test('that stays busy is a time-out (75) that says so', async () => {
    const server = await serve(certificates, (asked) => asked.status(429, {}, {'retry-after': '30'}))
    const client = await connectTo(server, certificates, {requestTimeoutMs: 50})
    const error = await failure(client.list(PODS, nameOf))
    expect(error.exitCode).toBe(75)
    expect(error.message).toBe(`${server.url} was too busy to answer in time (429)`)
  })

  test('that asks for more time than a timer takes is not asked again at once', async () => {
    let isBusy = false
    const server = await serve(certificates, (asked) =>
      isBusy ? asked.status(429, {}, {'retry-after': '99999999'}) : asked.json(listOf(['a'])),
    )
    const client = await connectTo(server, certificates, {requestTimeoutMs: 500})
    await client.list(PODS, nameOf)
    isBusy = true
    expect((await failure(client.list(PODS, nameOf))).exitCode).toBe(75)
    expect(server.asked).toHaveLength(2)
  })

  test('an eviction that a budget forbids is a refusal, and is not asked again', async () => {
    const causes = [{reason: 'DisruptionBudget', message: 'The disruption budget web needs 1 healthy pods and has 1 currently'}]
    const message = "Cannot evict pod as it would violate the pod's disruption budget."
    const server = await serve(certificates, (asked) => asked.status(429, {message, details: {name: 'web-1', causes}}))
    const client = await connectTo(server, certificates)
    const error = await failure(client.post(PODS, {}, nameOf, {name: 'web-1', subresource: 'eviction'}))
    expect(error).toBeInstanceOf(DisruptionBudgetError)
    expect(error.exitCode).toBe(77)
    expect(error.message).toBe(`${message} ${causes[0]?.message}`)
    expect(server.asked).toHaveLength(1)
  })

  test('an interrupted wait is an interruption', async () => {
    const server = await serve(certificates, (asked) => asked.status(429, {}, {'retry-after': '30'}))
    const client = await connectTo(server, certificates)
    const controller = new AbortController()
    const list = failure(client.list(PODS, nameOf, {signal: controller.signal}))
    while (server.asked.length < 1) await wait(5)
    await wait(20)
    controller.abort()
    expect(await list).toBeInstanceOf(InterruptedError)
  })

  test('503 without a time is an answer (69), at once', async () => {
    const server = await serve(certificates, (asked) => asked.status(503, {message: 'the server is currently unable'}))
    const error = await failure((await connectTo(server, certificates)).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(server.asked).toHaveLength(1)
  })
})

describe('the time limit', () => {
  test('covers a request whose answer does not come, or does not end', async () => {
    const silent = await serve(certificates, () => {})
    const stuck = await serve(certificates, ({response}) => {
      response.writeHead(200, {'content-type': 'application/json'})
      response.write('{')
    })
    for (const server of [silent, stuck]) {
      const error = await failure((await connectTo(server, certificates, {requestTimeoutMs: 60})).list(PODS, nameOf))
      expect(error.exitCode).toBe(75)
      expect(error.message).toBe(`no answer from ${server.url} within 0.06 s`)
      expect(error.hints).toEqual([{label: 'cure', text: '--request-timeout waits longer'}])
    }
  })

  test('0 is none', async () => {
    const server = await serve(certificates, (asked) => setTimeout(() => asked.json(listOf(['a'])), 30))
    expect((await (await connectTo(server, certificates, {requestTimeoutMs: 0})).list(PODS, nameOf)).items).toEqual(['a'])
  })
})

describe('writing', () => {
  const types = [
    ['merge', 'application/merge-patch+json'],
    ['strategic-merge', 'application/strategic-merge-patch+json'],
    ['apply', 'application/apply-patch+yaml'],
    ['json', 'application/json-patch+json'],
  ] as const
  test.each(types)('a %s patch', async (type, contentType) => {
    const server = await serve(certificates, (asked) => asked.json({metadata: {name: asked.body}}))
    const client = await connectTo(server, certificates)
    const body = type === 'json' ? [{op: 'remove', path: '/x'}] : {spec: {replicas: 2}}
    const answer = await client.patch(DEPLOYMENTS, 'a', body, nameOf, {type, subresource: 'scale', dryRun: true, fieldManager: 'me'})
    expect(JSON.parse(answer)).toEqual(body)
    const [asked] = server.asked
    expect(asked?.method).toBe('PATCH')
    expect(asked?.path).toBe('/apis/apps/v1/namespaces/sapoche/deployments/a/scale')
    expect(asked?.headers['content-type']).toBe(contentType)
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({dryRun: 'All', fieldManager: 'me'})
  })

  test('post and put', async () => {
    const server = await serve(certificates, (asked) => asked.json({metadata: {name: `${asked.method} ${asked.path}`}}))
    const client = await connectTo(server, certificates)
    expect(await client.post(PODS, {}, nameOf)).toBe('POST /api/v1/namespaces/sapoche/pods')
    expect(await client.post(PODS, {}, nameOf, {name: 'a', subresource: 'eviction'})).toBe(
      'POST /api/v1/namespaces/sapoche/pods/a/eviction',
    )
    expect(await client.put(PODS, 'a', {}, nameOf)).toBe('PUT /api/v1/namespaces/sapoche/pods/a')
    for (const {query, headers} of server.asked) {
      expect(Object.fromEntries(query)).toEqual({fieldManager: 'sapoche'})
      expect(headers['content-type']).toBe('application/json')
    }
  })

  test('a conflict is a ConflictError', async () => {
    const server = await serve(certificates, (asked) => asked.status(409, {reason: 'Conflict', message: 'the object has been modified'}))
    const error = await failure((await connectTo(server, certificates)).put(PODS, 'a', {}, nameOf))
    expect(error).toBeInstanceOf(ConflictError)
    expect(error.message).toBe('the object has been modified')
  })
})

test("the server's clock is known from its newest answer", async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf([]), 200, {date: new Date(NOW - 7000).toUTCString()}))
  let now = NOW
  const client = await connectTo(server, certificates, {now: () => now})
  expect(client.serverClock()).toBeNull()
  await client.list(PODS, nameOf)
  expect(client.serverClock()).toEqual({now: NOW - 7000, skew: 7000})
  now += 1000
  expect(client.serverClock()).toEqual({now: NOW - 6000, skew: 7000})
})

test('a packed answer is read', async () => {
  const server = await serve(certificates, ({response}) => {
    response.writeHead(200, {'content-type': 'application/json', 'content-encoding': 'gzip'})
    response.end(gzipSync(JSON.stringify(listOf(['packed']))))
  })
  expect((await (await connectTo(server, certificates)).list(PODS, nameOf)).items).toEqual(['packed'])
  expect(server.asked[0]?.headers['accept-encoding']).toBeUndefined()
})

test('a server that allows two requests at once gets a second connection for the third', async () => {
  const waiting: Asked[] = []
  const server = await serve(
    certificates,
    (asked) => {
      if (asked.path.endsWith('nodes')) return asked.json(listOf([]))
      waiting.push(asked)
      if (waiting.length === 3) waiting.forEach((one) => one.json(listOf(['a'])))
    },
    {settings: {maxConcurrentStreams: 2}},
  )
  const client = await connectTo(server, certificates)
  await client.list(NODES, nameOf)
  const lists = await Promise.all([1, 2, 3].map(() => client.list(PODS, nameOf)))
  expect(lists.map(({items}) => items)).toEqual([['a'], ['a'], ['a']])
  expect(server.connections).toHaveLength(2)
})

test('after a GOAWAY the next request opens a new connection, and those in flight are answered', async () => {
  const server = await serve(certificates, (asked) => {
    const session = (asked.request as unknown as {stream: {session: {goaway(): void}}}).stream.session
    session.goaway()
    setTimeout(() => asked.json(listOf(['a'])), 30)
  })
  const client = await connectTo(server, certificates)
  expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  expect(server.connections).toHaveLength(2)
})
