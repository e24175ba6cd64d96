import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadClusterConfig, type KubeconfigOptions} from '../../../src/lib/clients/kubernetes/kubeconfig.ts'
import type {SapocheError} from '../../../src/lib/errors/index.ts'
import {base64, temporaryFolder, writeFile} from './support.ts'

function load(options: Partial<KubeconfigOptions>, serviceAccount?: string) {
  return loadClusterConfig({env: {}, homeDir: '/nonexistent', ...options}, serviceAccount)
}

function refusal(options: Partial<KubeconfigOptions>): SapocheError {
  try {
    load(options)
  } catch (error) {
    return error as SapocheError
  }
  throw new Error('expected a refusal')
}

/** A kubeconfig whose cluster, user and context bear the name `name`, with more fields for the first two. */
function config(name: string, {cluster = {}, user = {}, ...more}: {cluster?: object; user?: object; [key: string]: unknown} = {}): string {
  return JSON.stringify({
    'current-context': name,
    clusters: [{name, cluster: {server: `https://${name}.example:6443`, ...cluster}}],
    users: [{name, user}],
    contexts: [{name, context: {cluster: name, user: name, namespace: 'elsewhere'}}],
    ...more,
  })
}

function fileWith(...content: Parameters<typeof config>): string {
  return writeFile(temporaryFolder(), 'config', config(...content))
}

const POD = {KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443'}

describe('which file', () => {
  test('--kubeconfig comes before KUBECONFIG, that before the home folder, that before the pod', () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, '.kube'))
    writeFile(join(folder, '.kube'), 'config', config('home'))
    writeFile(folder, 'token', 'in-pod')
    writeFile(folder, 'ca.crt', 'CA')
    const kubeconfig = writeFile(folder, 'flag', config('flag'))
    const env = {KUBECONFIG: writeFile(folder, 'env', config('env')), ...POD}
    expect(load({kubeconfig, env, homeDir: folder}, folder).context).toBe('flag')
    expect(load({env, homeDir: folder}, folder).context).toBe('env')
    expect(load({env: POD, homeDir: folder}, folder).context).toBe('home')
    const inPod = load({env: POD}, folder)
    expect(inPod.context).toBeNull()
    expect(inPod.cluster.server.href).toBe('https://10.0.0.1/')
    expect(inPod.cluster.ca?.toString()).toBe('CA')
    expect(inPod.user.tokenFile).toBe(join(folder, 'token'))
  })

  test('the address of a pod in IPv6 is put in brackets', () => {
    const folder = temporaryFolder()
    writeFile(folder, 'token', 'x')
    writeFile(folder, 'ca.crt', 'CA')
    const env = {KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443'}
    expect(load({env}, folder).cluster.server.href).toBe('https://[fd00::1]:6443/')
  })

  test('several files are merged: the first wins per entry, and paths start where their entry stands', () => {
    const folder = temporaryFolder()
    for (const name of ['a', 'b']) {
      mkdirSync(join(folder, name))
      writeFile(join(folder, name), 'ca.pem', `CA of ${name}`)
    }
    const a = writeFile(
      join(folder, 'a'),
      'config',
      config('one', {cluster: {'certificate-authority': 'ca.pem'}, user: {token: 'first'}, 'current-context': ''}),
    )
    const b = writeFile(
      join(folder, 'b'),
      'config',
      `current-context: two
clusters:
- {name: one, cluster: {server: 'https://shadowed.example'}}
- {name: two, cluster: {server: 'https://two.example', certificate-authority: ca.pem}}
users:
- {name: one, user: {token: shadowed}}
- {name: two, user: {tokenFile: tokens/now}}
contexts:
- {name: two, context: {cluster: two, user: two}}
`,
    )
    const env = {KUBECONFIG: `${a}:${join(folder, 'missing')}:${b}`}
    const two = load({env})
    expect(two.context).toBe('two')
    expect(two.cluster.ca?.toString()).toBe('CA of b')
    expect(two.user.tokenFile).toBe(join(folder, 'b', 'tokens', 'now'))
    const one = load({env, context: 'one'})
    expect(one.cluster.server.host).toBe('one.example:6443')
    expect(one.cluster.ca?.toString()).toBe('CA of a')
    expect(one.user.token).toBe('first')
  })
})

describe('what it refuses, with 78', () => {
  const oneFile = (text: string) => ({kubeconfig: writeFile(temporaryFolder(), 'kc', text)})
  const cases: [what: string, options: () => Partial<KubeconfigOptions>, message: RegExp, suggestions?: string[]][] = [
    ['a --kubeconfig that does not exist', () => ({kubeconfig: '/nonexistent/kc'}), /^kubeconfig \/nonexistent\/kc does not exist$/],
    [
      'KUBECONFIG of which no file exists, in a pod too',
      () => ({env: {KUBECONFIG: '/nonexistent/a:/nonexistent/b', ...POD}}),
      /KUBECONFIG names .*a, .*b, of which no file exists/,
    ],
    ['nothing at all', () => ({}), /no kubeconfig: \/nonexistent\/\.kube\/config does not exist/],
    ['a pod without a token', () => ({env: POD}), /no kubeconfig/],
    ['a folder', () => ({kubeconfig: temporaryFolder()}), /can't be read: EISDIR/],
    ['broken YAML', () => oneFile('users:\n- {name: u, user: {token: hush}'), /^kubeconfig .*\/kc is no valid YAML: .* \(line \d+\)$/],
    ['a list', () => oneFile('- a'), /is no mapping/],
    ['an empty file', () => oneFile(''), /no current-context/],
    ['no current-context', () => oneFile(config('a', {'current-context': undefined})), /no current-context/, ['a']],
    ['an unknown context', () => ({...oneFile(config('a')), context: 'b'}), /no context "b"/, ['a']],
    ['a context of no cluster', () => oneFile(config('a', {clusters: null})), /context "a" names cluster "a", which .*kc does not define/],
    ['a context of no user', () => oneFile(config('a', {users: []})), /context "a" names user "a"/],
    ['a cluster without a server', () => oneFile(config('a', {cluster: {server: ''}})), /cluster "a" .* has no server/],
    ['a server that is no URL', () => oneFile(config('a', {cluster: {server: 'localhost:8080'}})), /no http or https URL/],
    [
      'a CA file that is missing',
      () => oneFile(config('a', {cluster: {'certificate-authority': 'ca.pem'}})),
      /certificate-authority .*\/ca\.pem can't be read: ENOENT/,
    ],
    [
      'a CA that is not to be looked at',
      () => oneFile(config('a', {cluster: {'certificate-authority-data': base64('CA'), 'insecure-skip-tls-verify': true}})),
      /both a certificate-authority and insecure-skip-tls-verify/,
    ],
    [
      'half a client certificate',
      () => oneFile(config('a', {user: {'client-certificate-data': base64('C')}})),
      /only one of client-certificate and client-key/,
    ],
  ]
  test.each(cases)('%s', (_, options, message, suggestions = []) => {
    const error = refusal(options())
    expect(error.exitCode).toBe(78)
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('hush')
    expect(error.suggestions).toEqual(suggestions)
    if (/not exist|no file exists/.test(error.message)) expect(error.hints[0]?.text).toMatch(/--kubeconfig or KUBECONFIG/)
    if (/does not define/.test(error.message)) expect(error.hints[0]?.text).toMatch(/--context/)
  })
})

test.each([
  ['an unknown context', {context: 'c'}],
  ['no current-context', {}],
])('%s: the contexts there are', (_, options) => {
  const files = ['a', 'b'].map((name) => writeFile(temporaryFolder(), 'kc', config(name, {'current-context': undefined})))
  expect(refusal({env: {KUBECONFIG: files.join(':')}, ...options}).hints).toContainEqual({label: 'contexts', text: 'a\nb'})
})

describe('what it reads', () => {
  test('data comes before files, a token file stands beside its kubeconfig, digits may be a password', () => {
    const folder = temporaryFolder()
    writeFile(folder, 'cert.pem', 'cert of file')
    writeFile(folder, 'key.pem', 'key of file')
    const user = {
      'client-certificate-data': base64('cert of data'),
      'client-certificate': 'cert.pem',
      'client-key': 'key.pem',
      tokenFile: 'token',
      username: 'ann',
      password: 1234,
    }
    const loaded = load({kubeconfig: writeFile(folder, 'config', config('a', {user}))})
    expect(String(loaded.user.certificate?.cert)).toBe('cert of data')
    expect(String(loaded.user.certificate?.key)).toBe('key of file')
    expect(loaded.user.tokenFile).toBe(join(folder, 'token'))
    expect(loaded.user.basic).toEqual({username: 'ann', password: '1234'})
  })

  test('a plugin with a slash in its name is a path beside the kubeconfig, any other is not', () => {
    const folder = temporaryFolder()
    const command = (name: string) =>
      load({kubeconfig: writeFile(folder, 'config', config('a', {user: {exec: {command: name}}}))}).user.exec?.command
    expect(command('./bin/login')).toBe(join(folder, 'bin', 'login'))
    expect(command('aws')).toBe('aws')
    expect(command('/opt/login')).toBe('/opt/login')
  })

  test('a context without a user is one without credentials', () => {
    const file = fileWith('a', {contexts: [{name: 'a', context: {cluster: 'a'}}]})
    expect(load({kubeconfig: file}).user).toMatchObject({name: '', token: null, certificate: null, exec: null})
  })

  const whole = {as: 'ann', 'as-groups': ['ops'], 'as-uid': '7', 'as-user-extra': {'example.com/Scopes': ['a', 'b']}}
  const impersonations: [what: string, user: object, options: Partial<KubeconfigOptions>, headers: object][] = [
    ['none', {}, {}, {}],
    ['--as', {}, {as: 'bob'}, {'impersonate-user': 'bob'}],
    ['--as with groups', {}, {as: 'bob', asGroups: ['x', 'y']}, {'impersonate-user': 'bob', 'impersonate-group': ['x', 'y']}],
    [
      'of the kubeconfig',
      whole,
      {},
      {
        'impersonate-user': 'ann',
        'impersonate-group': ['ops'],
        'impersonate-uid': '7',
        'impersonate-extra-example.com%2fscopes': ['a', 'b'],
      },
    ],
    ['--as leaves nothing of the kubeconfig', whole, {as: 'bob'}, {'impersonate-user': 'bob'}],
    ['--as-group with the user of the kubeconfig', {as: 'ann'}, {asGroups: ['x']}, {'impersonate-user': 'ann', 'impersonate-group': ['x']}],
  ]
  test.each(impersonations)('impersonation: %s', (_, user, options, headers) => {
    expect(load({kubeconfig: fileWith('a', {user}), ...options}).user.impersonate).toEqual(headers)
  })

  test('--as-group without a user is a usage error', () => {
    expect(refusal({kubeconfig: fileWith('a'), asGroups: ['x']}).exitCode).toBe(64)
  })
})
