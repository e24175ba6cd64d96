import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {createInterface} from 'node:readline'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import type {OrthancProbeReport, ProbeStep} from '../../src/lib/runbook/orthanc-probe/schema.ts'
import {appConfig} from '../../src/lib/sandbox/web-server.ts'
import {PROGRAM, type Run, type RunOptions} from '../package/program.ts'
import {startHttpFront, type HttpFront} from '../real/http-front.ts'
import {freePort} from '../real/processes.ts'
import {MARKER, type OrthancCase, type OrthancCaseOptions, type OrthancServers} from './orthanc-stage.ts'
import {deployment, openScene, reportOf, type DeploymentParts, type Scene} from './scene.ts'
import {type ServersTarget, writeFileFor} from './target.ts'

const PATIENCE_MS = 30_000
const PROBE = {name: 'probe', password: 'open-sesame', forbidden: []}
const CLERK = {name: 'clerk', password: 'open-sesame', forbidden: ['/changes', '/statistics']}
/** Credentials by the environment. */
export const asUser = (name: string, password = PROBE.password): RunOptions => ({
  env: {SAPOCHE_ORTHANC_USERNAME: name, SAPOCHE_ORTHANC_PASSWORD: password},
})
const asProbe = asUser('probe')

/** A namespace with an Orthanc, a viewer and a design system, each in a pod behind a service; the first two behind a front each. */
interface Place {
  readonly scene: Scene
  /** The catalogue's. */
  readonly file: string
  readonly orthanc: OrthancCase
  /** Of its container. */
  readonly port: number
  readonly front: HttpFront
  readonly viewer: HttpFront
  run(args?: readonly string[], options?: RunOptions): Promise<Run>
  /** The report, as soon as the ports of the pods are open: a simulated kubelet takes a moment. */
  report(args?: readonly string[], options?: RunOptions): Promise<Seen>
}
export interface Seen {
  readonly code: number | null
  readonly stderr: string
  readonly report: OrthancProbeReport
  /** Those of a name, in their order. */
  steps(name: ProbeStep['name']): readonly ProbeStep[]
}

interface PlaceOptions extends Partial<OrthancCaseOptions> {
  readonly type?: 'NodePort' | 'ClusterIP'
  readonly anonymous?: boolean
  readonly orthancParts?: DeploymentParts
  readonly viewerReplicas?: number
  readonly isListening?: boolean
  readonly isDicomListening?: boolean
}

/** `sapoche orthanc-probe` on any cluster with any Orthanc. */
export function orthancSuite(open: () => Promise<ServersTarget>, servers: OrthancServers): void {
  let target: ServersTarget
  const ending: (() => unknown)[] = []
  beforeAll(async () => {
    await servers.prepare()
    target = await open()
  })
  afterAll(() => target.close())
  afterEach(async () => {
    for (const end of ending.splice(0).toReversed()) await end()
  })

  async function place(options: PlaceOptions = {}, ends = ending): Promise<Place> {
    const {users = [PROBE, CLERK], type = 'NodePort', anonymous = false, orthancParts = {}} = options
    const orthanc = await servers.startOrthanc({...options, users})
    ends.push(() => orthanc.stop())
    const front = await startHttpFront(orthanc.port)
    ends.push(() => front.close())
    const web = await servers.startViewer({appConfig: appConfig('/dicom-web'), orthanc: front.port})
    ends.push(() => web.stop())
    const viewer = await startHttpFront(web.port)
    ends.push(() => viewer.close())
    const [port, webPort] = [await freePort(), await freePort()]
    if (options.isListening !== false) await target.openPort(port, front.port)
    if (options.isDicomListening !== false) await target.openPort(orthanc.dicomPort, orthanc.dicom)
    await target.openPort(webPort, viewer.port)
    const scene = await openScene(target, [])
    const catalogue = {
      namespace: scene.namespace,
      startupGrace: 0,
      categories: [{name: 'backend', singular: 'backend', title: 'Backend', match: ['*']}],
      workloads: ['orthanc', 'viewer', 'design'].map((name) => ({name, category: 'backend', baseline: 1})),
      services: [{name: 'orthanc', type, ports: [{port: 80}], workload: 'orthanc', anonymous}],
      servers: {orthanc: {address: 'orthanc:80'}, viewer: {address: 'viewer:80'}, designSystem: {address: 'design:80'}},
    }
    const file = await writeFileFor(target, `orthanc-${scene.namespace}.yaml`, JSON.stringify(catalogue))
    const service = (name: string, targetPort: number, kind = 'ClusterIP'): object => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {name},
      spec: {type: kind, selector: {app: name}, ports: [{name: 'http', port: 80, targetPort}]},
    })
    const webPorts = {ports: [{name: 'http', containerPort: webPort}]}
    const ports = [
      {name: 'http', containerPort: port},
      {name: 'dicom', containerPort: orthanc.dicomPort},
    ]
    const deployments = {
      orthanc: {...orthancParts, container: {ports, ...orthancParts.container}},
      viewer: {replicas: options.viewerReplicas ?? 1, container: webPorts},
      design: {container: webPorts},
    }
    await scene.create(
      service('orthanc', port, type),
      service('viewer', webPort),
      service('design', webPort),
      ...Object.entries(deployments).map(([name, parts]) => deployment(name, parts)),
    )
    for (const [name, {replicas = 1, labels}] of Object.entries<DeploymentParts>(deployments)) {
      if (labels === undefined) await settled(scene, name, replicas)
    }
    const run: Place['run'] = async (args = [], more = {}) => {
      const found = await target.sapoche(['orthanc-probe', '--catalogue', file, ...args], more)
      expect(found.stdout + found.stderr).not.toMatch(MARKER)
      return found
    }
    const report: Place['report'] = async (args = [], more = {}) => {
      for (const deadline = Date.now() + PATIENCE_MS; ;) {
        const found = seen(await run(['-o', 'json', ...args], more))
        if (!isYoung(found.report) || options.isListening === false || Date.now() > deadline) return found
      }
    }
    return {scene, file, orthanc, port, front, viewer, run, report}
  }

  describe('an Orthanc that is well, and its answers changed on the way', () => {
    let here: Place
    const ends: (() => unknown)[] = []
    beforeAll(async () => {
      here = await place({}, ends)
      await here.report()
    })
    afterAll(async () => {
      for (const end of ends.toReversed()) await end()
    })
    afterEach(() => {
      here.front.heal()
      here.viewer.heal()
    })

    test('without credentials: alive, and what was not looked at', async () => {
      const {code, stderr, report, steps} = await here.report()
      expect({code, stderr, verdict: report.verdict, through: report.through}).toEqual({
        code: 0,
        stderr: '',
        verdict: 'ok',
        through: 'tunnel',
      })
      expect(statuses(report)).toEqual({
        service: ['ok'],
        endpoints: ['ok'],
        pod: ['ok'],
        http: ['ok'],
        authentication: ['ok'],
        database: ['skipped'],
        storage: ['skipped'],
        dicom: ['skipped'],
        // The page, its configuration, and the root that it names.
        viewer: ['ok', 'ok', 'ok'],
        'design-system': ['ok'],
      })
      expect(steps('http')[0]?.ms).toBeGreaterThanOrEqual(0)
      expect(report.notChecked.join('\n')).toMatch(/database/)
      expect(report.notChecked.join('\n')).toMatch(/storage/)
    })

    test('--require what was skipped: unknown', async () => {
      const {code, report} = await here.report(['--require', 'database,storage'])
      expect({code, verdict: report.verdict}).toEqual({code: 3, verdict: 'unknown'})
      expect(statuses(report)).toMatchObject({database: ['unknown'], storage: ['unknown'], dicom: ['skipped']})
    })

    test('with credentials, deep, and DICOM: everything, and nothing of a patient in any format', async () => {
      const {code, report} = await here.report(['--deep', '--dicom'], asProbe)
      expect({code, statuses: statuses(report)}).toMatchObject({
        code: 0,
        statuses: {database: ['ok'], storage: ['ok'], dicom: ['ok'], viewer: ['ok', 'ok', 'ok']},
      })
      expect(report.orthanc).toMatchObject([{version: expect.stringMatching(/^1\./), failedJobs: 0, diskSize: expect.any(Number)}])
      for (const format of ['table', 'wide', 'yaml', 'junit', 'name']) {
        const {code: same, stdout} = await here.run(['--deep', '-o', format], asProbe)
        expect({code: same, stdout}).toEqual({code: 0, stdout: expect.any(String)})
      }
      // The one question that could be answered with patients is never read, and DICOMweb is asked for nobody.
      expect(here.viewer.seen.filter((request) => request.includes('dicom-web') && !/[?&](Patient|Study|000|0020)/i.test(request))).toEqual(
        [],
      )
    })

    test.each(['probe', 'nobody'])('wrong credentials of %s: 77', async (name) => {
      const {code, stdout, stderr} = await here.run([], asUser(name, 'wrong-one'))
      expect({code, stdout}).toEqual({code: 77, stdout: ''})
      expect(stderr).toMatch(new RegExp(`^sapoche: Orthanc at .*refuses user "${name}" with the password of SAPOCHE_ORTHANC_PASSWORD`))
      expect(stderr).not.toContain('wrong-one')
    })

    test('a user from whom routes are kept: unknown, and not down', async () => {
      const {code, report, steps} = await here.report(['--deep'], asUser('clerk'))
      expect({code, ...statuses(report)}).toMatchObject({code: 3, http: ['ok'], database: ['unknown'], storage: ['unknown']})
      expect(steps('database')[0]?.reason).toMatch(/403|not permitted|not allowed/)
    })

    test('a version that says less of itself: absent is not zero', async () => {
      const fields = Object.fromEntries(
        ['MaximumStorageSize', 'MaximumStorageMode', 'ReadOnly', 'DatabaseBackendPlugin', 'StorageAreaPlugin'].map((name) => [
          name,
          undefined,
        ]),
      )
      here.front.on(/^\/system/, {kind: 'amend', fields: {...fields, Version: '1.5.6'}})
      const {code, report} = await here.report(['--deep'], asProbe)
      expect(code).toBe(0)
      expect(report.orthanc).toMatchObject([{version: '1.5.6', maximumStorage: null, maximumStorageMode: null, readOnly: null}])
      expect(report.orthanc[0]?.diskSize).toBeGreaterThan(0)
    })

    test.each<[string, Readonly<Record<string, unknown>>, number, ProbeStep['status'], RegExp]>([
      ['nearly full, and deletes', {MaximumStorageSize: 100, MaximumStorageMode: 'Recycle'}, 1, 'warning', /Recycle|deletes/],
      ['nearly full, and refuses', {MaximumStorageSize: 100, MaximumStorageMode: 'Reject'}, 1, 'warning', /Reject|refuse|507/],
      ['without a limit', {MaximumStorageSize: 0, MaximumStorageMode: 'Recycle'}, 0, 'ok', /./],
    ])('storage %s', async (_, fields, code, status, words) => {
      here.front.on(/^\/system/, {kind: 'amend', fields})
      here.front.on(/^\/statistics/, {
        kind: 'amend',
        fields: {CountInstances: 1000, TotalDiskSize: String(95 * 1024 * 1024), TotalDiskSizeMB: 95},
      })
      const found = await here.report(['--deep'], asProbe)
      expect({code: found.code, step: found.steps('storage')[0]}).toMatchObject({
        code,
        step: {status, reason: expect.stringMatching(words)},
      })
    })

    test.each<[string, Parameters<HttpFront['on']>[1], RegExp]>([
      ['a page of HTML', {kind: 'answer', status: 200, type: 'text/html', body: '<html>Mustermann</html>'}, /HTML/],
      ['something else', {kind: 'answer', status: 200, type: 'application/json', body: '{"patient":"Mustermann"}'}, /not as an Orthanc/],
      ['half an answer', {kind: 'truncate'}, /whole|closed/],
      ['nothing', {kind: 'hang'}, /no whole answer within 1 s/],
    ])('the database answers with %s', async (_, instead, words) => {
      here.front.on(/^\/changes/, instead)
      const {report, steps} = await here.report(['--request-timeout', '1s'], asProbe)
      expect(steps('http')[0]?.status).toBe('ok')
      expect(steps('database')).toMatchObject([{reason: expect.stringMatching(words)}])
      expect(['critical', 'unknown']).toContain(steps('database')[0]?.status)
      expect(report.verdict).not.toBe('ok')
    })

    test('slow answers are answers, and how slow they are is told', async () => {
      here.front.on(/^\/changes/, {kind: 'delay', milliseconds: 400})
      const {code, steps} = await here.report([], asProbe)
      expect({code, status: steps('database')[0]?.status}).toEqual({code: 0, status: 'ok'})
      expect(steps('database')[0]?.ms).toBeGreaterThanOrEqual(400)
    })

    test('--request-timeout 0s: no limit, for DICOM neither', async () => {
      const {code, steps} = await here.report(['--dicom', '--request-timeout', '0s'], asProbe)
      expect({code, database: steps('database'), dicom: steps('dicom')}).toMatchObject({
        code: 0,
        database: [{status: 'ok'}],
        dicom: [{status: 'ok'}],
      })
    })

    test('DICOM: called by a title that is not its own, it refuses, and so speaks', async () => {
      here.front.on(/^\/system/, {kind: 'amend', fields: {DicomAet: 'SOMEBODY'}})
      const {code, steps} = await here.report(['--dicom'], asProbe)
      expect({code, step: steps('dicom')[0]}).toMatchObject({
        code: 1,
        step: {status: 'warning', reason: expect.stringMatching(/called AE title/)},
      })
    })

    test('DICOM: again and again, for each association is released: Orthanc has threads for four', async () => {
      for (let round = 0; round < 6; round++) {
        const {steps} = await here.report(['--dicom', '--request-timeout', '3s'], asProbe)
        expect({round, dicom: steps('dicom')}).toMatchObject({round, dicom: [{status: 'ok'}]})
      }
    })

    test('DICOM: at a port of something else', async () => {
      here.front.on(/^\/system/, {kind: 'amend', fields: {DicomPort: here.port}})
      const {code, steps} = await here.report(['--dicom', '--request-timeout', '2s'], asProbe)
      expect({code, status: steps('dicom')[0]?.status}).toEqual({code: 2, status: 'critical'})
    })

    test('all of it is silent: that is the answer', async () => {
      here.front.on(/^/, {kind: 'hang'})
      const {code, report, steps} = await here.report(['--request-timeout', '1s'], asProbe)
      expect({code, http: steps('http').map(({status}) => status)}).toEqual({code: 2, http: ['critical']})
      // The viewer's page does not rest on Orthanc.
      expect(statuses(report)).toMatchObject({database: ['skipped'], 'design-system': ['ok']})
    })

    test.each<[string, number, string, ProbeStep['status'], RegExp]>([
      ['another web server', 200, '<html>Welcome to nginx!</html>', 'critical', /HTML/],
      ['a login page in front of it', 302, '', 'unknown', /302.*not followed/],
      ['a proxy that does not reach it', 502, '<html>Bad Gateway</html>', 'critical', /502/],
    ])('in its place answers %s', async (_, status, body, wished, words) => {
      here.front.on(/^/, {kind: 'answer', status, type: 'text/html', body})
      const {code, steps} = await here.report([], asProbe)
      expect({code, http: steps('http')}).toMatchObject({
        code: wished === 'critical' ? 2 : 3,
        http: [{status: wished, reason: expect.stringMatching(words)}],
      })
    })

    test('by a URL, past the API server', async () => {
      const {code, report} = await here.report(['--deep', '--orthanc-url', `http://127.0.0.1:${here.front.port}`], asProbe)
      expect({code, through: report.through, ...statuses(report)}).toMatchObject({
        code: 0,
        through: 'direct',
        database: ['ok'],
        storage: ['ok'],
      })
      here.front.on(/^/, {kind: 'hang'})
      const silent = await here.report(['--orthanc-url', `http://127.0.0.1:${here.front.port}`, '--request-timeout', '1s'], asProbe)
      expect({code: silent.code, http: statuses(silent.report)['http']}).toEqual({code: 2, http: ['critical']})
    })

    test.each<[string, string | null, number, ProbeStep['status'], RegExp]>([
      ['that has no root', appConfig(null), 1, 'warning', /qidoRoot|wadoRoot|root/],
      ['whose root only the cluster knows', appConfig('http://orthanc/dicom-web'), 1, 'warning', /browser|cluster/],
      ['that is the page itself', null, 2, 'critical', /app-config\.js is not there/],
    ])('the viewer with a configuration %s', async (_, config, least, status, words) => {
      const [type, body] = config === null ? ['text/html', '<!DOCTYPE html><html></html>'] : ['application/javascript', config]
      here.viewer.on(/^\/app-config/, {kind: 'answer', status: 200, type, body})
      const found = await here.report()
      const bad = found.steps('viewer').filter((step) => step.status !== 'ok')
      expect(bad.map(({reason}) => reason).join('; ')).toMatch(words)
      expect([status, 'critical']).toContain(bad[0]?.status)
      expect(found.code).toBeGreaterThanOrEqual(least)
    })

    test('a root with a path that Orthanc does not have', async () => {
      here.viewer.on(/^\/dicom-web/, {kind: 'answer', status: 404, type: 'text/html', body: ''})
      const found = await here.report([], asProbe)
      expect(found.steps('viewer').filter(({status}) => status !== 'ok')).toMatchObject([{reason: expect.stringMatching(/404/)}])
      expect([1, 2]).toContain(found.code)
    })

    test('pages that fail', async () => {
      here.viewer.on(/^\/$/, {kind: 'answer', status: 502, type: 'text/html', body: ''})
      const found = await here.report()
      expect(found.steps('viewer')[0]).toMatchObject({reason: expect.stringMatching(/502/)})
      expect(found.steps('design-system')[0]).toMatchObject({reason: expect.stringMatching(/502/)})
      expect(found.steps('http')[0]?.status).toBe('ok')
      expect([1, 2]).toContain(found.code)
    })

    test('--watch: a line for each look until Ctrl-C, with the code of the last verdict', async () => {
      const args = [PROGRAM, 'orthanc-probe', '--watch', '--interval', '300ms', '-o', 'json', '--catalogue', here.file]
      const watch = spawn(process.execPath, args, {
        env: {PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: target.kubeconfig, ...asProbe.env},
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      ending.push(() => watch.kill('SIGKILL'))
      const lines = createInterface(watch.stdout)[Symbol.asyncIterator]()
      const next = async (): Promise<OrthancProbeReport> => JSON.parse(String((await lines.next()).value)) as OrthancProbeReport
      expect(await next()).toMatchObject({kind: 'OrthancProbeReport', verdict: 'ok'})
      here.front.on(/^\/changes/, {
        kind: 'answer',
        status: 503,
        type: 'application/json',
        body: JSON.stringify({HttpStatus: 503, OrthancStatus: 36}),
      })
      let report = await next()
      while (report.verdict === 'ok') report = await next()
      expect(report.verdict).toBe('critical')
      watch.kill('SIGINT')
      expect(((await once(watch, 'close')) as [number | null])[0]).toBe(2)
    })
  })

  describe('who may come in', () => {
    test('everybody, at a port of the nodes: critical, also for who has credentials', async () => {
      const {report} = await place({users: []})
      for (const options of [{}, asProbe]) {
        const {code, steps} = await report([], options)
        expect({code, steps: steps('authentication')}).toMatchObject({
          code: 2,
          steps: [{status: 'critical', reason: expect.stringMatching(/without credentials/)}],
        })
      }
    })

    test('everybody, which the catalogue accepts', async () => {
      const {report} = await place({users: [], anonymous: true})
      const found = await report()
      expect({code: found.code, ...statuses(found.report)}).toMatchObject({code: 0, authentication: ['ok'], database: ['ok']})
    })

    test('everybody inside of the cluster: no alarm', async () => {
      const {report} = await place({users: [], type: 'ClusterIP'})
      const found = await report()
      expect(found.steps('authentication')[0]?.status).not.toBe('critical')
      expect([0, 1]).toContain(found.code)
    })

    test('the credentials of its own Secret', async () => {
      const secret = (key: string): object => ({secretKeyRef: {name: 'login', key}})
      const env = [
        {name: 'ORTHANC_USERNAME', valueFrom: secret('user')},
        {name: 'ORTHANC_PASSWORD', valueFrom: secret('password')},
      ]
      const {scene, report} = await place({orthancParts: {container: {env}}})
      const encode = (text: string): string => Buffer.from(text).toString('base64')
      await scene.create({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {name: 'login'},
        data: {user: encode(PROBE.name), password: encode(PROBE.password)},
      })
      const found = await report(['--read-secrets'])
      expect({code: found.code, ...statuses(found.report)}).toMatchObject({code: 0, database: ['ok']})
      expect(JSON.stringify(found.report)).not.toContain(PROBE.password)
    })
  })

  describe('what ails it', () => {
    test('its database is down, and nothing else', async () => {
      const {orthanc, report} = await place({isLosable: true})
      expect((await report([], asProbe)).code).toBe(0)
      await orthanc.loseDatabase()
      const found = await report(['--deep'], asProbe)
      expect({code: found.code, ...statuses(found.report)}).toMatchObject({
        code: 2,
        http: ['ok'],
        database: ['critical'],
        'design-system': ['ok'],
      })
      expect(found.steps('database')[0]?.reason).toMatch(/503.*database is unavailable/)
      expect(found.report.next.length).toBeGreaterThan(0)
      // Without credentials nobody can tell.
      expect((await report()).code).toBe(0)
    })

    test('its storage is full, and refuses', async () => {
      const {orthanc, front, report} = await place({limitMegabytes: 2})
      front.on(/^\/system/, {kind: 'amend', fields: {MaximumStorageSize: 2, MaximumStorageMode: 'Reject'}})
      expect((await report(['--deep'], asProbe)).steps('storage')[0]).toMatchObject({
        status: 'ok',
        reason: expect.stringMatching(/ of 2Mi /),
      })
      front.heal()
      front.on(/^\/system/, {kind: 'amend', fields: await orthanc.fill()})
      const {code, steps} = await report(['--deep'], asProbe)
      expect({code, steps: steps('storage')}).toMatchObject({
        code: 2,
        steps: [{status: 'critical', reason: expect.stringMatching(/full.*(Reject|refuse|507)|(Reject|refuse|507).*full/)}],
      })
    })

    test('a job that failed', async () => {
      const {orthanc, report} = await place()
      await orthanc.failJob()
      const {code, report: found, steps} = await report(['--deep'], asProbe)
      expect(found.orthanc).toMatchObject([{failedJobs: 1}])
      expect({code, step: steps('storage')[0]}).toMatchObject({
        code: 1,
        step: {status: 'warning', reason: expect.stringMatching(/1 job.*failed/)},
      })
    })

    test('nothing listens in its pod: that is the answer', async () => {
      const {report} = await place({isListening: false})
      const {code, steps} = await report()
      expect({code, steps: steps('http')}).toMatchObject({code: 2, steps: [{status: 'critical'}]})
    })

    test('nothing listens at its DICOM port', async () => {
      const {run} = await place({isDicomListening: false})
      const found = seen(await run(['--dicom', '-o', 'json'], asProbe))
      expect({code: found.code, dicom: found.steps('dicom')}).toMatchObject({code: 2, dicom: [{status: 'critical'}]})
    })

    test('a title of its own: known with credentials, guessed without', async () => {
      const {report} = await place({aet: 'PACS_READ'})
      const known = await report(['--dicom'], asProbe)
      expect({code: known.code, dicom: known.steps('dicom')}).toMatchObject({code: 0, dicom: [{status: 'ok', reason: 'C-ECHO'}]})
      const guessed = await report(['--dicom'])
      expect({code: guessed.code, dicom: guessed.steps('dicom')}).toMatchObject({
        code: 0,
        dicom: [{status: 'ok', reason: expect.stringMatching(/called AE title/)}],
      })
    })

    test('no pod: that is the answer, and where to look', async () => {
      const {report} = await place({orthancParts: {replicas: 0}})
      const found = await report()
      expect(found.code).toBe(2)
      expect(found.steps('endpoints')[0]?.status).toBe('critical')
      expect(statuses(found.report)).toMatchObject({'design-system': ['ok']})
      expect(found.report.next.length).toBeGreaterThan(0)
    })

    test('its pod crashes', async () => {
      const {report} = await place({orthancParts: {labels: {'sapoche.test/state': 'crashloop'}}})
      const crashes = async (): Promise<Seen> => {
        for (const deadline = Date.now() + PATIENCE_MS; ;) {
          const found = await report()
          if (JSON.stringify(found.report.steps).includes('CrashLoopBackOff') || Date.now() > deadline) return found
        }
      }
      const found = await crashes()
      expect({code: found.code, reasons: found.report.steps.map(({reason}) => reason).join('\n')}).toEqual({
        code: 2,
        reasons: expect.stringContaining('CrashLoopBackOff'),
      })
      expect(found.report.next.join('\n')).toMatch(/logs orthanc/)
    })

    test('each of two pods is asked', async () => {
      const {report} = await place({orthancParts: {replicas: 2}})
      const {report: found} = await report([], asProbe)
      expect(statuses(found)).toMatchObject({pod: ['ok', 'ok'], http: ['ok', 'ok'], database: ['ok', 'ok']})
    })

    test('the viewer has no pod: Orthanc is well all the same', async () => {
      const {report} = await place({viewerReplicas: 0})
      const found = await report()
      expect(statuses(found.report)).toMatchObject({http: ['ok'], 'design-system': ['ok']})
      expect(['critical', 'warning']).toContain(found.steps('viewer')[0]?.status)
      expect([1, 2]).toContain(found.code)
    })
  })
}

/** The statuses of the steps by name. */
export function statuses({steps}: OrthancProbeReport): Record<string, string[]> {
  const groups = Map.groupBy(steps, ({name}) => name)
  return Object.fromEntries([...groups].map(([name, group]) => [name, group.map(({status}) => status)]))
}

export function seen(run: Run): Seen {
  expect(run.stdout).not.toContain('"kind":"Error"')
  const report = reportOf<OrthancProbeReport>(run, 'OrthancProbeReport')
  return {code: run.code, stderr: run.stderr, report, steps: (name) => report.steps.filter((step) => step.name === name)}
}

/** Whether a port is not open yet. */
export function isYoung({steps}: OrthancProbeReport): boolean {
  return steps.some(({reason}) => /port \d+ of pod .* can't be reached/.test(reason))
}

async function settled(scene: Scene, name: string, replicas: number): Promise<void> {
  await scene.waitFor(scene.at('apps/v1', 'deployments', name), (object) => {
    const {status} = object as {status?: {observedGeneration?: number; readyReplicas?: number}}
    return (status?.observedGeneration ?? 0) > 0 && (status?.readyReplicas ?? 0) === replicas
  })
}
