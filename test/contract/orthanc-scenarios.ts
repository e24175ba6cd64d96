import {once} from 'node:events'
import {spawn} from 'node:child_process'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import {PROGRAM, type Run, type RunOptions} from '../package/program.ts'
import {freePort, waitUntil} from '../real/processes.ts'
import {asUser, isYoung, type Seen, seen, statuses} from './orthanc.ts'
import {MARKER} from './orthanc-stage.ts'
import {reportOf} from './scene.ts'
import type {Person, Rule, Target} from './target.ts'

export type OrthancScenario = 'baseline' | 'orthanc-db-down' | 'orthanc-open' | 'viewer-misconfigured'

/** The runbook's namespace as a scenario left it, with an Orthanc behind its pods. */
export interface OrthancSituation {
  readonly target: Target
  /** Of somebody whom Orthanc lets in. */
  readonly login: {readonly name: string; readonly password: string}
  close(): Promise<void>
}

const NAMESPACE = 'sapoche'
const WAIT = {timeout: 30_000}

const RULES: readonly Rule[] = rolesFor('orthanc-probe', NAMESPACE).items.flatMap(({rules}) =>
  rules.flatMap(({apiGroups, resources, verbs}) =>
    resources.flatMap((resource) => verbs.map((verb) => ({apiGroups, resources: [resource], verbs: [verb]}))),
  ),
)
const nameOf = ({resources, verbs}: Rule): string => `${verbs[0]} ${resources[0]}`
const ALLOWED: Person = {name: 'probe-allowed', rules: RULES, clusterRules: []}
const LESS = RULES.map((rule) => {
  const name = `probe-less-${nameOf(rule).replace(/\W/g, '-')}`
  return {rule: nameOf(rule), person: {name, rules: RULES.filter((other) => other !== rule), clusterRules: []}}
})
export const PROBERS: readonly Person[] = [ALLOWED, ...LESS.map(({person}) => person)]
/** Rules without which the report only says less. */
const OPTIONAL = new Set(['list replicasets', 'list endpointslices'])

/** What the scenarios of Orthanc come to in the runbook's namespace, and the tree "DICOM issues" of the runbook. */
export function orthancScenarioSuite(open: (scenario: OrthancScenario) => Promise<OrthancSituation>): void {
  let situation: OrthancSituation
  const run = async (args: readonly string[], options: RunOptions = {}): Promise<Run> => {
    const found = await situation.target.sapoche(args, options)
    expect(found.stdout + found.stderr).not.toMatch(MARKER)
    return found
  }
  /** As soon as the ports of the pods are open. */
  const probe = async (args: readonly string[] = [], options: RunOptions = {}): Promise<Seen> => {
    for (const deadline = Date.now() + WAIT.timeout; ;) {
      const found = seen(await run(['orthanc-probe', '-o', 'json', ...args], options))
      if (!isYoung(found.report) || Date.now() > deadline) return found
    }
  }
  /** The commands that a report names, but for those that go on until they are stopped, do what they are for. */
  const follow = async (next: readonly string[]): Promise<void> => {
    for (const command of next.filter((words) => !words.startsWith('sapoche forward '))) {
      const {code, stderr} = await run(command.split(' ').slice(1))
      expect({command, code, stderr}).toEqual({command, code: 0, stderr: ''})
    }
  }
  /** Orthanc as `status --deep` has it beside the workloads that are named. */
  const inStatus = async (workload = 'orthanc-read-api', options: RunOptions = {}) => {
    const found = await run(['status', workload, '--deep', '-o', 'json'], options)
    const {servers, notChecked} = reportOf<StatusReport>(found, 'StatusReport')
    return {code: found.code, server: servers.find(({name}) => name === 'orthanc'), notChecked}
  }
  const asUserOfIt = (): RunOptions => asUser(situation.login.name, situation.login.password)

  describe('baseline', () => {
    beforeAll(async () => {
      situation = await open('baseline')
    })
    afterAll(() => situation.close())

    test('all is well, with and without credentials, and so says status', async () => {
      for (const options of [{}, asUserOfIt()]) {
        const {code, stderr, report} = await probe(['--dicom'], options)
        expect({code, stderr, verdict: report.verdict, warnings: report.warnings}).toEqual({
          code: 0,
          stderr: '',
          verdict: 'ok',
          warnings: [],
        })
      }
      const deep = await probe(['--deep', '--dicom'], asUserOfIt())
      expect({code: deep.code, ...statuses(deep.report)}).toMatchObject({
        code: 0,
        database: ['ok'],
        storage: ['ok'],
        dicom: ['ok'],
        viewer: ['ok', 'ok', 'ok'],
      })
      const status = await run(['status', '-o', 'json'])
      expect({code: status.code, verdict: reportOf<StatusReport>(status, 'StatusReport').verdict}).toEqual({code: 0, verdict: 'ok'})
    })

    test('status --deep asks it too: alive, and what takes credentials was not looked at', async () => {
      await probe()
      const {code, server, notChecked} = await inStatus()
      expect({code, server}).toEqual({code: 0, server: {name: 'orthanc', severity: 'ok', reason: '', next: []}})
      expect(notChecked).toContain('database, storage, dicom of Orthanc (orthanc-probe)')
    })

    test('its Role suffices', async () => {
      await probe()
      const kubeconfig = await situation.target.kubeconfigOf(ALLOWED)
      const {code, report} = await probe(['--deep', '--dicom', '--kubeconfig', kubeconfig], asUserOfIt())
      expect({code, warnings: report.warnings}).toEqual({code: 0, warnings: []})
    })

    test.each(LESS.filter(({rule}) => !rule.includes('secrets')).map(({rule, person}) => [rule, person] as const))(
      'without %s: it is named',
      async (rule, person) => {
        await probe()
        const kubeconfig = await situation.target.kubeconfigOf(person)
        const {code, stdout, stderr} = await run(['orthanc-probe', '-o', OPTIONAL.has(rule) ? 'json' : 'table', '--kubeconfig', kubeconfig])
        const [verb = '', resource = ''] = rule.split(' ')
        const needs = new RegExp(`resources: \\[${resource}\\], verbs: \\[(get, create|${verb})\\]`)
        if (OPTIONAL.has(rule)) {
          expect(seen({code, stdout, stderr, signal: null}).report.warnings).toMatchObject([{message: expect.stringMatching(needs)}])
        } else {
          expect({code, stdout, stderr}).toEqual({code: 77, stdout: '', stderr: expect.stringMatching(needs)})
        }
      },
    )

    test('the credentials of its Secret; who may not read that is told so', async () => {
      expect(statuses((await probe(['--read-secrets'])).report)).toMatchObject({authentication: ['ok'], database: ['ok']})
      const {person} = LESS.find(({rule}) => rule === 'get secrets')!
      const kubeconfig = await situation.target.kubeconfigOf(person)
      expect((await probe(['--kubeconfig', kubeconfig])).code).toBe(0)
      const {code, stdout, stderr} = await run(['orthanc-probe', '--read-secrets', '--kubeconfig', kubeconfig])
      expect({code, stdout, stderr}).toEqual({
        code: 77,
        stdout: '',
        stderr: expect.stringMatching(/resources: \[secrets\], verbs: \[get\]/),
      })
    })

    // "Check Orthanc API", "Test Orthanc API", "Access http://localhost:8042".
    test("the runbook's tree by hand: logs, a port-forward, and the page", async () => {
      await probe()
      expect((await run(['logs', 'orthanc-read-api', '--tail', '5'])).code).toBe(0)
      const port = await freePort()
      const forward = spawn(process.execPath, [PROGRAM, 'forward', 'orthanc-read-api-service', `${port}:80`], {
        env: {PATH: process.env['PATH'], HOME: process.env['HOME'], KUBECONFIG: situation.target.kubeconfig},
        stdio: 'ignore',
      })
      const ended = once(forward, 'close')
      try {
        const get = async (path: string, login: string | null): Promise<Response> =>
          await fetch(`http://127.0.0.1:${port}${path}`, {
            headers: login === null ? {} : {authorization: `Basic ${Buffer.from(login).toString('base64')}`},
            signal: AbortSignal.timeout(5000),
            redirect: 'manual',
          })
        await waitUntil('the port-forward listens', async () => (await get('/system', null)).status > 0, {timeout: 15_000})
        const {name, password} = situation.login
        expect((await get('/system', null)).status).toBe(401)
        const start = await get('/', `${name}:${password}`)
        expect([start.status, start.headers.get('location')]).toEqual([301, 'app/explorer.html'])
        expect(await (await get('/system', `${name}:${password}`)).json()).toMatchObject({ApiVersion: expect.any(Number)})
      } finally {
        forward.kill('SIGINT')
        await ended
      }
    })
  })

  describe('scenarios', () => {
    afterEach(() => situation.close())

    test('orthanc-db-down: the pods are well, Orthanc is not', async () => {
      situation = await open('orthanc-db-down')
      const {code, report, steps} = await probe([], asUserOfIt())
      expect({code, verdict: report.verdict, ...statuses(report)}).toMatchObject({
        code: 2,
        verdict: 'critical',
        pod: ['ok'],
        http: ['ok'],
        database: ['critical'],
        'design-system': ['ok'],
      })
      // With PostgreSQL old versions answer nothing else as well, /system not excepted.
      expect(steps('authentication')[0]?.status).not.toBe('critical')
      expect(steps('database')[0]?.reason).toMatch(/503.*the database is unavailable/)
      expect(report.next).toEqual(
        expect.arrayContaining(['sapoche logs orthanc-read-api --level error', 'sapoche changes orthanc-read-api --since 1d']),
      )
      await follow(report.next.filter((command) => command !== 'sapoche doctor'))
      expect(await inStatus('orthanc-read-api', asUserOfIt())).toMatchObject({
        code: 2,
        server: {severity: 'critical', reason: expect.stringMatching(/database: .*503/)},
      })
      // For a health gate that must know.
      expect((await probe(['--require', 'database'])).code).toBe(3)
    })

    test('orthanc-open: the true alarm', async () => {
      situation = await open('orthanc-open')
      const {code, report, steps} = await probe()
      expect({code, verdict: report.verdict, ...statuses(report)}).toMatchObject({
        code: 2,
        verdict: 'critical',
        http: ['ok'],
        authentication: ['critical'],
        database: ['ok'],
      })
      expect(steps('authentication')[0]?.reason).toMatch(/without credentials/)
      expect(steps('authentication')[0]?.reason).toMatch(/NodePort 30635/)
      expect(report.next).toEqual(['sapoche env orthanc-read-api --match ORTHANC', 'sapoche changes orthanc-read-api --since 7d'])
      await follow(report.next)
      expect(await inStatus()).toMatchObject({
        code: 2,
        server: {severity: 'critical', reason: expect.stringMatching(/^authentication: .*NodePort 30635/), next: report.next},
      })
      // It is not asked where other workloads were named.
      const elsewhere = await inStatus('st-bnkd-php')
      expect({code: elsewhere.code, server: elsewhere.server}).toEqual({code: 0, server: undefined})
      expect(elsewhere.notChecked).toContain('DICOM')
    })

    test('viewer-misconfigured: Orthanc is well, nobody sees an image', async () => {
      situation = await open('viewer-misconfigured')
      const {code, report, steps} = await probe()
      expect({http: statuses(report)['http'], code}).toMatchObject({http: ['ok'], code: expect.any(Number)})
      expect(code).toBe(1)
      expect(steps('viewer').filter(({status}) => status !== 'ok')).toMatchObject([
        {target: 'http://orthanc-read-api-service/dicomweb', reason: expect.stringMatching(/no browser reaches it/)},
      ])
      expect(await inStatus()).toMatchObject({code: 1, server: {severity: 'warning', next: report.next}})
      // Who may come in sees that the path is wrong as well.
      const known = await probe([], asUserOfIt())
      expect(
        known
          .steps('viewer')
          .map(({reason}) => reason)
          .join('\n'),
      ).toMatch(/404/)
      expect(known.code).toBe(2)
      expect(report.next).toEqual(['sapoche changes diag-dicom-viewer-nginx --since 7d', 'sapoche forward diag-dicom-viewer-nginx 8080:80'])
      await follow(report.next)
    })
  })
}
