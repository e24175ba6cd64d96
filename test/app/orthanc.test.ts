import {expect, test} from 'vitest'
import {withOrthanc} from '../../src/lib/app/orthanc.ts'
import {Servers, type ServerOptions} from '../../src/lib/app/servers.ts'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import type {Environment} from '../../src/lib/cli/environment.ts'
import {directNetwork} from '../../src/lib/clients/reach/index.ts'
import {ConfigurationError, UsageError} from '../../src/lib/errors/index.ts'
import type {ServerHint} from '../../src/lib/runbook/bindings/index.ts'
import {web} from '../clients/orthanc/lab.ts'
import {NOW, PATIENT, served} from '../runbook/served.ts'

const SECRET = {metadata: {name: 'login'}, data: {password: Buffer.from('of the Secret').toString('base64')}}
const LOGIN: ServerHint = {
  workload: 'orthanc-read-api',
  addresses: [],
  source: '',
  tls: false,
  username: {kind: 'value', value: 'probe', source: 'ORTHANC_USERNAME'},
  password: {kind: 'Secret', candidates: [{name: 'login', key: 'password'}]},
  mechanism: null,
}
const POD = {host: 'orthanc-0', port: 8042}
const environment = (variables: Environment['variables']): Environment => ({
  variables,
  cwd: '/',
  home: '/',
  configDir: '/',
  now: () => NOW,
  random: () => 0.5,
})

async function session(isTls = false) {
  const place = {url: null, address: 'orthanc-read-api-service:80', tls: isTls}
  const catalogue = {...builtinCatalogue, servers: {...builtinCatalogue.servers, orthanc: place}}
  return {...(await served({secrets: [SECRET]}, {catalogue})), close: async () => {}}
}

test.each<[string, ServerOptions, Environment['variables'], object | null]>([
  ['nothing is given', {}, {}, null],
  [
    'the environment',
    {},
    {SAPOCHE_ORTHANC_USERNAME: 'ops', SAPOCHE_ORTHANC_PASSWORD: 'x'},
    {username: 'ops', password: 'x', source: 'SAPOCHE_ORTHANC_PASSWORD'},
  ],
  ["the workload's own", {'read-secrets': true}, {}, {username: 'probe', password: 'of the Secret', source: 'Secret login (key password)'}],
  ['of the embedded cluster flags alone count', {sandbox: 'baseline'}, {SAPOCHE_ORTHANC_PASSWORD: 'x'}, null],
])('who we are to a pod: %s', async (_, options, variables, credentials) => {
  const servers = new Servers(await session(), options, environment(variables), PATIENT)
  const access = await servers.orthancPod(POD, directNetwork, LOGIN)
  expect(access).toMatchObject({addresses: [POD], tls: null, path: '', credentials})
})

test('the certificate of a pod is for its service, unless another name is given', async () => {
  const of = async (options: ServerOptions, isTls: boolean) =>
    (await new Servers(await session(isTls), options, environment({}), PATIENT).orthancPod(POD, directNetwork, null)).tls
  expect(await of({}, true)).toEqual({ca: null, servername: 'orthanc-read-api-service'})
  expect(await of({tls: true, 'tls-server-name': 'pacs.example'}, false)).toEqual({ca: null, servername: 'pacs.example'})
})

const OPTIONS = {'request-timeout': 5000}
const around = (variables: Environment['variables'] = {}) => ({environment: environment(variables), signal: PATIENT})

test('by a URL: of Orthanc, and of a web server', async () => {
  const seen: (string | undefined)[] = []
  const port = await web((request, response) => {
    seen.push(`${request.url} ${request.headers.authorization === undefined ? 'nobody' : 'somebody'}`)
    response.end('20261123T031207')
  })
  const url = `http://ops:x@127.0.0.1:${port}/orthanc`
  const {orthanc} = withOrthanc(await session(), OPTIONS, around({SAPOCHE_ORTHANC_URL: url}))
  expect(orthanc.direct).toBe(`127.0.0.1:${port}`)
  const reader = await orthanc.open(null, null)
  expect((await reader.alive('user', PATIENT)).value).toBe(true)
  reader.close()
  const {reader: pages, path} = await orthanc.pages('design system', `http://127.0.0.1:${port}/design/`)
  expect((await pages.status(`${path}/`, PATIENT)).value).toBe(true)
  pages.close()
  expect(seen).toEqual(['/orthanc/tools/now somebody', '/design/ nobody'])
})

test('through the API server, unless there is a URL', async () => {
  const {orthanc} = withOrthanc(await session(), OPTIONS, around())
  expect(orthanc.direct).toBeNull()
  const reader = await orthanc.open({pod: 'orthanc-0', port: 8042}, null)
  expect([reader.where, reader.network, reader.who]).toEqual(['Orthanc at orthanc-0:8042', 'tunnel', null])
})

test('a URL that is none: 64 of the flag, 78 of the environment', async () => {
  const here = await session()
  expect(() => withOrthanc(here, {...OPTIONS, 'orthanc-url': 'orthanc:8042'}, around())).toThrow(UsageError)
  expect(() => withOrthanc(here, OPTIONS, around({SAPOCHE_ORTHANC_URL: 'orthanc:8042'}))).toThrow(ConfigurationError)
})
