import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {ErrorDocument} from '../../src/lib/cli/schema.ts'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import type {Run} from '../package/program.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {startProxy, type Proxy} from '../real/proxy.ts'
import {expectOutcome, reportOf, type Seen} from './scene.ts'
import {type Person, type Rule, type Target, writeFileFor} from './target.ts'
import path from 'node:path'

const list = (apiGroup: string, resource: string): Rule => ({apiGroups: [apiGroup], resources: [resource], verbs: ['list']})
const NAMESPACED = [
  list('apps', 'deployments'),
  list('', 'pods'),
  list('apps', 'replicasets'),
  list('', 'services'),
  list('discovery.k8s.io', 'endpointslices'),
  list('autoscaling', 'horizontalpodautoscalers'),
  list('keda.sh', 'scaledobjects'),
  list('', 'events'),
  list('apps', 'statefulsets'),
  list('apps', 'daemonsets'),
  list('batch', 'jobs'),
  list('batch', 'cronjobs'),
]
const NODES = list('', 'nodes')

/** Everything that `status` reads, and everything less one rule. */
const ALLOWED: Person = {name: 'allowed', rules: NAMESPACED, clusterRules: [NODES]}
const LESS: readonly Person[] = [
  // Where KEDA is absent its permission is asked for all the same: the API server refuses before it looks.
  ...NAMESPACED.map((rule) => ({
    name: `less-${rule.resources[0]}`,
    rules: NAMESPACED.filter((other) => other !== rule),
    clusterRules: [NODES],
  })),
  {name: 'less-nodes', rules: NAMESPACED, clusterRules: []},
]
const NOBODY: Person = {name: 'nobody', rules: [], clusterRules: []}

export const PEOPLE: readonly Person[] = [ALLOWED, ...LESS, NOBODY]

/** What 403 on each resource comes to: rules.md, section 5. */
const REFUSED: Readonly<Record<string, number>> = {deployments: 77, pods: 77, services: 3, endpointslices: 3}

/** `sapoche status` where something stands between it and the cluster. */
export function accessSuite(open: () => Promise<Target>): void {
  let target: Target
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  describe('permissions', () => {
    test('its own rules suffice', async () => {
      const kubeconfig = await target.kubeconfigOf(ALLOWED)
      const run = await target.sapoche(['status', '--json', '--kubeconfig', kubeconfig])
      expect({code: run.code, warnings: reportOf<StatusReport>(run, 'StatusReport').warnings}).toEqual({code: 0, warnings: []})
    })

    test.each(LESS.map((person) => [person.name.replace('less-', ''), person] as const))('without %s', async (resource, person) => {
      const kubeconfig = await target.kubeconfigOf(person)
      const run = await target.sapoche(['status', '--json', '--kubeconfig', kubeconfig])
      const code = REFUSED[resource] ?? 0
      expect(run.code).toBe(code)
      if (code === 77) {
        expect(errorOf(run)).toMatchObject({code: 'refused', exitCode: 77})
        expect(run.stderr).toContain(`not allowed to list ${resource} in namespace sapoche`)
        const text = await target.sapoche(['status', '--kubeconfig', kubeconfig])
        expect(text.stderr).toMatch(new RegExp(`needs {2}apiGroups: \\[.*\\], resources: \\[${resource}\\], verbs: \\[list\\]`))
      } else {
        const {warnings} = reportOf<StatusReport>(run, 'StatusReport')
        expect(warnings).toHaveLength(1)
        expect(warnings[0]).toMatchObject({
          code: 'refused',
          message: expect.stringMatching(new RegExp(`list ${resource}.*needs.*resources: \\[${resource}\\]`)),
        })
      }
    })

    test('a count that autoscalers might explain, without the right to read them: unknown', async () => {
      const file = await writeFileFor(
        target,
        'drifted.yaml',
        JSON.stringify({
          namespace: 'sapoche',
          categories: [{name: 'workers', singular: 'worker', title: 'Workers', match: ['*']}],
          workloads: [{name: 'worker-booking', category: 'workers', purpose: 'a case', baseline: 2}],
          services: [],
        }),
      )
      const status = async (kubeconfig: string): Promise<Seen> => {
        const run = await target.sapoche(['status', 'worker-booking', '--json', '--catalogue', file, '--kubeconfig', kubeconfig])
        return {run, report: reportOf<StatusReport>(run, 'StatusReport')}
      }
      const drift = /^1 replica where the catalogue expects 2/
      const drifted = await status(await target.kubeconfigOf(ALLOWED))
      expectOutcome(drifted, {name: 'worker-booking', health: 'drifted', severity: 'warning', reason: drift, code: 1})
      const less = LESS.find(({name}) => name === 'less-horizontalpodautoscalers')!
      const {run, report} = await status(await target.kubeconfigOf(less))
      const hidden = /; autoscalers, which might explain it, can't be read$/
      expectOutcome({run, report}, {name: 'worker-booking', health: 'unknown', severity: 'unknown', reason: hidden, code: 3})
    })

    test('no rights in a namespace that is not there: still 77', async () => {
      const kubeconfig = await target.kubeconfigOf(NOBODY)
      expect((await target.sapoche(['status', '-n', 'no-such-namespace', '--kubeconfig', kubeconfig])).code).toBe(77)
    })

    test('a token that nobody has: 77', async () => {
      const kubeconfig = await writeKubeconfig(path.join(target.folder, 'kubeconfig-stranger'), {
        server: target.server,
        ca: target.ca,
        token: 'wrong',
      })
      const run = await target.sapoche(['status', '--json', '--kubeconfig', kubeconfig])
      expect(run.code).toBe(77)
      expect(errorOf(run).code).toBe('refused')
      expect(run.stdout + run.stderr).not.toContain('wrong')
    })
  })

  describe('configuration', () => {
    test('a namespace that is not there: 78', async () => {
      const run = await target.sapoche(['status', '-n', 'no-such-namespace'])
      expect(run).toMatchObject({code: 78, stdout: ''})
      expect(run.stderr).toMatch(/^sapoche: there is no namespace no-such-namespace on /)
    })

    test('a namespace with nothing of the catalogue: one line, not 38', async () => {
      await target.api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: `empty-${process.pid}`}})
      const {code, stdout} = await target.sapoche(['status', '-n', `empty-${process.pid}`, '--problems'])
      expect(code).toBe(2)
      expect(stdout).toContain('wrong context or namespace?')
      expect(stdout.split('\n').length).toBeLessThan(20)
    })

    test('an unknown context: 78, with those there are', async () => {
      const run = await target.sapoche(['status', '--context', 'prod-us', '--json'])
      expect(run.code).toBe(78)
      expect(errorOf(run).suggestions.length).toBeGreaterThan(0)
    })

    test('a kubeconfig that is not there: 78, never another cluster', async () => {
      const run = await target.sapoche(['status'], {env: {KUBECONFIG: path.join(target.folder, 'nowhere')}})
      expect(run.code).toBe(78)
      expect(run.stderr).toContain('nowhere')
    })
  })

  describe('the way there', () => {
    let proxy: Proxy
    let kubeconfig: string
    const through = async (protocols?: readonly ('h2' | 'http/1.1')[]): Promise<void> => {
      proxy = await startProxy({server: target.server, ca: target.ca, ...(protocols === undefined ? {} : {protocols})})
      const token = /"?token"?: "?([^"\n]+)/.exec(await readText(target.kubeconfig))![1]!
      kubeconfig = await writeKubeconfig(path.join(target.folder, 'kubeconfig-proxy'), {server: proxy.server, ca: proxy.ca, token})
    }
    const status = (...args: readonly string[]) => target.sapoche(['status', '--json', '--kubeconfig', kubeconfig, ...args])

    test('a proxy that speaks HTTP/1.1 alone', async () => {
      await through(['http/1.1'])
      try {
        const run = await status()
        expect(run.code).toBe(0)
        expect(proxy.requests.every(({httpVersion}) => httpVersion === '1.1')).toBe(true)
      } finally {
        await proxy.close()
      }
    })

    test.each([
      ['silence', {kind: 'hang'}, 75, /no answer from .* within 1 s/],
      ['429 to the end', {kind: 'answer', status: 429, retryAfter: 1}, 75, /too busy/],
      ['503 to the end', {kind: 'answer', status: 503, retryAfter: 1}, 75, /too busy/],
      ['503 without a word', {kind: 'answer', status: 503}, 69, /503/],
      ['500', {kind: 'answer', status: 500}, 69, /500/],
    ] as const)('%s', async (_, fault, code, message) => {
      await through()
      try {
        proxy.fail(fault)
        const run = await status('--request-timeout', '1s')
        expect(run.code).toBe(code)
        expect(errorOf(run).message).toMatch(message)
      } finally {
        await proxy.close()
      }
    })

    test.each([
      ['silence', {kind: 'hang'}, 'timed-out'],
      ['500', {kind: 'answer', status: 500}, 'unreachable'],
    ] as const)('%s for what is optional: a warning that names it, and no other verdict', async (_, fault, code) => {
      await through()
      try {
        proxy.fail(fault, {path: /horizontalpodautoscalers/})
        const run = await status('--request-timeout', '2s')
        const {verdict, warnings} = reportOf<StatusReport>(run, 'StatusReport')
        expect({code: run.code, verdict}).toEqual({code: 0, verdict: 'ok'})
        expect(warnings).toEqual([{code, message: expect.stringMatching(/^horizontalpodautoscalers can't be read: /)}])
      } finally {
        await proxy.close()
      }
    })

    test('a connection that breaks off once is tried again', async () => {
      await through()
      try {
        proxy.fail({kind: 'reset', afterBytes: 0}, {times: 1, path: /deployments/})
        expect((await status()).code).toBe(0)
      } finally {
        await proxy.close()
      }
    })

    test('nobody listens: 69, with the address', async () => {
      await through()
      await proxy.close()
      const run = await status()
      expect(run.code).toBe(69)
      expect(errorOf(run).message).toContain(proxy.server.replace('https://', ''))
    })

    test('a certificate of a stranger: 69, and how to trust it', async () => {
      await through()
      try {
        const other = await writeKubeconfig(path.join(target.folder, 'kubeconfig-tls'), {server: proxy.server, ca: target.ca, token: 'x'})
        const run = await target.sapoche(['status', '--kubeconfig', other])
        expect(run.code).toBe(69)
        expect(run.stderr).toMatch(/certificate/)
      } finally {
        await proxy.close()
      }
    })
  })
}

function errorOf(run: Run): ErrorDocument['error'] {
  return reportOf<ErrorDocument>(run, 'Error').error
}

async function readText(file: string): Promise<string> {
  return (await import('node:fs/promises')).readFile(file, 'utf8')
}
