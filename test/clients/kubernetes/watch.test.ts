import {setTimeout as wait} from 'node:timers/promises'
import {beforeAll, describe, expect, test} from 'vitest'
import type {WatchEvent} from '../../../src/lib/clients/kubernetes/index.ts'
import {backOff} from '../../../src/lib/clients/kubernetes/watch.ts'
import {
  connectTo,
  failure,
  listOf,
  makeCertificates,
  nameOf,
  NOW,
  PODS,
  serve,
  type Asked,
  type Certificates,
  type TestServer,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

const line = (type: string, name: string, resourceVersion: string) =>
  `${JSON.stringify({type, object: {metadata: {name, resourceVersion}}})}\n`

/** A server whose lists answer `lists` in turn (the last for ever), and whose watches are handed out to be written to. */
class WatchServer {
  readonly watches: Asked[] = []
  readonly lists: Asked[] = []
  #wanted: (() => void)[] = []
  #server: TestServer | null = null

  async start(
    listed: (asked: Asked) => void = (asked) => asked.json(listOf(['a', 'b'], {resourceVersion: '10'})),
    watched: (asked: Asked) => void = ({response}) => {
      response.writeHead(200, {'content-type': 'application/json'})
      response.flushHeaders()
    },
    options: Parameters<typeof serve>[2] = {},
  ): Promise<TestServer> {
    this.#server = await serve(
      certificates,
      (asked) => {
        const isWatch = asked.query.has('watch')
        ;(isWatch ? this.watches : this.lists).push(asked)
        ;(isWatch ? watched : listed)(asked)
        this.#wanted.forEach((wake) => wake())
        this.#wanted = []
      },
      options,
    )
    return this.#server
  }

  /** The n-th watch, from 0, once it is here. */
  async watch(n: number): Promise<Asked> {
    for (;;) {
      const found = this.watches[n]
      if (found !== undefined) return found
      await new Promise<void>((resolve) => this.#wanted.push(resolve))
    }
  }
}

/** The n-th watch, open on both sides: the client has had an event of it. */
async function established(api: WatchServer, n: number, next: () => Promise<string>): Promise<void> {
  const pending = next()
  ;(await api.watch(n)).response.write(line('MODIFIED', 'seen', '11'))
  expect(await pending).toBe('modified seen')
}

/** Short for assertions: `listed a,b`, `added c`, `blind`. */
function shown(event: WatchEvent<string>): string {
  if (event.type === 'listed') return `listed ${event.items.join(',')}`
  return 'object' in event ? `${event.type} ${event.object}` : event.type
}

async function following(server: TestServer, options: {signal?: AbortSignal; now?: () => number} = {}) {
  const {signal, ...rest} = options
  const client = await connectTo(server, certificates, rest)
  const events = client.watch(PODS, nameOf, {labelSelector: 'app=x', ...(signal === undefined ? {} : {signal})})[Symbol.asyncIterator]()
  const next = async () => {
    const {value, done} = (await events.next()) as IteratorResult<WatchEvent<string>, undefined>
    return done === true ? 'end' : shown(value)
  }
  return {client, events, next}
}

describe.each(['h2', 'http/1.1'] as const)('a watch over %s', (protocol) => {
  test('lists, then follows from there', async () => {
    const api = new WatchServer()
    const {next} = await following(await api.start(undefined, undefined, {protocol}))
    expect(await next()).toBe('listed a,b')
    const following3 = Promise.all([next(), next(), next()])
    const {response, query} = await api.watch(0)
    expect(Object.fromEntries(query)).toEqual({
      labelSelector: 'app=x',
      watch: 'true',
      allowWatchBookmarks: 'true',
      timeoutSeconds: '290',
      resourceVersion: '10',
    })
    // Lines come in pieces, and several at once; a character may be cut in two.
    const text = Buffer.from(
      line('ADDED', 'é', '11') + line('MODIFIED', 'a', '12') + line('BOOKMARK', '', '13') + line('DELETED', 'b', '14'),
    )
    const cut = text.indexOf('é') + 1
    response.write(text.subarray(0, cut))
    await wait(20)
    response.write(text.subarray(cut))
    expect(await following3).toEqual(['added é', 'modified a', 'deleted b'])
  })

  test('survives a broken connection: blind, then resumed without a gap', async () => {
    const api = new WatchServer()
    const server = await api.start(undefined, undefined, {protocol})
    const {next} = await following(server)
    await next()
    const added = next()
    ;(await api.watch(0)).response.write(line('ADDED', 'c', '11') + line('BOOKMARK', '', '15'))
    expect(await added).toBe('added c')
    const pending = next()
    server.drop()
    expect(await pending).toBe('blind')
    expect(await next()).toBe('resumed')
    const second = await api.watch(1)
    expect(second.query.get('resourceVersion')).toBe('15')
    second.response.write(line('ADDED', 'd', '16'))
    expect(await next()).toBe('added d')
    expect(api.lists).toHaveLength(1)
  })

  test('says once that it is blind while the server is away, and goes on when it is back', async () => {
    const api = new WatchServer()
    const server = await api.start(undefined, undefined, {protocol})
    const {next} = await following(server)
    await next()
    const blind = next()
    await api.watch(0)
    await server.close()
    expect(await blind).toBe('blind')
    const back = next()
    await wait(300)
    const again = new WatchServer()
    await again.start(undefined, undefined, {protocol, port: server.port})
    expect(await back).toBe('resumed')
    expect((await again.watch(0)).query.get('resourceVersion')).toBe('10')
  })

  test('an abort ends it at once, also between two tries', async () => {
    const api = new WatchServer()
    const server = await api.start(undefined, undefined, {protocol})
    const waiting = new AbortController()
    const quiet = await following(server, {signal: waiting.signal})
    await quiet.next()
    const end = quiet.next()
    const {response} = await api.watch(0)
    const closed = new Promise((resolve) => response.once('close', resolve))
    waiting.abort()
    expect(await end).toBe('end')
    await closed

    const trying = new AbortController()
    const blind = await following(server, {signal: trying.signal})
    await blind.next()
    const pending = blind.next()
    await api.watch(1)
    await server.close()
    expect(await pending).toBe('blind')
    const last = blind.next()
    await wait(20)
    trying.abort()
    expect(await last).toBe('end')
  })
})

test('a reader that leaves ends the request', async () => {
  const api = new WatchServer()
  const {events, next} = await following(await api.start())
  await next()
  const pending = next()
  const {response} = await api.watch(0)
  const closed = new Promise((resolve) => response.once('close', resolve))
  response.write(line('ADDED', 'c', '11'))
  await pending
  await events.return?.()
  await closed
})

test('an orderly end is resumed quietly', async () => {
  const api = new WatchServer()
  let now = NOW
  const {next} = await following(await api.start(), {now: () => now})
  await next()
  let pending = next()
  const first = await api.watch(0)
  first.response.write(line('BOOKMARK', '', '20'))
  await wait(20)
  now += 290_000
  first.response.end()
  const second = await api.watch(1)
  expect(second.query.get('resourceVersion')).toBe('20')
  second.response.write(line('ADDED', 'c', '21'))
  expect(await pending).toBe('added c')
  // One that ends at once, without a word, is asked for again after a pause, quietly too.
  pending = next()
  second.response.end()
  ;(await api.watch(2)).response.end()
  ;(await api.watch(3)).response.write(line('ADDED', 'd', '22'))
  expect(await pending).toBe('added d')
  expect(api.lists).toHaveLength(1)
})

describe('an expired version', () => {
  const error = `${JSON.stringify({type: 'ERROR', object: {kind: 'Status', code: 410, reason: 'Expired'}})}\n`

  test('told by an event starts over with a list', async () => {
    const api = new WatchServer()
    const {next} = await following(await api.start())
    expect(await next()).toBe('listed a,b')
    const pending = next()
    ;(await api.watch(0)).response.write(error)
    expect(await pending).toBe('listed a,b')
    const again = next()
    ;(await api.watch(1)).response.write(line('ADDED', 'c', '11'))
    expect(await again).toBe('added c')
    expect(api.lists).toHaveLength(2)
  })

  test('told by the answer, also after the connection was lost', async () => {
    const api = new WatchServer()
    let isExpired = false
    const server = await api.start(undefined, (asked) => {
      if (isExpired) return asked.status(410, {reason: 'Expired', message: 'too old resource version'})
      asked.response.writeHead(200, {'content-type': 'application/json'})
      asked.response.flushHeaders()
    })
    const {next} = await following(server)
    await next()
    await established(api, 0, next)
    isExpired = true
    let pending = next()
    server.drop()
    expect(await pending).toBe('blind')
    pending = next()
    await api.watch(1)
    isExpired = false
    // No `resumed` here: the list replaces what was known.
    expect(await pending).toBe('listed a,b')
    pending = next()
    ;(await api.watch(2)).response.write(line('ADDED', 'c', '11'))
    expect(await pending).toBe('added c')
  })
})

test('a slow reader loses nothing', async () => {
  const api = new WatchServer()
  const {next} = await following(await api.start())
  await next()
  const first = next()
  const {response} = await api.watch(0)
  const count = 20_000
  const filler = 'x'.repeat(200)
  for (let i = 0; i < count; i++) response.write(line('ADDED', `${filler}${i}`, String(11 + i)))
  expect(await first).toBe(`added ${filler}0`)
  await wait(100)
  for (let i = 1; i < count; i++) expect(await next()).toBe(`added ${filler}${i}`)
})

describe('fails', () => {
  test.each([
    ['403', (asked: Asked) => asked.status(403, {message: 'no'}), 77],
    ['500', (asked: Asked) => asked.status(500, {message: 'no'}), 69],
  ])('where the first list does: %s', async (_, refuse, exitCode) => {
    const api = new WatchServer()
    const {next} = await following(await api.start(refuse))
    expect((await failure(next())).exitCode).toBe(exitCode)
  })

  test('where watching is not allowed', async () => {
    const api = new WatchServer()
    const {next} = await following(await api.start(undefined, (asked) => asked.status(403, {message: 'no watch'})))
    expect(await next()).toBe('listed a,b')
    expect((await failure(next())).exitCode).toBe(77)
  })

  test.each([401, 403])('where the credentials are refused later: %i', async (code) => {
    const api = new WatchServer()
    let isRefused = false
    const server = await api.start(undefined, (asked) => {
      if (isRefused) return asked.status(code, {message: 'no longer'})
      asked.response.writeHead(200, {'content-type': 'application/json'})
      asked.response.flushHeaders()
    })
    const {next} = await following(server)
    await next()
    await established(api, 0, next)
    isRefused = true
    const pending = next()
    server.drop()
    expect(await pending).toBe('blind')
    expect((await failure(next())).exitCode).toBe(77)
  })

  test('not for anything else: it goes on trying', async () => {
    const api = new WatchServer()
    let trouble = 0
    const server = await api.start(undefined, (asked) => {
      if (trouble-- > 0) return asked.status(500, {message: 'etcd is gone'})
      asked.response.writeHead(200, {'content-type': 'application/json'})
      asked.response.flushHeaders()
    })
    trouble = 2
    const {next} = await following(server)
    expect(await next()).toBe('listed a,b')
    expect(await next()).toBe('blind')
    expect(await next()).toBe('resumed')
    expect(api.watches).toHaveLength(3)
  })

  test('with what decoding throws: that is a fault of ours', async () => {
    const api = new WatchServer()
    const client = await connectTo(await api.start(), certificates)
    const decode = () => {
      throw new TypeError('a bug')
    }
    const events = client.watch(PODS, decode)[Symbol.asyncIterator]()
    await expect(events.next()).rejects.toThrow(TypeError)
  })
})

test.each([
  [0, 0, 125],
  [0, 1, 250],
  [1, 1, 500],
  [3, 0.5, 1500],
  [5, 1, 8000],
  [6, 1, 10_000],
  [60, 1, 10_000],
  [2000, 0, 5000],
])('after %i failures and with chance %d it waits %d ms', (failures, chance, expected) => {
  expect(backOff(failures, () => chance)).toBe(expected)
})
