import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {SapocheError} from '../../src/lib/errors/index.ts'
import {evict} from '../../src/lib/runbook/evict/index.ts'
import {readHistory} from '../../src/lib/runbook/history/index.ts'
import type {OperationItem} from '../../src/lib/runbook/operation/schema.ts'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import {restart} from '../../src/lib/runbook/restart/index.ts'
import {rollback} from '../../src/lib/runbook/rollback/index.ts'
import {scale, type ScaleReport} from '../../src/lib/runbook/scale/index.ts'
import type {Run} from '../package/program.ts'
import {waitUntil} from '../real/processes.ts'
import {bareOperator, isComplete, overtaken, type Bare, type DeploymentObject} from './operations-kit.ts'
import {deployment, reportOf, type DeploymentParts} from './scene.ts'
import type {Person, Rule, Target} from './target.ts'

const NAMESPACE = 'sapoche'
const APPS = `/apis/apps/v1/namespaces/${NAMESPACE}`
const CORE = `/api/v1/namespaces/${NAMESPACE}`
const COMMANDS = ['scale', 'restart', 'rollback', 'history', 'evict'] as const
type Command = (typeof COMMANDS)[number]

/** The rules of a command's Role, one permission each. */
function rulesOf(command: Command): Rule[] {
  const [role] = rolesFor(command, NAMESPACE).items
  return (role?.rules ?? []).flatMap(({apiGroups, resources, verbs}) =>
    resources.flatMap((resource) => verbs.map((verb) => ({apiGroups, resources: [resource], verbs: [verb]}))),
  )
}

const nameOf = ({resources, verbs}: Rule): string => `${verbs[0]} ${resources[0]}`

interface Case {
  readonly command: Command
  /** The rule that is taken away. */
  readonly rule: string
  readonly person: Person
}

const EXACT: readonly Person[] = COMMANDS.map((command) => ({name: `ops-${command}`, rules: rulesOf(command), clusterRules: []}))
const CASES: readonly Case[] = COMMANDS.flatMap((command) => {
  const rules = rulesOf(command)
  return rules.map((rule) => {
    const name = `ops-${command}-less-${nameOf(rule).replace(/\W/g, '-')}`
    return {command, rule: nameOf(rule), person: {name, rules: rules.filter((other) => other !== rule), clusterRules: []}}
  })
})

export const OPERATORS: readonly Person[] = [...EXACT, ...CASES.map(({person}) => person)]

/** The look at what Redis holds before it is stopped. */
const AT_STAKE = ['list services', 'get pods/portforward', 'create pods/portforward']
/** Rules that a plain run does not come to: what is shown of a failure, a volume, a second look. Each has its own case below. */
const SELDOM = new Set(['list events', 'get pods/log', 'get persistentvolumeclaims', 'get deployments', 'get pods', ...AT_STAKE])
/** Rules without which a report only says less. */
const OPTIONAL = new Set(['list horizontalpodautoscalers', 'list scaledobjects'])

const OPTIONS = {
  except: [],
  wish: {to: 'count', count: 2},
  force: false,
  detach: false,
  parallel: 1,
  viaZero: false,
  keepGoing: false,
  undoOnFailure: false,
  wait: true,
  timeoutMs: 10_000,
  dryRun: false,
  withLogs: false,
} as const

/** What a command does, without a process around it. */
const STEPS: Readonly<Record<Command, (operator: Bare, name: string, pod: string, signal: AbortSignal) => Promise<unknown>>> = {
  scale: (operator, name, _pod, signal) => scale({...OPTIONS, targets: [name]}, operator, signal),
  restart: (operator, name, _pod, signal) => restart({...OPTIONS, targets: [name]}, operator, signal),
  rollback: (operator, name, _pod, signal) => rollback({...OPTIONS, target: name}, operator, signal),
  history: (operator, name, _pod, signal) => readHistory(name, operator, signal),
  evict: (operator, _name, pod, signal) => evict({...OPTIONS, pod}, operator, signal),
}

/** Commands that change something, under exactly their Role (`sapoche rbac`), and under it less one rule. */
export function operationsAccessSuite(open: () => Promise<Target>): void {
  let target: Target
  let count = 0
  beforeAll(async () => {
    target = await open()
  })
  afterAll(() => target.close())

  const becomes = (name: string, isUp: (found: DeploymentObject) => boolean): Promise<void> =>
    waitUntil(`${name} is up`, async () => isUp(await target.api.get<DeploymentObject>(`${APPS}/deployments/${name}`)), {timeout: 15_000})

  /** A deployment of its own in the runbook's namespace, for there the Roles are; gone after `use`. */
  async function withDeployment<T>(parts: DeploymentParts, use: (name: string) => Promise<T>): Promise<T> {
    const name = `ops-${process.pid}-${++count}`
    await target.api.create(`${APPS}/deployments`, deployment(name, parts))
    try {
      await becomes(name, (found) =>
        parts.labels === undefined ? isComplete(found) : (found.status.observedGeneration ?? 0) >= found.metadata.generation,
      )
      return await use(name)
    } finally {
      await target.api.delete(`${APPS}/deployments/${name}`)
    }
  }

  /** One with what the command needs; for a rollback a second revision. */
  async function prepared(command: Command, use: (name: string, pod: string) => Promise<void>): Promise<void> {
    await withDeployment({}, async (name) => {
      const pods = await target.api.get<{items: {metadata: {name: string}}[]}>(`${CORE}/pods?labelSelector=app%3D${name}`)
      if (command === 'rollback') {
        const image = {spec: {template: {spec: {containers: [{name: 'app', image: 'registry.example/case:1.1'}]}}}}
        await target.api.patch(`${APPS}/deployments/${name}`, image, 'strategic-merge')
        await becomes(name, isComplete)
      }
      await use(name, pods.items[0]?.metadata.name ?? '')
    })
  }

  async function run(person: Person, ...words: string[]): Promise<Run> {
    const kubeconfig = await target.kubeconfigOf(person)
    return target.sapoche([...words, '-o', 'json', '--kubeconfig', kubeconfig], {env: {XDG_STATE_HOME: target.folder}})
  }

  async function withOperator<T>(
    person: Person,
    use: (operator: Bare) => Promise<T>,
    change?: Parameters<typeof bareOperator>[2],
  ): Promise<T> {
    const kubeconfig = await target.kubeconfigOf(person)
    const options = {kubeconfig, namespace: NAMESPACE, catalogue: builtinCatalogue, journal: null}
    const operator = await bareOperator(target, options, change)
    try {
      return await use(operator)
    } finally {
      operator.close()
    }
  }

  describe.concurrent('their own rules suffice', () => {
    test.each(COMMANDS.map((command, index) => [command, EXACT[index]!] as const))('%s', async (command, person) => {
      await prepared(command, async (name, pod) => {
        const words = {
          scale: ['scale', name, '--replicas', '2', '--yes'],
          restart: ['restart', name, '--yes'],
          rollback: ['rollback', name, '--yes'],
          history: ['history', name],
          evict: ['evict', pod, '--yes'],
        }
        const answer = await run(person, ...words[command])
        expect({code: answer.code, stderr: answer.stderr}).toEqual({code: 0, stderr: ''})
        expect(JSON.parse(answer.stdout)).toMatchObject({warnings: []})
      })
    })
  })

  describe.concurrent('less one rule, the error names it', () => {
    const plain = CASES.filter(({rule}) => !SELDOM.has(rule))
    test.each(plain.map((each) => [`${each.command} without ${each.rule}`, each] as const))(
      '%s',
      async (_what, {command, rule, person}) => {
        const [verb, resource = ''] = rule.split(' ')
        const denied = `not allowed to ${verb} ${resource} in namespace ${NAMESPACE}`
        const needs = new RegExp(`apiGroups: \\[.*\\], resources: \\[${resource}\\], verbs: \\[${verb}\\]`)
        await prepared(command, async (name, pod) => {
          const step = withOperator(person, (operator) => STEPS[command](operator, name, pod, new AbortController().signal))
          const said = await step.catch((error: unknown) => error)
          if (OPTIONAL.has(rule)) {
            expect(said).toMatchObject({warnings: [{code: 'refused', message: expect.stringMatching(needs)}]})
          } else if (verb === 'watch') {
            // The change is made when the watch is refused: it is reported, with the rule.
            expect(said).toMatchObject({items: [{outcome: 'failed', reason: expect.stringMatching(needs)}]})
          } else {
            expect(said).toBeInstanceOf(SapocheError)
            expect(said).toMatchObject({exitCode: 77, message: expect.stringContaining(denied)})
            expect((said as SapocheError).hints).toContainEqual({label: 'needs', text: expect.stringMatching(needs)})
          }
        })
      },
    )
  })

  describe.concurrent('rules that a plain run does not come to', () => {
    const personWithout = (command: Command, rule: string): Person =>
      CASES.find((each) => each.command === command && each.rule === rule)!.person

    test.each(['list events', 'get pods/log'])('%s: what is shown of a failure', async (rule) => {
      await withDeployment({labels: {'sapoche.test/state': 'crashloop'}}, async (name) => {
        const answer = await run(personWithout('restart', rule), 'restart', name, '--yes', '--with-logs')
        const report = reportOf<{items: OperationItem[]; warnings: {message: string}[]}>(answer, 'RestartReport')
        const [verb, resource] = rule.split(' ')
        expect({code: answer.code, outcome: report.items[0]?.outcome}).toEqual({code: 2, outcome: 'doomed'})
        expect(report.warnings.map(({message}) => message)).toContainEqual(
          expect.stringMatching(`not allowed to ${verb} ${resource}.*; needs apiGroups`),
        )
      })
    })

    test('get persistentvolumeclaims: a claim counts as one for a single pod', async () => {
      const volumes = [{name: 'data', persistentVolumeClaim: {claimName: 'shared'}}]
      await withDeployment({labels: {'sapoche.test/note': 'volume'}, pod: {volumes}}, async (name) => {
        const answer = await run(personWithout('restart', 'get persistentvolumeclaims'), 'restart', name, '--yes')
        const report = reportOf<{items: OperationItem[]}>(answer, 'RestartReport')
        const reason = /volume shared, which may be for one only \(persistentvolumeclaims can't be read\)/
        expect({code: answer.code, items: report.items}).toMatchObject({
          code: 2,
          items: [{outcome: 'refused', reason: expect.stringMatching(reason)}],
        })
      })
    })

    test.each(AT_STAKE)('%s: what Redis holds, without which it is stopped all the same', async (rule) => {
      const answer = await run(personWithout('scale', rule), 'scale', 'redis-master-st-sp', '--replicas', '0', '--dry-run')
      const {items, redis} = reportOf<ScaleReport>(answer, 'ScaleReport')
      expect({code: answer.code, items, redis}).toMatchObject({
        code: 0,
        items: [{outcome: 'planned'}],
        redis: {state: 'unreachable', pending: null, reason: expect.stringContaining(`not allowed to ${rule} in namespace ${NAMESPACE}`)},
      })
    })

    test('get deployments: the second look after a conflict', async () => {
      await withDeployment({}, async (name) => {
        const note = {metadata: {annotations: {by: 'somebody'}}}
        const quicker = overtaken(() => target.api.patch(`${APPS}/deployments/${name}`, note))
        const act = (operator: Bare): Promise<unknown> => STEPS.scale(operator, name, '', new AbortController().signal)
        await expect(withOperator(personWithout('scale', 'get deployments'), act, quicker)).rejects.toMatchObject({
          exitCode: 77,
          message: expect.stringContaining('not allowed to get deployments'),
        })
      })
    })
  })
}
