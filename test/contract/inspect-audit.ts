import {expect, test} from 'vitest'
import type {AuditInactiveReport} from '../../src/lib/runbook/audit-inactive/schema.ts'
import {deleteDeployment, podsOf} from '../real/faults.ts'
import {APPS, CORE, stepsOf} from './inspect-steps.ts'
import type {InspectTarget} from './inspect-target.ts'
import {deployment, reportOf} from './scene.ts'

const MINUTE = 60_000

/** Deployments at zero. */
export function auditSuite(opened: () => InspectTarget): void {
  const {run, done} = stepsOf(opened)

  const audit = async (): Promise<{code: number | null; report: AuditInactiveReport}> => {
    const answer = await run(['audit-inactive', '-o', 'json'])
    return {code: answer.code, report: reportOf<AuditInactiveReport>(answer, 'AuditInactiveReport')}
  }
  const itemOf = ({items}: AuditInactiveReport, name: string) => items.find((item) => item.name === name)

  test('what is inactive on purpose', async () => {
    const {code, report} = await audit()
    expect(code).toBe(0)
    expect(report).toMatchObject({verdict: 'ok', summary: {deployments: 38, inactive: 2, expected: 2}})
    const infos = report.items.map(({name, expected, severity, findings}) => [name, expected, severity, findings[0]?.id])
    expect(infos).toEqual([
      ['consumer-revenue', true, 'info', 'inactive-expected'],
      ['worker-sapoche-batch-publisher-notification', true, 'info', 'inactive-expected'],
    ])
  })

  test('what is not: by whom, where something says so', async () => {
    await done('scale', 'consumer-ecg', '--replicas', '0', '--yes')
    await opened().api.patch(`${APPS}/deployments/worker-booking/scale`, {spec: {replicas: 0}}, 'merge')
    const isScaled = async (): Promise<boolean> => (await podsOf(opened().api, 'worker-booking')).length === 0
    await expect.poll(isScaled).toBe(true)
    const {code, report} = await audit()
    expect({code, verdict: report.verdict}).toEqual({code: 2, verdict: 'critical'})
    const [ours, theirs] = [itemOf(report, 'consumer-ecg'), itemOf(report, 'worker-booking')]
    for (const found of [ours, theirs]) {
      expect(found).toMatchObject({expected: false, severity: 'critical', findings: [{id: 'inactive-unexpected'}]})
      expect(Date.parse(found?.since ?? '')).toBeGreaterThan(Date.now() - MINUTE)
    }
    expect([ours?.by === null, theirs?.by]).toEqual([false, null])
    expect((await run(['audit-inactive', 'worker-booking'])).stdout).toContain('by unknown')
    await done('scale', 'consumer-ecg', 'worker-booking', '--to-baseline', '--yes')
  })

  test('what is left attached, by the templates', async () => {
    const {api} = opened()
    const name = `idle-${process.pid}`
    const labels = {app: name}
    const made: readonly [string, string, object][] = [
      ['Service', `${CORE}/services`, {apiVersion: 'v1', spec: {selector: labels, ports: [{port: 80}]}}],
      [
        'PodDisruptionBudget',
        '/apis/policy/v1/namespaces/sapoche/poddisruptionbudgets',
        {apiVersion: 'policy/v1', spec: {selector: {matchLabels: labels}, maxUnavailable: 1}},
      ],
      ['ConfigMap', `${CORE}/configmaps`, {apiVersion: 'v1', data: {}}],
    ]
    const envFrom = [{configMapRef: {name}}, {secretRef: {name: 'sapoche-only-idle', optional: true}}]
    await api.create(`${APPS}/deployments`, deployment(name, {replicas: 0, container: {envFrom}}))
    for (const [kind, path, rest] of made) await api.create(path, {kind, metadata: {name, namespace: 'sapoche'}, ...rest})
    try {
      const found = itemOf((await audit()).report, name)
      expect(found?.leftovers.map((each) => `${each.kind} ${each.name}`).toSorted()).toEqual(
        [...made.map(([kind]) => `${kind} ${name}`), 'Secret sapoche-only-idle'].toSorted(),
      )
      expect(found?.findings.map(({id}) => id)).toEqual(['inactive-unlisted', 'leftovers'])
    } finally {
      for (const [, path] of made) await api.delete(`${path}/${name}`)
      await deleteDeployment(api, name)
    }
  })
}
