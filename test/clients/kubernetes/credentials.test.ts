import {chmodSync, existsSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import type {TLSSocket} from 'node:tls'
import {beforeAll, describe, expect, test} from 'vitest'
import {ExecPlugin} from '../../../src/lib/clients/kubernetes/exec-plugin.ts'
import {loadClusterConfig} from '../../../src/lib/clients/kubernetes/kubeconfig.ts'
import {
  base64,
  connect,
  connectTo,
  failure,
  listOf,
  makeCertificates,
  nameOf,
  NOW,
  PODS,
  serve,
  temporaryFolder,
  writeFile,
  writeKubeconfig,
  type Asked,
  type Certificates,
  type TestServer,
} from './support.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates()
})

/** Answers a list, but 401 to tokens that are not `accepted`. */
const accepting =
  (...accepted: string[]) =>
  (asked: Asked) =>
    accepted.includes(asked.headers.authorization ?? '') ? asked.json(listOf(['a'])) : asked.status(401, {message: 'Unauthorized'})

const authorizations = (server: TestServer) => server.asked.map(({headers}) => headers.authorization)

describe('from the kubeconfig', () => {
  test.each([
    ['a token', {token: 'abc'}, 'Bearer abc'],
    ['a password', {username: 'ann', password: 'p:w'}, `Basic ${base64('ann:p:w')}`],
    ['nothing', {}, undefined],
  ])('%s', async (_, user, expected) => {
    const server = await serve(certificates, (asked) => asked.json(listOf([])))
    await (await connectTo(server, certificates, {user})).list(PODS, nameOf)
    expect(authorizations(server)).toEqual([expected])
  })

  test('a client certificate', async () => {
    const names: unknown[] = []
    const server = await serve(
      certificates,
      (asked) => {
        const socket = asked.request.socket as TLSSocket
        names.push(socket.getPeerCertificate().subject?.CN)
        asked.json(listOf([]))
      },
      {clientCa: certificates.ca},
    )
    const {cert, key} = certificates.client
    const user = {'client-certificate-data': base64(cert), 'client-key-data': base64(key)}
    await (await connectTo(server, certificates, {user})).list(PODS, nameOf)
    expect(names).toEqual(['ci-bot'])
    expect(authorizations(server)).toEqual([undefined])
  })

  test('a token file is read anew when it changes, and after a 401', async () => {
    const folder = temporaryFolder()
    const write = (token: string) => writeFile(folder, 'token', `${token}\n`)
    write('one')
    let accepted = 'Bearer one'
    const server = await serve(certificates, (asked) => accepting(accepted)(asked))
    const client = await connectTo(server, certificates, {user: {tokenFile: join(folder, 'token'), token: 'never'}})
    await client.list(PODS, nameOf)
    write('two')
    accepted = 'Bearer two'
    await client.list(PODS, nameOf)
    expect(authorizations(server)).toEqual(['Bearer one', 'Bearer two'])
    accepted = 'Bearer three'
    const refused = await failure(client.list(PODS, nameOf))
    expect(refused.exitCode).toBe(77)
    expect(refused.message).toContain(`does not accept the token in ${folder}/token`)
    expect(server.asked).toHaveLength(3)
  })

  test.each([
    ['missing', null, /token file .*\/token can't be read: ENOENT/],
    ['empty', '\n', /token file .*\/token is empty/],
  ])('a token file that is %s is a matter of configuration', async (_, content, message) => {
    const folder = temporaryFolder()
    if (content !== null) writeFile(folder, 'token', content)
    const server = await serve(certificates, (asked) => asked.json(listOf([])))
    const error = await failure((await connectTo(server, certificates, {user: {tokenFile: join(folder, 'token')}})).list(PODS, nameOf))
    expect(error.exitCode).toBe(78)
    expect(error.message).toMatch(message)
  })

  test('inside a pod: the service account', async () => {
    const folder = temporaryFolder()
    writeFile(folder, 'token', 'of-the-pod')
    writeFile(folder, 'ca.crt', certificates.ca)
    const env = {KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: '6443'}
    const {cluster, user} = loadClusterConfig({env, homeDir: '/nonexistent'}, folder)
    expect(cluster.ca?.toString()).toBe(certificates.ca)
    expect(user.tokenFile).toBe(join(folder, 'token'))
  })

  test('--as and --as-group are headers, the group once each', async () => {
    for (const protocol of ['h2', 'http/1.1'] as const) {
      const raw: string[][] = []
      const server = await serve(
        certificates,
        (asked) => {
          raw.push(asked.request.rawHeaders)
          asked.json(listOf([]))
        },
        {protocol},
      )
      await (await connectTo(server, certificates, {as: 'bob', asGroups: ['x', 'y']})).list(PODS, nameOf)
      const pairs = raw[0]?.flatMap((name, i, all) =>
        i % 2 === 0 && name.toLowerCase().startsWith('impersonate') ? [[name, all[i + 1]]] : [],
      )
      expect(pairs).toEqual([
        ['impersonate-user', 'bob'],
        ['impersonate-group', 'x'],
        ['impersonate-group', 'y'],
      ])
    }
  })

  test('are not sent over http, but impersonation is', async () => {
    const server = await serve(certificates, (asked) => asked.status(401, {message: 'Unauthorized'}), {protocol: 'plain'})
    const error = await failure((await connectTo(server, certificates, {as: 'bob'})).list(PODS, nameOf))
    expect(authorizations(server)).toEqual([undefined])
    expect(server.asked[0]?.headers['impersonate-user']).toBe('bob')
    expect(error.message).toBe(`${server.url} does not accept a request without credentials (none are sent over http) (401)`)
  })

  test('insecure-skip-tls-verify and tls-server-name', async () => {
    const server = await serve(certificates, (asked) => asked.json(listOf(['a'])), {pair: certificates.other})
    for (const cluster of [
      {'insecure-skip-tls-verify': true, 'certificate-authority-data': undefined},
      {'tls-server-name': 'cluster.example'},
    ]) {
      expect((await (await connectTo(server, certificates, {cluster})).list(PODS, nameOf)).items).toEqual(['a'])
    }
  })
})

describe('an exec plugin', () => {
  const API = 'client.authentication.k8s.io/v1'

  /** A plugin of a few lines of Node; it may use `count` (its run, from 1), `print(status)` and `fs`. */
  function plugin(code: string, more: object = {}): {folder: string; exec: {[key: string]: unknown}; runs: () => number} {
    const folder = temporaryFolder()
    const command = writeFile(
      folder,
      'login.cjs',
      `#!${process.execPath}
const fs = require('fs')
fs.appendFileSync(${JSON.stringify(join(folder, 'runs'))}, 'x')
const count = fs.readFileSync(${JSON.stringify(join(folder, 'runs'))}).length
const print = (status) => console.log(JSON.stringify({apiVersion: '${API}', kind: 'ExecCredential', status}))
${code}
`,
    )
    chmodSync(command, 0o700)
    const runs = () => (existsSync(join(folder, 'runs')) ? readFileSync(join(folder, 'runs')).length : 0)
    return {folder, exec: {apiVersion: API, command, interactiveMode: 'IfAvailable', ...more}, runs}
  }

  test('gives a token, is run once for all, and its stderr is passed on as it comes', async () => {
    const messages: string[] = []
    const {exec, runs} = plugin(`process.stderr.write('open this URL'); print({token: 'fresh'})`)
    const server = await serve(certificates, accepting('Bearer fresh'))
    const client = await connectTo(server, certificates, {user: {exec}, onMessage: (text) => messages.push(text)})
    await Promise.all([1, 2, 3].map(() => client.list(PODS, nameOf)))
    await client.list(PODS, nameOf)
    expect(runs()).toBe(1)
    expect(messages.join('')).toBe('open this URL')
  })

  test('is told of the cluster, gets its arguments without a shell and its environment', async () => {
    const {exec, folder} = plugin(
      `fs.writeFileSync(__dirname + '/seen', JSON.stringify({
        info: JSON.parse(process.env.KUBERNETES_EXEC_INFO), args: process.argv.slice(2), own: process.env.OWN, given: process.env.GIVEN, home: process.env.HOME,
      }))
      print({token: 'fresh'})`,
      {args: ['$HOME', 'a b'], env: [{name: 'OWN', value: 'o'}], provideClusterInfo: true},
    )
    const server = await serve(certificates, accepting('Bearer fresh'))
    const cluster = {extensions: [{name: 'client.authentication.k8s.io/exec', extension: {audience: 7}}]}
    await (await connectTo(server, certificates, {user: {exec}, cluster, env: {GIVEN: 'g'}})).list(PODS, nameOf)
    expect(JSON.parse(readFileSync(join(folder, 'seen'), 'utf8'))).toEqual({
      info: {
        apiVersion: API,
        kind: 'ExecCredential',
        spec: {
          interactive: false,
          cluster: {server: server.url, 'certificate-authority-data': base64(certificates.ca), config: {audience: 7}},
        },
      },
      args: ['$HOME', 'a b'],
      own: 'o',
      given: 'g',
    })
  })

  test('a 401 runs it again, once for requests side by side', async () => {
    const {exec, runs} = plugin(`print({token: 'run-' + count})`)
    const server = await serve(certificates, accepting('Bearer run-2'))
    const client = await connectTo(server, certificates, {user: {exec}})
    await Promise.all([1, 2, 3].map(() => client.list(PODS, nameOf)))
    expect(runs()).toBe(2)
    expect(authorizations(server)).toEqual([...Array(3).fill('Bearer run-1'), ...Array(3).fill('Bearer run-2')])
  })

  test('a second 401 is refused (77), naming the plugin', async () => {
    const {exec, runs} = plugin(`print({token: 'bad'})`)
    const server = await serve(certificates, accepting('Bearer good'))
    const error = await failure((await connectTo(server, certificates, {user: {exec}})).list(PODS, nameOf))
    expect(error.exitCode).toBe(77)
    expect(error.message).toContain(`does not accept the credentials of ${String(exec.command)} for user "u" (401)`)
    expect(runs()).toBe(2)
  })

  test('an expired credential is renewed, by the clock passed in', async () => {
    let now = NOW
    const {exec, runs} = plugin(`print({token: 'run-' + count, expirationTimestamp: '${new Date(NOW + 60_000).toISOString()}'})`)
    const server = await serve(certificates, accepting('Bearer run-1', 'Bearer run-2'))
    const client = await connectTo(server, certificates, {user: {exec}, now: () => now})
    await client.list(PODS, nameOf)
    now = NOW + 59_999
    await client.list(PODS, nameOf)
    expect(runs()).toBe(1)
    now = NOW + 60_000
    await Promise.all([client.list(PODS, nameOf), client.list(PODS, nameOf)])
    expect(runs()).toBe(2)
  })

  test('may give a client certificate', async () => {
    const {cert, key} = certificates.client
    const {exec} = plugin(`print(${JSON.stringify({clientCertificateData: cert, clientKeyData: key})})`)
    const names: unknown[] = []
    const server = await serve(
      certificates,
      (asked) => {
        names.push((asked.request.socket as TLSSocket).getPeerCertificate().subject?.CN)
        asked.json(listOf([]))
      },
      {clientCa: certificates.ca},
    )
    await (await connectTo(server, certificates, {user: {exec}})).list(PODS, nameOf)
    expect(names).toEqual(['ci-bot'])
  })

  test('a fresh client certificate gets a fresh connection', async () => {
    const {client, other} = certificates
    const pairs = JSON.stringify([client, other].map(({cert, key}) => ({clientCertificateData: cert, clientKeyData: key})))
    const {exec} = plugin(`print(${pairs}[count - 1])`)
    const names: unknown[] = []
    const server = await serve(
      certificates,
      (asked) => {
        const name = (asked.request.socket as TLSSocket).getPeerCertificate().subject?.CN
        names.push(name)
        if (name === 'other') asked.json(listOf([]))
        else asked.status(401, {})
      },
      {clientCa: certificates.ca},
    )
    await (await connectTo(server, certificates, {user: {exec}})).list(PODS, nameOf)
    expect(names).toEqual(['ci-bot', 'other'])
  })

  test('its time does not count as that of the request', async () => {
    const {exec} = plugin(`setTimeout(() => print({token: 'fresh'}), 300)`)
    const server = await serve(certificates, accepting('Bearer fresh'))
    const client = await connectTo(server, certificates, {user: {exec}, requestTimeoutMs: 250})
    expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  })

  test('an interrupt ends it', async () => {
    const {exec, folder} = plugin(`process.on('SIGTERM', () => { fs.writeFileSync(__dirname + '/ended', ''); process.exit() })
      fs.writeFileSync(__dirname + '/began', ''); setInterval(() => {}, 1000)`)
    const server = await serve(certificates, accepting())
    const controller = new AbortController()
    const client = await connectTo(server, certificates, {user: {exec}, signal: controller.signal})
    const list = failure(client.list(PODS, nameOf))
    while (!existsSync(join(folder, 'began'))) await wait(10)
    controller.abort()
    expect((await list).exitCode).toBe(130)
    while (!existsSync(join(folder, 'ended'))) await wait(10)
  })

  const BY_HAND = 'log in as its message says, or run the plugin by hand to see more'
  const failures: [what: string, code: string, more: object, exitCode: number, message: RegExp, hint?: string][] = [
    [
      'fails',
      `console.error('session\\nexpired'); process.exit(3)`,
      {},
      77,
      /^auth plugin .*login\.cjs failed \(3\): session expired$/,
      BY_HAND,
    ],
    ['is killed', `process.kill(process.pid, 'SIGKILL')`, {}, 77, /failed \(SIGKILL\)$/, BY_HAND],
    ['prints no JSON', `console.log('hush')`, {}, 77, /printed no credentials/],
    [
      'prints another version',
      `print({token: 'hush'})`,
      {apiVersion: 'client.authentication.k8s.io/v1beta1'},
      77,
      /printed no credentials/,
    ],
    ['prints half a certificate', `print({clientCertificateData: 'x'})`, {}, 77, /printed no credentials/],
    ['prints nothing of use', `print({})`, {}, 77, /printed no credentials/],
    [
      'is missing',
      '',
      {command: 'no-such-login-plugin', installHint: 'install it\nfrom the shelf'},
      78,
      /^auth plugin no-such-login-plugin of user "u" can't be run: not found$/,
      'install it from the shelf',
    ],
    [
      'is missing, without a word on how to get it',
      '',
      {command: 'no-such-login-plugin'},
      78,
      /can't be run: not found$/,
      'install it, or put it on the PATH',
    ],
    ['needs a terminal', '', {interactiveMode: 'Always'}, 78, /needs a terminal/],
  ]
  test.each(failures)('that %s', async (_, code, more, exitCode, message, hint) => {
    const {exec} = plugin(code, more)
    const server = await serve(certificates, accepting())
    const error = await failure((await connectTo(server, certificates, {user: {exec}})).list(PODS, nameOf))
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('hush')
    expect(error.exitCode).toBe(exitCode)
    expect(error.hints).toEqual(hint === undefined ? [] : [{label: 'cure', text: hint}])
  })

  test('has a time limit without a terminal, and none with one', async () => {
    const {exec} = plugin(`setTimeout(() => print({token: 'late'}), 400)`)
    const {cluster, user} = loadClusterConfig({
      kubeconfig: writeKubeconfig({server: 'https://cluster.example'}, {exec}),
      env: {},
      homeDir: '/nonexistent',
    })
    const host = {env: {}, onMessage: () => {}, now: () => NOW, signal: new AbortController().signal}
    const limit = 200
    const error = await failure(new ExecPlugin(user, user.exec ?? {}, cluster, {...host, interactive: false}, limit).authorization())
    expect(error.exitCode).toBe(75)
    expect(error.message).toMatch(/^auth plugin .*login\.cjs gave no credentials within 0\.2 s$/)
    expect(error.hints[0]).toMatchObject({label: 'cure', text: expect.stringContaining('on a terminal')})
    const patient = new ExecPlugin(user, {...user.exec, interactiveMode: 'Never'}, cluster, {...host, interactive: true}, limit)
    expect(await patient.authorization()).toBe('Bearer late')
  })
})

describe('an OIDC login', () => {
  /** A token as an issuer makes it; nobody here looks at its signature. */
  const idToken = (issuer: string, expires: number, name: string) =>
    [
      {alg: 'RS256', typ: 'JWT'},
      {iss: issuer, aud: 'sapoche', sub: name, iat: expires - 600, exp: expires},
    ]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .concat('c2lnbmF0dXJl')
      .join('.')
  const soon = NOW / 1000 + 600

  const oidc = (issuer: string, config: object) => ({
    'auth-provider': {
      name: 'oidc',
      config: {'idp-issuer-url': issuer, 'client-id': 'sapoche', 'idp-certificate-authority-data': base64(certificates.ca), ...config},
    },
  })

  /** An issuer that takes the refresh token `again` and answers `tokens`. */
  async function issuer(tokens: (url: string) => object): Promise<TestServer> {
    const server: TestServer = await serve(certificates, (asked) => {
      if (asked.path === '/realm/.well-known/openid-configuration') asked.json({token_endpoint: `${server.url}/token`})
      else if (new URLSearchParams(asked.body).get('refresh_token') === 'again') asked.json(tokens(server.url))
      else asked.json({error: 'invalid_grant', error_description: 'the token is spent'}, 400)
    })
    return server
  }

  test('that is still good is used as it is', async () => {
    const token = idToken('https://issuer.example', soon, 'ann')
    const server = await serve(certificates, accepting(`Bearer ${token}`))
    const client = await connectTo(server, certificates, {user: oidc('https://issuer.example', {'id-token': token})})
    expect((await client.list(PODS, nameOf)).items).toEqual(['a'])
  })

  test('that has expired is refreshed at its issuer, and kept in the kubeconfig', async () => {
    const login = await issuer((url) => ({id_token: idToken(url, soon, 'fresh'), refresh_token: 'rotated'}))
    const [stale, fresh] = [idToken(login.url, 1000, 'stale'), idToken(login.url, soon, 'fresh')]
    const server = await serve(certificates, accepting(`Bearer ${fresh}`))
    const user = oidc(`${login.url}/realm/`, {'id-token': stale, 'refresh-token': 'again', 'client-secret': 's'})
    const kubeconfig = writeKubeconfig({server: server.url, 'certificate-authority-data': base64(certificates.ca)}, user)
    const before = readFileSync(kubeconfig, 'utf8')
    expect((await (await connect({kubeconfig})).list(PODS, nameOf)).items).toEqual(['a'])
    const form = new URLSearchParams(login.asked.at(-1)?.body)
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'again',
      client_id: 'sapoche',
      client_secret: 's',
    })
    expect(readFileSync(kubeconfig, 'utf8')).toBe(before.replace(stale, fresh).replace('"again"', '"rotated"'))
  })

  test('whose new refresh token can not be kept says so', async () => {
    const login = await issuer((url) => ({id_token: idToken(url, soon, 'fresh'), refresh_token: 'rotated'}))
    const server = await serve(certificates, (asked) => asked.json(listOf([])))
    const user = oidc(`${login.url}/realm`, {'id-token': idToken(login.url, 1000, 'stale'), 'refresh-token': 'again'})
    const folder = temporaryFolder()
    const kubeconfig = writeKubeconfig({server: server.url, 'certificate-authority-data': base64(certificates.ca)}, user, folder)
    writeFile(folder, 'config.lock', 'of kubectl')
    const messages: string[] = []
    await (await connect({kubeconfig, onMessage: (text) => messages.push(text)})).list(PODS, nameOf)
    expect(messages).toEqual([`the new refresh token can't be kept in ${kubeconfig}: kubectl will ask you to log in again\n`])
  })

  const stale = () => idToken('https://issuer.example', 1000, 'stale')
  test.each([
    [
      'without a refresh token',
      () => ({'id-token': stale()}),
      'the OIDC login has expired, and the kubeconfig has no refresh-token and issuer to renew it; log in again',
    ],
    [
      'with one that is spent',
      () => ({'id-token': stale(), 'refresh-token': 'spent'}),
      'OIDC issuer ISSUER does not renew the login (400): the token is spent',
    ],
    ['with one that gives nothing', () => ({'refresh-token': 'again'}), 'OIDC issuer ISSUER gives no ID token; log in again'],
  ])('that has expired, %s, is refused (77)', async (_, config, message) => {
    const login = await issuer(() => ({}))
    const kubeconfig = writeKubeconfig({server: 'https://127.0.0.1:1'}, oidc(`${login.url}/realm`, config()))
    const error = await failure((await connect({kubeconfig})).list(PODS, nameOf))
    expect(error.message.replace(login.url, 'ISSUER')).toBe(message)
    expect(error.exitCode).toBe(77)
  })

  test('whose issuer can not be reached is 69', async () => {
    const login = await issuer(() => ({}))
    await login.close()
    const kubeconfig = writeKubeconfig({server: 'https://127.0.0.1:1'}, oidc(login.url, {'refresh-token': 'again'}))
    const error = await failure((await connect({kubeconfig})).list(PODS, nameOf))
    expect(error.exitCode).toBe(69)
    expect(error.message).toBe(`can't reach OIDC issuer ${login.url}: connection refused`)
  })
})

describe('any other auth provider', () => {
  test('is left to the library', async () => {
    const server = await serve(certificates, accepting('Bearer of-azure'))
    const expiry = new Date(Date.now() + 600_000).toISOString()
    const user = {'auth-provider': {name: 'azure', config: {'access-token': 'of-azure', expiry}}}
    expect((await (await connectTo(server, certificates, {user})).list(PODS, nameOf)).items).toEqual(['a'])
  })

  test('that fails, or that nobody knows, is refused (77)', async () => {
    const errorOf = async (provider: object) =>
      failure(
        (await connect({kubeconfig: writeKubeconfig({server: 'https://127.0.0.1:1'}, {'auth-provider': provider})})).list(PODS, nameOf),
      )
    const expired = await errorOf({name: 'azure', config: {}})
    expect(expired.exitCode).toBe(77)
    expect(expired.message).toBe("auth provider azure can't log in: Token is expired!")
    const unknown = await errorOf({name: 'nobody', config: {}})
    expect(unknown.exitCode).toBe(77)
    expect(unknown.message).toBe('auth provider nobody gives no token; log in again')
  })
})
