import {createServer as createHttpServer} from 'node:http'
import {createServer as createHttpsServer} from 'node:https'
import {connect as connectTcp, type Server, type Socket} from 'node:net'
import {gzipSync} from 'node:zlib'
import {beforeAll, describe, expect, test} from 'vitest'
import {
  base64,
  connect,
  failure,
  listen,
  listenTcp,
  listOf,
  makeCertificates,
  nameOf,
  PODS,
  serve,
  writeKubeconfig,
  type Certificates,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

/** An HTTP proxy on which each host leads to `port` on loopback; it notes whom it connects. */
async function httpProxy(
  port: number,
  isOpen: (authorization: string | undefined) => boolean = () => true,
  server: Server = createHttpServer(),
) {
  const connected: string[] = []
  server.on('connect', (request: {url: string; headers: Record<string, string | undefined>}, socket: Socket) => {
    socket.on('error', () => {})
    if (!isOpen(request.headers['proxy-authorization'])) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    connected.push(request.url)
    const upstream = connectTcp(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      socket.pipe(upstream).pipe(socket)
    })
    upstream.on('error', () => socket.destroy())
  })
  return {connected, ...(await listen(server))}
}

/** A SOCKS 5 proxy without passwords, on which each host leads to `port` on loopback. */
async function socksProxy(port: number) {
  const connected: string[] = []
  const server = await listenTcp((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.of(5, 0))
      socket.once('data', (request) => {
        connected.push(request[3] === 3 ? request.subarray(5, -2).toString() : [...request.subarray(4, 8)].join('.'))
        const upstream = connectTcp(port, '127.0.0.1', () => {
          socket.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0))
          socket.pipe(upstream).pipe(socket)
        })
        upstream.on('error', () => socket.destroy())
      })
    })
  })
  return {connected, ...server}
}

/** A cluster that exists only beyond a proxy. */
const cluster = (more: object = {}) => ({
  server: 'https://cluster.example:6443',
  'certificate-authority-data': base64(certificates.ca),
  ...more,
})

describe.each(['h2', 'http/1.1'] as const)('a server that speaks %s', (protocol) => {
  const api = () =>
    serve(certificates, (asked) => asked.json(listOf(['a'])), {
      protocol,
      pair: certificates.other,
    })

  test('is reached through the proxy-url of the kubeconfig', async () => {
    const server = await api()
    const proxy = await httpProxy(server.port)
    const client = await connect({kubeconfig: writeKubeconfig(cluster({'proxy-url': `http://127.0.0.1:${proxy.port}`}))})
    await client.list(PODS, nameOf)
    expect(proxy.connected).toEqual(['cluster.example:6443'])
    expect(server.asked[0]?.headers.authorization).toBe('Bearer secret-token')
  })

  test('is reached through HTTPS_PROXY, with its password, unless NO_PROXY excludes it', async () => {
    const server = await api()
    const proxy = await httpProxy(server.port, (authorization) => authorization === `Basic ${base64('ann:p@w')}`)
    const env = {HTTPS_PROXY: `http://ann:p%40w@127.0.0.1:${proxy.port}`}
    const kubeconfig = writeKubeconfig(cluster())
    await (await connect({kubeconfig, env})).list(PODS, nameOf)
    expect(proxy.connected).toEqual(['cluster.example:6443'])
    const direct = writeKubeconfig(cluster({server: server.url, 'tls-server-name': 'cluster.example'}))
    await (await connect({kubeconfig: direct, env})).list(PODS, nameOf)
    expect(proxy.connected).toHaveLength(1)
  })
})

test('an https proxy is spoken to over TLS', async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {pair: certificates.other})
  const proxy = await httpProxy(server.port, undefined, createHttpsServer(certificates.server))
  const kubeconfig = writeKubeconfig(cluster({'proxy-url': `https://127.0.0.1:${proxy.port}`}))
  // Its certificate is not one that the system trusts, so what shows is that TLS was begun.
  const error = await failure((await connect({kubeconfig})).list(PODS, nameOf))
  expect(error.exitCode).toBe(69)
  expect(error.message).toBe(
    `no safe connection to proxy https://127.0.0.1:${proxy.port}: its certificate is signed by an unknown authority`,
  )
})

test('a SOCKS proxy resolves the name itself where its URL says so', async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {pair: certificates.other})
  const proxy = await socksProxy(server.port)
  const client = await connect({kubeconfig: writeKubeconfig(cluster({'proxy-url': `socks5h://127.0.0.1:${proxy.port}`}))})
  expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  expect(proxy.connected).toEqual(['cluster.example'])
})

test('an http server is reached through its proxy, and gets no credentials', async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {protocol: 'plain'})
  const proxy = await httpProxy(server.port)
  const env = {HTTP_PROXY: `127.0.0.1:${proxy.port}`}
  const client = await connect({kubeconfig: writeKubeconfig({server: 'http://cluster.example:8001'}), env})
  expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  expect(proxy.connected).toEqual(['cluster.example:8001'])
  expect(server.asked[0]?.headers.authorization).toBeUndefined()
})

describe('a proxy that fails', () => {
  test('with 407 is a refusal (77), without its password', async () => {
    const proxy = await httpProxy(1, () => false)
    const kubeconfig = writeKubeconfig(cluster({'proxy-url': `http://ann:hush@127.0.0.1:${proxy.port}`}))
    const error = await failure((await connect({kubeconfig})).list(PODS, nameOf))
    expect(error.exitCode).toBe(77)
    expect(error.message).toBe(
      `proxy http://127.0.0.1:${proxy.port} refuses a connection to cluster.example:6443 (407 Proxy Authentication Required)`,
    )
    expect(error.hints).toEqual([{label: 'cure', text: "put user and password into the proxy's URL"}])
  })

  test('by being away is 69 and names it', async () => {
    const proxy = await httpProxy(1)
    await proxy.close()
    const error = await failure(
      (await connect({kubeconfig: writeKubeconfig(cluster({'proxy-url': `http://127.0.0.1:${proxy.port}`}))})).list(PODS, nameOf),
    )
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`can't reach proxy http://127.0.0.1:${proxy.port}: connection refused`)
  })

  test('by silence is a time-out (75), and its connection is let go', async () => {
    const proxy = await listenTcp((socket) => socket.resume())
    const kubeconfig = writeKubeconfig(cluster({'proxy-url': `http://127.0.0.1:${proxy.port}`}))
    const error = await failure((await connect({kubeconfig, requestTimeoutMs: 60})).list(PODS, nameOf))
    expect(error.exitCode).toBe(75)
    while (proxy.open().length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  })
})

describe('packing', () => {
  test.each([
    [{}, 'gzip'],
    [{'disable-compression': true}, undefined],
  ])('is asked of a server that is not on loopback (%o)', async (more, expected) => {
    const server = await serve(
      certificates,
      ({response, headers}) => {
        const body = JSON.stringify(listOf(['a']))
        const isPacked = headers['accept-encoding'] === 'gzip'
        response.writeHead(200, {'content-type': 'application/json', ...(isPacked ? {'content-encoding': 'gzip'} : {})})
        response.end(isPacked ? gzipSync(body) : body)
      },
      {pair: certificates.other},
    )
    const proxy = await httpProxy(server.port)
    const client = await connect({kubeconfig: writeKubeconfig(cluster({'proxy-url': `http://127.0.0.1:${proxy.port}`, ...more}))})
    expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
    expect(server.asked[0]?.headers['accept-encoding']).toBe(expected)
  })
})
