import {readFileSync} from 'node:fs'
import path from 'node:path'
import {Ajv2020} from 'ajv/dist/2020.js'
import {expect} from 'vitest'
import type {StatusReport} from '../../src/lib/runbook/status/schema.ts'
import {ROOT, type Run} from '../package/program.ts'
import {writeFileFor, type Target} from './target.ts'

const PATIENCE_MS = 40_000
const PAUSE_MS = 150

/** What a scene's catalogue says of one workload. */
export interface Expected {
  readonly name: string
  readonly baseline?: number
  readonly startupGrace?: number
  readonly inactive?: {readonly reason: string}
}

/** A namespace of its own with a catalogue of its own, so that what one case breaks no other sees. */
export interface Scene {
  readonly namespace: string
  /** The arguments that lead the program there. */
  readonly args: readonly string[]
  create(...objects: readonly object[]): Promise<void>
  /** Path of a collection or object in the namespace: `at('apps/v1', 'deployments', 'web')`. */
  at(apiVersion: string, resource: string, name?: string): string
  /** Reads an object until it is as wished for. */
  waitFor(path: string, enough: (object: unknown) => boolean): Promise<void>
  status(...args: readonly string[]): Promise<Seen>
  /** Asks until the report is as wished for; fails with the last one when patience ends. */
  until(enough: (report: StatusReport) => boolean, ...args: readonly string[]): Promise<Seen>
}

/** A run of `status` and its report, which is right by its schema. */
export interface Seen {
  readonly run: Run
  readonly report: StatusReport
}

/** The whole outcome of a case: verdict and exit code, and what is said of one workload. */
export function expectOutcome(
  {run, report}: Seen,
  {name = 'web', code, ...item}: {name?: string; code: number; health: string; severity: string; reason: RegExp | string},
): void {
  const verdict = ['ok', 'warning', 'critical', 'unknown'][code]
  expect({code: run.code, verdict: report.verdict, stderr: run.stderr}).toEqual({code, verdict, stderr: ''})
  const {health, severity, reason} = report.items.find((each) => each.name === name)!
  expect({health, severity, reason}).toEqual({
    ...item,
    reason: typeof item.reason === 'string' ? item.reason : expect.stringMatching(item.reason),
  })
}

let scenes = 0

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))

export async function openScene(target: Target, workloads: readonly Expected[], services: readonly object[] = []): Promise<Scene> {
  const namespace = `case-${process.pid}-${++scenes}`
  await target.api.create('/api/v1/namespaces', {apiVersion: 'v1', kind: 'Namespace', metadata: {name: namespace}})
  const catalogue = {
    namespace,
    startupGrace: 180,
    categories: [{name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['*']}],
    workloads: workloads.map(({baseline = 1, ...rest}) => ({category: 'consumers', purpose: 'a case', baseline, ...rest})),
    services,
  }
  const file = await writeFileFor(target, `${namespace}.yaml`, JSON.stringify(catalogue))
  const args = ['--catalogue', file]
  const at: Scene['at'] = (apiVersion, resource, name) =>
    `/${apiVersion === 'v1' ? 'api' : 'apis'}/${apiVersion}/namespaces/${namespace}/${resource}${name === undefined ? '' : `/${name}`}`
  const status: Scene['status'] = async (...more) => {
    const run = await target.sapoche(['status', '-o', 'json', ...args, ...more])
    return {run, report: reportOf<StatusReport>(run, 'StatusReport')}
  }
  return {
    namespace,
    args,
    at,
    async create(...objects) {
      for (const object of objects as readonly {apiVersion: string; kind: string}[]) {
        await target.api.create(at(object.apiVersion, plural(object.kind)), object)
      }
    },
    async waitFor(path, enough) {
      const deadline = Date.now() + PATIENCE_MS
      for (;;) {
        const object = await target.api.get<unknown>(path)
        if (enough(object)) return
        if (Date.now() > deadline) throw new Error(`never as wished for: ${JSON.stringify(object)}`)
        await pause()
      }
    },
    status,
    async until(enough, ...more) {
      const deadline = Date.now() + PATIENCE_MS
      for (;;) {
        const answer = await status(...more)
        if (enough(answer.report)) return answer
        if (Date.now() > deadline) throw new Error(`never as wished for; the last report:\n${JSON.stringify(answer.report, null, 1)}`)
        await pause()
      }
    },
  }
}

function plural(kind: string): string {
  return kind === 'NetworkPolicy' ? 'networkpolicies' : `${kind.toLowerCase()}s`
}

const validators = new Map<string, ReturnType<Ajv2020['compile']>>()

/** The document on stdout, checked against its schema. */
export function reportOf<T>(run: Run, kind: string): T {
  let document: unknown
  try {
    document = JSON.parse(run.stdout)
  } catch {
    throw new Error(`no JSON on stdout (exit code ${run.code}): ${run.stdout}${run.stderr}`)
  }
  expect(document).toMatchObject({apiVersion: 'sapoche/v1', kind})
  const validate =
    validators.get(kind) ??
    new Ajv2020({strict: false, validateFormats: false}).compile(
      JSON.parse(readFileSync(path.join(ROOT, 'schemas', `${kind}.json`), 'utf8')),
    )
  validators.set(kind, validate)
  if (!validate(document)) throw new Error(`not by its schema: ${JSON.stringify(validate.errors)}`)
  return JSON.parse(run.stdout, withoutCatalogue) as T
}

/** The commands in `next` name the catalogue of the case, as the look did: its path is another one each time. */
function withoutCatalogue(key: string, value: unknown): unknown {
  return key === 'next' && Array.isArray(value)
    ? value.map((command: string) => command.replace(/ --catalogue \S+\/[\w-]+\.yaml/, ''))
    : value
}

/** A deployment with the label `app` and one container, changed as told. */
export function deployment(name: string, {labels = {}, replicas = 1, spec = {}, pod = {}, container = {}}: DeploymentParts = {}): object {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {name, labels: {app: name}},
    spec: {
      replicas,
      selector: {matchLabels: {app: name}},
      template: {
        metadata: {labels: {app: name, ...labels}},
        spec: {containers: [{name: 'app', image: 'registry.example/case:1.0', ...container}], ...pod},
      },
      ...spec,
    },
  }
}

export interface DeploymentParts {
  /** Of the pods; `sapoche.test/state` and its kin say how they behave. */
  readonly labels?: Readonly<Record<string, string>>
  readonly replicas?: number
  readonly spec?: object
  readonly pod?: object
  readonly container?: object
}
