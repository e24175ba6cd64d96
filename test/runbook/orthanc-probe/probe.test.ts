import {Socket} from 'node:net'
import {describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {directNetwork, type Network} from '../../../src/lib/clients/reach/index.ts'
import {ConfigurationError, RefusedError, TimedOutError, UnreachableError, UsageError} from '../../../src/lib/errors/index.ts'
import {crashing, DAY, MINUTE, unavailable, unready} from '../../workload/build.ts'
import {orthancListener} from '../../../src/lib/sandbox/orthanc-server.ts'
import {HEALTHY} from '../../../src/lib/sandbox/orthanc.ts'
import {PATIENT} from '../served.ts'
import {brief, lab, type LabOptions, LOGIN, NOW, stepOf} from './lab.ts'

type Json = Readonly<Record<string, unknown>>

/** Where nothing listens at this port. */
function deaf(port: number): Network {
  const error = Object.assign(new Error('refused'), {code: 'ECONNREFUSED'})
  return {...directNetwork, connect: (address) => (address.port === port ? new Socket().destroy(error) : directNetwork.connect(address))}
}

const POD = 'orthanc-read-api-0'
const down = {status: {readyReplicas: 0, availableReplicas: 0}, conditions: [unavailable(10 * MINUTE)]}

describe('layer by layer', () => {
  test('all is well', async () => {
    const report = await (await lab()).probe({deep: true, dicom: true})
    expect(report).toMatchObject({verdict: 'ok', through: 'tunnel', next: [], notChecked: [], warnings: []})
    expect(report.steps.map(({name, target, status, ms}) => [name, target, status, ms])).toEqual([
      ['service', 'orthanc-read-api-service', 'ok', null],
      ['endpoints', 'orthanc-read-api-service', 'ok', null],
      ['pod', POD, 'ok', null],
      ...['http', 'authentication', 'database', 'storage', 'dicom'].map((name) => [name, POD, 'ok', expect.any(Number)]),
      ['viewer', 'diag-dicom-viewer-nginx', 'ok', expect.any(Number)],
      ['viewer', 'app-config.js', 'ok', expect.any(Number)],
      ['viewer', '/dicom-web', 'ok', expect.any(Number)],
      ['design-system', 'diag-design-system-nginx', 'ok', expect.any(Number)],
    ])
    expect(report.orthanc).toMatchObject([{target: POD, version: '1.12.9', readOnly: false, failedJobs: 0, maximumStorageMode: 'Reject'}])
  })

  test('what is asked: five lists of the cluster, and of Orthanc nothing that lists patients', async () => {
    const seen: string[] = []
    const state = {...HEALTHY, users: [{...LOGIN, forbidden: []}]}
    const listener = orthancListener({state: () => state, now: () => NOW})
    const here = await lab({
      orthanc: (request, response) => {
        seen.push(`${request.headers.authorization === undefined ? 'nobody' : 'ops'} ${request.url}`)
        listener(request, response)
      },
    })
    await here.probe({deep: true})
    expect(here.sources.requests.map(({path}) => path.replace(/^.*\//, '')).sort()).toEqual([
      'deployments',
      'endpointslices',
      'pods',
      'replicasets',
      'services',
    ])
    expect(seen).toEqual([
      'nobody /tools/now',
      'nobody /studies?since=0&limit=1',
      'ops /system',
      'ops /changes?last',
      'ops /statistics',
      'ops /jobs?expand',
    ])
  })

  test('jobs that failed: how many, and nothing of what they were about', async () => {
    const here = await lab({state: {failedJobs: 2}})
    const report = await here.probe({deep: true})
    expect(report.orthanc[0]?.failedJobs).toBe(2)
    expect(stepOf(report, 'storage')).toMatchObject({status: 'warning', reason: expect.stringMatching(/; 2 jobs failed in the last hour$/)})
  })

  test('without credentials: alive, and what was not looked at', async () => {
    const here = await lab({login: null})
    const report = await here.probe()
    expect(report).toMatchObject({
      verdict: 'ok',
      notChecked: ['database (needs credentials: --read-secrets)', 'storage (--deep)', 'dicom (--dicom)'],
    })
    expect(brief(report)).toEqual(
      expect.arrayContaining(['http ok', 'authentication ok', 'database skipped', 'storage skipped', 'dicom skipped']),
    )
    const strict = await here.probe({require: ['database', 'storage']})
    expect(strict.verdict).toBe('unknown')
    expect(stepOf(strict, 'database')).toMatchObject({status: 'unknown', reason: 'required, and not looked at: needs credentials'})
    expect(strict.notChecked).toEqual(['dicom (--dicom)'])
  })

  test.each<[string, (dicom: number) => readonly Json[], string, RegExp]>([
    [
      'by its name',
      (dicom) => [
        {name: 'http', containerPort: 8042},
        {name: 'dicom', containerPort: dicom},
      ],
      'ok',
      /^C-ECHO$/,
    ],
    ['because it is the only other', (dicom) => [{containerPort: 8042}, {containerPort: dicom}], 'ok', /^C-ECHO$/],
    ['or not', () => [{containerPort: 8042}], 'unknown', /port 4242 is a guess/],
  ])('the port for DICOM is found without credentials: %s', async (_, ports, status, reason) => {
    const report = await (await lab({login: null, ports, network: deaf(4242)})).probe({dicom: true})
    expect(stepOf(report, 'dicom')).toMatchObject({status, reason: expect.stringMatching(reason)})
  })

  test('wrong credentials: 77', async () => {
    const here = await lab({login: {...LOGIN, password: 'wrong'}})
    await expect(here.probe()).rejects.toThrow(RefusedError)
    await expect(here.probe()).rejects.toThrow(/refuses user "ops" with the password of SAPOCHE_ORTHANC_PASSWORD$/)
  })

  test('the login of the workload is taken where it is asked for', async () => {
    const from = (key: string) => ({secretKeyRef: {name: 'login', key}})
    const here = await lab({
      env: [
        {name: 'ORTHANC_USERNAME', value: 'ops'},
        {name: 'ORTHANC_PASSWORD', valueFrom: from('password')},
      ],
    })
    await here.probe()
    await here.probe({'read-secrets': true})
    expect(here.logins).toEqual([
      null,
      expect.objectContaining({
        workload: 'orthanc-read-api',
        username: {kind: 'value', value: 'ops', source: 'ORTHANC_USERNAME'},
        password: {kind: 'Secret', candidates: [{name: 'login', key: 'password'}]},
      }),
    ])
  })

  test.each<[string, LabOptions, string, string, RegExp]>([
    ['a NodePort', {}, 'critical', 'critical', /gives studies without credentials.*NodePort 30635: whoever reaches a node/],
    ['a LoadBalancer', {type: 'LoadBalancer'}, 'critical', 'critical', /LoadBalancer.*whoever reaches its address/],
    // The type is not what the catalogue expects: that is its own warning.
    ['inside of the cluster', {type: 'ClusterIP'}, 'warning', 'ok', /within the cluster alone \(ClusterIP\)/],
    [
      'as the catalogue says',
      {catalogue: {...builtinCatalogue, services: builtinCatalogue.services.map((service) => ({...service, anonymous: true}))}},
      'ok',
      'ok',
      /as the catalogue says/,
    ],
  ])('open to everybody: %s, with and without credentials', async (_, options, verdict, status, reason) => {
    for (const login of [LOGIN, null]) {
      const report = await (await lab({...options, login, state: {users: []}})).probe()
      expect(stepOf(report, 'authentication')).toMatchObject({status, reason: expect.stringMatching(reason)})
      expect([report.verdict, stepOf(report, 'database').status]).toEqual([verdict, 'ok'])
      if (status === 'critical') expect(report.next[0]).toBe('sapoche env orthanc-read-api --match ORTHANC')
    }
  })

  test('the database is down: what rests on it is skipped, what does not is looked at', async () => {
    const report = await (await lab({state: {isDatabaseUp: false}})).probe({deep: true, dicom: true})
    expect(report.verdict).toBe('critical')
    expect(brief(report)).toEqual(
      expect.arrayContaining(['http ok', 'authentication ok', 'database critical', 'storage skipped', 'dicom ok', 'design-system ok']),
    )
    expect(stepOf(report, 'database').reason).toBe('/changes?last answers 503 Service Unavailable: the database is unavailable')
    expect(report.next[0]).toBe('sapoche logs orthanc-read-api --level error')
    expect(report.notChecked).toEqual(['storage (needs database)'])
  })

  test('a route that is kept from this user: unknown, and not down', async () => {
    const state = {users: [{...LOGIN, forbidden: ['/changes', '/statistics', '/jobs']}]}
    const report = await (await lab({state})).probe({deep: true})
    expect(stepOf(report, 'database')).toMatchObject({status: 'unknown', reason: '/changes is not permitted for this user'})
    expect(stepOf(report, 'storage')).toMatchObject({
      status: 'unknown',
      reason: '/statistics is not permitted for this user; /jobs is not permitted for this user',
    })
    expect([report.verdict, report.next]).toEqual(['unknown', []])
  })

  test('nothing listens in its pod: that is the answer', async () => {
    const report = await (await lab({closed: [POD]})).probe({deep: true, dicom: true})
    expect(brief(report).slice(3, 8)).toEqual([
      'http critical',
      'authentication skipped',
      'database skipped',
      'storage skipped',
      'dicom skipped',
    ])
    expect(stepOf(report, 'http').reason).toMatch(/is down: connection refused$/)
    expect(report.next).toEqual(['sapoche logs orthanc-read-api', 'sapoche forward orthanc-read-api-service 8042:80'])
  })

  test.each<[string, NonNullable<LabOptions['orthanc']>, string, RegExp]>([
    ['HTML', (_, response) => void response.setHeader('content-type', 'text/html').end('<html>'), 'critical', /HTML/],
    ['a login page elsewhere', (_, response) => void response.writeHead(302, {location: '/login'}).end(), 'unknown', /sends elsewhere/],
    ['502 of a proxy', (_, response) => void response.writeHead(502).end(), 'critical', /502 Bad Gateway/],
    ['nothing', () => {}, 'critical', /no whole answer within 0.2 s/],
    ['half of it', (request) => void request.socket.destroy(), 'critical', /closed before/],
  ])('HTTP is answered with %s', async (_, orthanc, status, reason) => {
    const report = await (await lab({orthanc, timeoutMs: 200})).probe()
    expect(stepOf(report, 'http')).toMatchObject({status, reason: expect.stringMatching(reason)})
    expect(stepOf(report, 'authentication')).toMatchObject({status: 'skipped', reason: 'needs http', ms: null})
    expect(report.verdict).toBe(status)
  })
})

test('nobody asks again and again without a pause', async () => {
  const {live} = await lab()
  await expect(live({interval: 0}).follow(PATIENT).next()).rejects.toThrow(UsageError)
})

describe('the cluster around it', () => {
  test.each<[string, LabOptions, string[], RegExp, string]>([
    [
      'no service',
      {without: ['orthanc-read-api-service']},
      ['service critical', 'pod skipped', 'http skipped'],
      /^not in the cluster$/,
      'sapoche catalogue diff',
    ],
    [
      'no pod, and none wanted by mistake',
      {pods: {'orthanc-read-api': []}},
      ['service ok', 'endpoints critical', 'pod critical'],
      /^no ready endpoints/,
      'sapoche scale orthanc-read-api --to-baseline',
    ],
    [
      'its pod crashes',
      {
        pods: {'orthanc-read-api': [{containers: [crashing()], ready: false}]},
        deployment: down,
        closed: [POD],
      },
      ['service ok', 'endpoints critical', 'pod critical', 'http critical'],
      /^no ready endpoints; the workload behind it is down$/,
      'sapoche logs orthanc-read-api --previous',
    ],
    [
      'one of two pods is not ready',
      {
        pods: {'orthanc-read-api': [{}, {containers: [unready()], ready: false}]},
        deployment: {status: {readyReplicas: 1, availableReplicas: 1}, conditions: [unavailable(DAY)]},
      },
      ['service ok', 'endpoints ok', 'pod ok', 'http ok'],
      /^1 ready$/,
      'sapoche events orthanc-read-api',
    ],
  ])('%s', async (_, options, expected, endpoints, next) => {
    const report = await (await lab(options)).probe()
    expect(brief(report).slice(0, expected.length)).toEqual(expected)
    expect(report.steps.find(({name, reason}) => (name === 'endpoints' || name === 'service') && endpoints.test(reason))).toBeDefined()
    expect(report.next).toContain(next)
    expect(brief(report)).toEqual(expect.arrayContaining(['viewer ok', 'design-system ok']))
  })

  test.each<[string, LabOptions['selector'], string, RegExp]>([
    ['has no selector', null, 'unknown', /selects no pods; --orthanc-url/],
    ['selects none of its pods', {app: 'other'}, 'critical', /^the service selects none$/],
  ])('a service that %s: no false calm', async (_, selector, verdict, reason) => {
    const report = await (await lab({selector})).probe()
    expect([report.verdict, stepOf(report, 'pod').reason]).toEqual([verdict, expect.stringMatching(reason)])
    expect(stepOf(report, 'http')).toMatchObject({status: 'skipped', reason: 'no pod runs'})
  })

  test('a port that the service has not', async () => {
    const servers = {...builtinCatalogue.servers, orthanc: {url: null, address: 'orthanc-read-api-service:8080', tls: false}}
    const report = await (await lab({catalogue: {...builtinCatalogue, servers}})).probe()
    expect(stepOf(report, 'http')).toMatchObject({status: 'unknown', reason: 'port 8080 of the service leads to no port of the pod'})
    expect(stepOf(report, 'authentication').status).toBe('skipped')
    expect(report.verdict).toBe('unknown')
  })

  test('a pod that starts: what runs in it can be asked, what does not run not', async () => {
    const pods = {'orthanc-read-api': [{phase: 'Pending', ready: false, containers: [{ready: false}]}]}
    const report = await (await lab({pods, deployment: down})).probe()
    expect(stepOf(report, 'pod')).toMatchObject({status: 'critical', reason: expect.stringContaining('0/1 containers ready')})
    expect(stepOf(report, 'http')).toMatchObject({status: 'skipped', reason: 'the pod does not run'})
  })

  test('each pod is asked', async () => {
    const report = await (await lab({pods: {'orthanc-read-api': [{}, {}]}, closed: ['orthanc-read-api-1']})).probe()
    expect(report.steps.filter(({name}) => name === 'http').map(({target, status}) => [target, status])).toEqual([
      ['orthanc-read-api-0', 'ok'],
      ['orthanc-read-api-1', 'critical'],
    ])
  })

  test('by a URL: one server, and the cluster besides', async () => {
    const well = await (await lab({direct: true})).probe()
    expect(brief(well).slice(0, 4)).toEqual(['service ok', 'endpoints ok', 'pod ok', 'http ok'])
    const report = await (await lab({direct: true, pods: {'orthanc-read-api': []}})).probe()
    expect(report.through).toBe('direct')
    expect(stepOf(report, 'http')).toMatchObject({target: expect.stringMatching(/^127\.0\.0\.1:\d+$/), status: 'ok'})
    expect(stepOf(report, 'endpoints').status).toBe('critical')
  })

  test('endpoint slices can not be read', async () => {
    const report = await (await lab({forbidden: ['endpointslices']})).probe()
    expect(stepOf(report, 'endpoints')).toMatchObject({status: 'unknown', reason: "endpoint slices can't be read"})
    expect(report.warnings).toMatchObject([{code: 'refused'}])
  })

  test.each(['services', 'pods'])('%s can not be read: 77', async (plural) => {
    await expect((await lab({forbidden: [plural]})).probe()).rejects.toThrow(RefusedError)
  })

  test('an address that is no service of the namespace: 78', async () => {
    const servers = {...builtinCatalogue.servers, orthanc: {url: null, address: 'pacs.example.org:80', tls: false}}
    await expect((await lab({catalogue: {...builtinCatalogue, servers}})).probe()).rejects.toThrow(ConfigurationError)
  })

  const lost = (error: Error, isLost: (port: number) => boolean): Network => ({
    ...directNetwork,
    connect: (address) => (isLost(address.port) ? new Socket().destroy(error) : directNetwork.connect(address)),
  })

  test('the way is lost to every server: that is no answer', async () => {
    const error = new TimedOutError('no answer from port 8042 of pod x within 10 s')
    await expect((await lab({network: lost(error, () => true)})).probe()).rejects.toBe(error)
  })

  test('the way is lost to a server without ready endpoints: those are the answer', async () => {
    const error = new UnreachableError('no route to node-b')
    const pods = {'orthanc-read-api': [{containers: [unready()], ready: false}]}
    const report = await (await lab({pods, deployment: down, network: lost(error, () => true)})).probe()
    expect([report.verdict, ...brief(report).slice(0, 5)]).toEqual([
      'critical',
      'service ok',
      'endpoints critical',
      'pod critical',
      'http unknown',
      'authentication skipped',
    ])
    expect(report.next[0]).toBe('sapoche events orthanc-read-api')
  })

  test('the way is lost to one of two: unknown', async () => {
    let first: number | null = null
    const error = new RefusedError('not allowed to create pods/portforward')
    const network = lost(error, (port) => (first ??= port) === port)
    // Both pods end at the same port; the closed one's is another.
    const report = await (await lab({pods: {'orthanc-read-api': [{}, {}]}, closed: ['orthanc-read-api-1'], network})).probe()
    expect(report.steps.filter(({name}) => name === 'http').map(({status}) => status)).toEqual(['unknown', 'critical'])
    expect(report.next).toContain('sapoche doctor')
  })
})

describe('viewer and design system', () => {
  test.each<[string, string | null, string, RegExp]>([
    ['no roots', 'window.config = {}', 'critical', /app-config\.js names neither qidoRoot nor wadoRoot/],
    ['the page in its place', '<!DOCTYPE html>', 'critical', /app-config\.js is not there: the page is the answer/],
    [
      "a root on a name of the cluster's",
      "{qidoRoot: 'http://orthanc-read-api-service/dicom-web'}",
      'warning',
      /^qidoRoot: orthanc-read-api-service is known in the cluster alone/,
    ],
    ['a wrong path there', "{qidoRoot: 'http://orthanc-read-api-service/dicomweb'}", 'critical', /DICOMweb there answers 404 Not Found/],
    ['a name that nothing has', "{qidoRoot: 'http://orthanc:8042/dicom-web'}", 'critical', /orthanc is no service of the namespace/],
    ['a root that is a page', "{qidoRoot: '/dicomweb'}", 'critical', /DICOMweb there answers with a page of HTML, and not as DICOMweb/],
    ['the port of a node', "{qidoRoot: 'http://10.0.0.7:30635/dicom-web'}", 'ok', /^$/],
    ['a root outside', "{qidoRoot: 'https://pacs.example.org/dicom-web'}", 'skipped', /outside of the cluster, where nothing is sent/],
    ['a root that is computed', '{qidoRoot: rootOf(window)}', 'skipped', /is computed in the browser/],
  ])('%s', async (_, config, status, reason) => {
    const report = await (await lab({config})).probe()
    const last = report.steps.filter(({name}) => name === 'viewer').at(-1)
    expect(last).toMatchObject({status, reason: expect.stringMatching(reason)})
    expect(report.verdict).toBe(status === 'skipped' ? 'ok' : status)
    expect(stepOf(report, 'design-system').status).toBe('ok')
  })

  test('no pod of the viewer', async () => {
    const report = await (await lab({pods: {'diag-dicom-viewer-nginx': []}})).probe()
    expect(report.steps.filter(({name}) => name === 'viewer').map(({target, status, reason}) => [target, status, reason])).toEqual([
      ['diag-dicom-viewer-nginx', 'critical', expect.stringMatching(/^no ready endpoints/)],
      ['app-config.js', 'skipped', 'needs the page'],
    ])
    expect(report.next).toContain('sapoche scale diag-dicom-viewer-nginx --to-baseline')
  })

  test('the catalogue names none', async () => {
    const nowhere = {url: null, address: null, tls: false}
    const servers = {...builtinCatalogue.servers, viewer: nowhere, designSystem: nowhere}
    const report = await (await lab({catalogue: {...builtinCatalogue, servers}})).probe({require: ['viewer']})
    expect(stepOf(report, 'viewer').status).toBe('unknown')
    expect(report.notChecked).toContain('design-system (the catalogue names none)')
  })
})
