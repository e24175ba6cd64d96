import {spawn} from 'node:child_process'
import {connect as connectTcp, type Socket} from 'node:net'
import {fileURLToPath} from 'node:url'
import {setTimeout as wait} from 'node:timers/promises'
import {queryObjects} from 'node:v8'
import {beforeAll, describe, expect, onTestFinished, test} from 'vitest'
import {Connections} from '../../../src/lib/clients/kubernetes/connections.ts'
import {secureContexts} from '../../../src/lib/clients/kubernetes/dial.ts'
import {loadClusterConfig} from '../../../src/lib/clients/kubernetes/kubeconfig.ts'
import {
  base64,
  connectTo,
  listenTcp,
  listOf,
  makeCertificates,
  serve,
  temporaryFolder,
  writeFile,
  writeKubeconfig,
  type Certificates,
  type TestServer,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

test('connecting begins before the first request', async () => {
  const server = await serve(certificates, (asked) => asked.json(listOf([])))
  await connectTo(server, certificates)
  while (server.connections.length === 0) await wait(5)
  expect(server.asked).toHaveLength(0)
})

test('nothing is kept of a connection that was lost, however often: forwarding goes on for hours', async () => {
  const relay = await listenTcp(() => {})
  const url = `http://127.0.0.1:${relay.port}`
  const {cluster} = loadClusterConfig({kubeconfig: writeKubeconfig({server: url}), env: {}, homeDir: '/nonexistent'})
  const origin = {server: url, credentials: ''}
  const connections = new Connections({cluster, proxy: null, secureContext: () => null, origin, timeoutMs: 5000})
  onTestFinished(() => connections.close())
  const before = queryObjects(AbortSignal, {format: 'count'})
  for (let time = 0; time < 20; time++) (await connections.dial(['http/1.1'])).destroy()
  expect(queryObjects(AbortSignal, {format: 'count'}) - before).toBeLessThan(5)
})

describe('a peer that is silent while a request is in flight', () => {
  /** Passes bytes on until it is frozen; the connections stay open. */
  async function freezer(port: number) {
    const sockets: Socket[] = []
    const relay = await listenTcp((socket) => {
      const upstream = connectTcp(port, '127.0.0.1')
      upstream.on('error', () => {})
      sockets.push(socket, upstream)
      socket.pipe(upstream).pipe(socket)
      onTestFinished(() => void upstream.destroy())
    })
    const freeze = () => sockets.forEach((socket) => socket.unpipe().pause())
    return {port: relay.port, freeze}
  }

  async function streaming(server: TestServer) {
    const relay = await freezer(server.port)
    const url = `https://127.0.0.1:${relay.port}`
    const kubeconfig = writeKubeconfig({server: url, 'certificate-authority-data': base64(certificates.ca)})
    const {cluster} = loadClusterConfig({kubeconfig, env: {}, homeDir: '/nonexistent'})
    const context = secureContexts(cluster)
    const origin = {server: url, credentials: ''}
    const heartbeat = {everyMs: 20, deadAfterMs: 100}
    const connections = new Connections({cluster, proxy: null, secureContext: () => context(null), origin, timeoutMs: 5000, heartbeat})
    onTestFinished(() => connections.close())
    const exchange = await connections.send({method: 'GET', path: '/', headers: {}}, new AbortController().signal)
    return {relay, exchange}
  }

  const quiet = () =>
    serve(certificates, ({response}) => {
      response.writeHead(200)
      response.flushHeaders()
      setTimeout(() => response.end('after a while'), 400)
    })

  test('but alive is waited for', async () => {
    const {exchange} = await streaming(await quiet())
    const chunks: Buffer[] = []
    for await (const chunk of exchange.body) chunks.push(chunk as Buffer)
    expect(String(Buffer.concat(chunks))).toBe('after a while')
  })

  test('and dead is found out', async () => {
    const {relay, exchange} = await streaming(await quiet())
    relay.freeze()
    await expect(exchange.body.toArray()).rejects.toThrow('no answer to a ping')
  })
})

describe('the process', () => {
  const index = fileURLToPath(new URL('../../../src/lib/clients/kubernetes/index.ts', import.meta.url))

  /** Runs `code` in a process of its own, in which `connect(kubeconfig)` and `PODS` are known; gives what it prints. */
  async function run(code: string, env: Record<string, string> = {}): Promise<string> {
    const script = writeFile(
      temporaryFolder(),
      'script.mjs',
      `import {registerHooks} from 'node:module'
const loaded = new Set()
registerHooks({resolve(specifier, context, next) {
  const found = next(specifier, context)
  loaded.add(found.url)
  return found
}})
const {connectCluster} = await import(${JSON.stringify(index)})
const PODS = {group: '', version: 'v1', name: 'pods', kind: 'Pod', namespaced: true}
const connect = (kubeconfig) => connectCluster({kubeconfig, namespace: 'sapoche', requestTimeoutMs: 60_000, env: {}, homeDir: '/nonexistent',
  interactive: false, onMessage() {}, now: Date.now, random: Math.random, signal: new AbortController().signal})
${code}`,
    )
    const child = spawn(process.execPath, ['--no-warnings', script], {env, stdio: ['ignore', 'pipe', 'inherit']})
    onTestFinished(() => void child.kill('SIGKILL'))
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    const status = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)))
    expect(status).toBe(0)
    return output.trim()
  }

  const kubeconfigOf = ({url}: {url: string}, ca: string | undefined = certificates.ca) =>
    JSON.stringify(writeKubeconfig({server: url, ...(ca === '' ? {} : {'certificate-authority-data': base64(ca)})}))

  test.each(['h2', 'http/1.1'] as const)('ends by itself over an idle connection (%s)', async (protocol) => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a', 'b'])), {protocol})
    const code = `const client = await connect(${kubeconfigOf(server)})
      const lists = await Promise.all([1, 2].map(() => client.list(PODS, (pod) => pod.metadata.name)))
      console.log(lists.map(({items}) => items.join()).join(' '))`
    expect(await run(code)).toBe('a,b a,b')
  })

  test('ends by itself while it connects for nobody', async () => {
    const {port} = await listenTcp((socket) => socket.resume())
    expect(await run(`await connect(${kubeconfigOf({url: `https://127.0.0.1:${port}`})}); console.log('done')`)).toBe('done')
  })

  test.each(['h2', 'http/1.1'] as const)('goes on while a watch is quiet, and ends at once with close (%s)', async (protocol) => {
    const server = await serve(
      certificates,
      (asked) => {
        if (!asked.query.has('watch')) return asked.json(listOf(['a']))
        asked.response.writeHead(200, {'content-type': 'application/json'})
        asked.response.flushHeaders()
        setTimeout(() => asked.response.write(`${JSON.stringify({type: 'ADDED', object: {metadata: {name: 'b'}}})}\n`), 300)
      },
      {protocol},
    )
    const code = `const client = await connect(${kubeconfigOf(server)})
      for await (const event of client.watch(PODS, (pod) => pod.metadata.name)) {
        console.log(event.type)
        if (event.type === 'added') break
      }
      void client.stream(PODS, 'p', 'log', {query: {watch: 'true'}}).then(async (stream) => { for await (const _ of stream) client.close() }).catch(() => console.log('closed'))`
    expect(await run(code)).toBe('listed\nadded\nclosed')
  })

  test('loads nothing heavy to read', async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])))
    const code = `const client = await connect(${kubeconfigOf(server)})
      await client.list(PODS, (pod) => pod)
      const ours = /\\/src\\/lib\\//
      console.log([...loaded].filter((url) => !ours.test(url) && url.includes('/node_modules/')).map((url) => url.split('/node_modules/').pop()).join())
      console.log([...loaded].filter((url) => url.startsWith('node:')).join())`
    const [packages, builtIn] = (await run(code)).split('\n')
    expect(packages).toBe('js-yaml/dist/js-yaml.mjs')
    expect(builtIn?.split(',').toSorted()).toEqual(['node:fs', 'node:http2', 'node:net', 'node:path', 'node:tls', 'node:util'])
  })

  test("trusts the system's authorities where the kubeconfig names none", async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])))
    const SSL_CERT_FILE = writeFile(temporaryFolder(), 'ca.pem', certificates.ca)
    const code = `const client = await connect(${kubeconfigOf(server, '')})
      console.log(await client.list(PODS, (pod) => pod.metadata.name).then(({items}) => items.join(), (error) => error.message))`
    expect(await run(code, {SSL_CERT_FILE})).toBe('a')
    expect(await run(code)).toContain('its certificate is signed by an unknown authority')
  })
})
