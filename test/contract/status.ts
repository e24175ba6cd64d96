import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {StatusItem, StatusReport} from '../../src/lib/runbook/status/schema.ts'
import {deployment, expectOutcome, openScene, reportOf, type DeploymentParts, type Expected} from './scene.ts'
import type {Target} from './target.ts'

const itemOf = (report: StatusReport, name: string): StatusItem => report.items.find((item) => item.name === name)!

interface HealthCase {
  readonly what: string
  readonly expected?: Partial<Expected>
  readonly parts?: DeploymentParts
  readonly health: StatusItem['health']
  readonly severity: StatusItem['severity']
  readonly reason: RegExp | string
  readonly code: number
}

/** One deployment, `web`, from its creation. */
const HEALTHS: readonly HealthCase[] = [
  {what: 'ready', health: 'ok', severity: 'ok', reason: '', code: 0},
  {
    what: 'at zero as expected',
    expected: {baseline: 0, inactive: {reason: 'on hold'}},
    parts: {replicas: 0},
    health: 'inactive',
    severity: 'ok',
    reason: /on hold/,
    code: 0,
  },
  {
    what: 'at zero',
    parts: {replicas: 0},
    health: 'stopped',
    severity: 'critical',
    reason: /0 replicas where the catalogue expects 1/,
    code: 2,
  },
  {
    what: 'crash-looping',
    parts: {labels: {'sapoche.test/state': 'crashloop'}},
    health: 'down',
    severity: 'critical',
    reason: /container app: CrashLoopBackOff, exit 255, 7 restarts/,
    code: 2,
  },
  {
    what: 'out of memory',
    parts: {labels: {'sapoche.test/state': 'oom'}},
    health: 'down',
    severity: 'critical',
    reason: /CrashLoopBackOff, exit 137 \(SIGKILL, OOMKilled\), 3 restarts/,
    code: 2,
  },
  {
    what: 'an image that is not there',
    parts: {labels: {'sapoche.test/state': 'imagepull'}},
    health: 'down',
    severity: 'critical',
    reason: /ImagePullBackOff/,
    code: 2,
  },
  {
    what: 'a secret that is not there',
    parts: {labels: {'sapoche.test/state': 'config'}},
    health: 'down',
    severity: 'critical',
    reason: /CreateContainerConfigError.*secret "queue-credentials" not found/,
    code: 2,
  },
  ...(
    [
      ['errimagepull', 'ErrImagePull'],
      ['imagename', 'InvalidImageName'],
      ['imagenever', 'ErrImageNeverPull'],
      ['create', 'CreateContainerError'],
      ['run', 'RunContainerError'],
    ] as const
  ).map(([state, word]): HealthCase => {
    const labels = {'sapoche.test/state': state}
    return {what: word, parts: {labels}, health: 'down', severity: 'critical', reason: new RegExp(`^container app: ${word}`), code: 2}
  }),
  {
    what: 'an init container that fails',
    parts: {
      labels: {'sapoche.test/state': 'crashloop', 'sapoche.test/container': 'migrate'},
      pod: {initContainers: [{name: 'migrate', image: 'registry.example/migrate:1.0'}]},
    },
    health: 'down',
    severity: 'critical',
    reason: /^init container migrate: CrashLoopBackOff/,
    code: 2,
  },
  {
    what: 'a readiness gate that is not met',
    parts: {labels: {'sapoche.test/state': 'gate'}, pod: {readinessGates: [{conditionType: 'sapoche.test/gate'}]}},
    health: 'progressing',
    severity: 'warning',
    reason: /readiness gate sapoche\.test\/gate is not met/,
    code: 1,
  },
  {
    what: 'no node takes it, for less than 5 min',
    parts: {pod: {nodeSelector: {disk: 'none'}}},
    health: 'progressing',
    severity: 'warning',
    reason: /Unschedulable: 0\/3 nodes/,
    code: 1,
  },
  {
    what: 'not ready yet',
    parts: {labels: {'sapoche.test/state': 'unready'}},
    health: 'progressing',
    severity: 'warning',
    reason: /container app/,
    code: 1,
  },
  {
    what: 'not ready, out of grace',
    expected: {startupGrace: 0},
    parts: {labels: {'sapoche.test/state': 'unready'}},
    health: 'down',
    severity: 'critical',
    reason: /container app/,
    code: 2,
  },
  {
    what: 'more than the baseline',
    parts: {replicas: 2},
    health: 'drifted',
    severity: 'warning',
    reason: /2 replicas where the catalogue expects 1/,
    code: 1,
  },
  {
    what: 'running where zero is expected',
    expected: {baseline: 0},
    health: 'drifted',
    severity: 'warning',
    reason: /catalogue expects 0/,
    code: 1,
  },
]

/** `sapoche status` on any cluster. */
export function statusSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  describe('the runbook', () => {
    test('baseline', async () => {
      const run = await target.sapoche(['status', '--json'])
      const report = reportOf<StatusReport>(run, 'StatusReport')
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(report).toMatchObject({
        namespace: 'sapoche',
        verdict: 'ok',
        summary: {workloads: 38, active: 36, inactive: 2, pods: {desired: 40, ready: 40}},
        warnings: [],
        others: [],
      })
      expect(report.summary.categories.map(({name, workloads, active}) => [name, workloads, active])).toEqual([
        ['consumers', 14, 13],
        ['workers', 17, 16],
        ['backend', 5, 5],
        ['frontend', 2, 2],
      ])
      expect(report.services.map(({name, severity}) => [name, severity])).toEqual([
        ['st-bnkd-php', 'ok'],
        ['st-sapoche-nginx', 'ok'],
        ['st-redis-sp', 'ok'],
        ['diag-design-system-nginx', 'ok'],
        ['diag-dicom-viewer-nginx', 'ok'],
        ['orthanc-read-api-service', 'ok'],
      ])
    })

    test('one category as names', async () => {
      const {code, stdout} = await target.sapoche(['status', 'frontend', '-o', 'name'])
      expect({code, stdout}).toEqual({
        code: 0,
        stdout: 'deployment.apps/diag-design-system-nginx\ndeployment.apps/diag-dicom-viewer-nginx\n',
      })
    })
  })

  describe('health', () => {
    test.each(HEALTHS)('$what: $health', async ({expected, parts, health, severity, reason, code}) => {
      const scene = await openScene(target, [{name: 'web', ...expected}])
      await scene.create(deployment('web', parts))
      const said = (item: StatusItem): boolean => (typeof reason === 'string' ? item.reason === reason : reason.test(item.reason))
      const seen = await scene.until((found) => itemOf(found, 'web').health === health && said(itemOf(found, 'web')))
      expectOutcome(seen, {health, severity, reason, code})
    })

    test('missing', async () => {
      const scene = await openScene(target, [{name: 'web'}, {name: 'here'}, {name: 'too'}])
      await scene.create(deployment('here'), deployment('too'))
      const seen = await scene.until((found) => itemOf(found, 'too').health === 'ok' && itemOf(found, 'here').health === 'ok')
      expectOutcome(seen, {health: 'missing', severity: 'critical', reason: 'not in the cluster', code: 2})
      expect(itemOf(seen.report, 'web')).toMatchObject({desired: null, ready: null})
    })
  })
}
