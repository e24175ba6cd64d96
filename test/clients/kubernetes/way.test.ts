import {beforeAll, describe, expect, test} from 'vitest'
import {type Way, wayToCluster} from '../../../src/lib/clients/kubernetes/way.ts'
import {TimedOutError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {base64, type Certificates, failure, listenTcp, makeCertificates, serve, writeKubeconfig} from './support.ts'

const {signal} = new AbortController()
let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

const wayTo = (cluster: object, user: object = {token: 'secret-token'}, env: Readonly<Record<string, string>> = {}): Way =>
  wayToCluster({kubeconfig: writeKubeconfig(cluster, user), env, homeDir: '/nonexistent', requestTimeoutMs: 1000})
const trusted = (server: string) => ({server, 'certificate-authority-data': base64(certificates.ca)})

describe('what a kubeconfig says', () => {
  test.each<[string, object, string]>([
    ['a token', {token: 'x'}, 'its token'],
    ['a token file, which goes before a token', {token: 'x', tokenFile: '/run/token'}, 'the token in /run/token'],
    ['a plugin, which goes before all', {token: 'x', exec: {command: 'aws', args: ['eks']}}, 'the plugin aws'],
    ['an auth provider', {'auth-provider': {name: 'oidc'}}, 'the auth provider oidc'],
    ['a password', {username: 'ops', password: 'x'}, 'its password'],
    ['nothing', {}, 'no credentials'],
  ])('%s', (_, user, login) => {
    expect(wayTo({server: 'https://10.0.0.1:6443/base/'}, user)).toMatchObject({
      login,
      server: 'https://10.0.0.1:6443/base',
      context: 'test',
      user: 'u',
      proxy: null,
      isChecked: true,
      certificateEnds: null,
    })
  })

  test('a client certificate, and when it ends', () => {
    const {cert, key} = certificates.client
    const way = wayTo({server: 'https://10.0.0.1'}, {'client-certificate-data': base64(cert), 'client-key-data': base64(key)})
    expect(way.login).toBe('its client certificate')
    expect(way.certificateEnds).toBeGreaterThan(Date.now())
  })

  test('no check of the server, a proxy, and none of its password', () => {
    const way = wayTo(
      {server: 'https://cluster.example', 'insecure-skip-tls-verify': true},
      {},
      {HTTPS_PROXY: 'http://me:secret@proxy.example:3128'},
    )
    expect(way).toMatchObject({isChecked: false, proxy: 'proxy.example:3128'})
  })

  test('plain http: no login at all', () => {
    expect(wayTo({server: 'http://127.0.0.1:8001'})).toMatchObject({isChecked: false, login: 'none, for the server speaks plain http'})
  })
})

describe('a connection', () => {
  test.each(['h2', 'http/1.1'] as const)('%s, and when the certificate ends', async (protocol) => {
    const server = await serve(certificates, () => {}, {protocol})
    const connection = await wayTo(trusted(server.url)).dial(signal)
    expect(connection).toEqual({tls: 'TLSv1.3', protocol, certificateEnds: expect.any(Number)})
    expect(connection.certificateEnds).toBeGreaterThan(Date.now())
    expect(server.asked).toEqual([])
    await expect.poll(() => server.open()).toEqual([])
  })

  test('plain http', async () => {
    const server = await serve(certificates, () => {}, {protocol: 'plain'})
    expect(await wayTo({server: server.url}).dial(signal)).toEqual({tls: null, protocol: 'http/1.1', certificateEnds: null})
  })

  test('a certificate that has ended', async () => {
    const server = await serve(certificates, () => {}, {pair: certificates.expired})
    const error = await failure(wayTo(trusted(server.url)).dial(signal))
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error.message).toBe(`no safe connection to ${server.url}: its certificate has expired`)
  })

  test('nobody listens', async () => {
    const server = await serve(certificates, () => {})
    await server.close()
    expect((await failure(wayTo(trusted(server.url)).dial(signal))).message).toContain('connection refused')
  })

  test('silence: no longer than a request may take', async () => {
    const {port} = await listenTcp(() => {})
    expect(await failure(wayTo(trusted(`https://127.0.0.1:${port}`)).dial(signal))).toBeInstanceOf(TimedOutError)
  })
})
