import {describe, expect, test} from 'vitest'
import {PERMISSIONS, type Permission} from '../../src/lib/runbook/rbac/permissions.ts'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import type {InspectTarget} from './inspect-target.ts'
import type {Person, Rule} from './target.ts'

const COMMANDS = ['pods', 'top', 'events', 'changes', 'env', 'exec', 'shell', 'forward', 'audit-inactive'] as const
type Command = (typeof COMMANDS)[number]

const WORDS: Readonly<Record<Command, readonly string[]>> = {
  pods: ['pods'],
  top: ['top'],
  events: ['events'],
  changes: ['changes'],
  env: ['env', 'worker-sapoche-pdf', '--live'],
  exec: ['exec', 'worker-sapoche-pdf', '--', 'true'],
  shell: ['shell', 'worker-sapoche-pdf'],
  forward: ['forward', 'st-bnkd-php', '0:80'],
  'audit-inactive': ['audit-inactive'],
}

/** Where another form of the command comes to a rule. */
const FORMS: Readonly<Record<string, readonly string[]>> = {
  'env: get configmaps': ['env', 'consumer-lis-testresult'],
  'events: watch events': ['events', '--follow'],
  'forward: list deployments': ['forward', 'deployment/st-bnkd-php', '0:80'],
  'forward: list replicasets': ['forward', 'deployment/st-bnkd-php', '0:80'],
}

/** Our own failures have a code of their own there. */
const PASSES_ON: ReadonlySet<Command> = new Set(['exec', 'shell'])

const ruleOf = ({apiGroups, resources, verbs}: Rule): Rule => ({apiGroups, resources, verbs})

function personOf(name: string, permissions: readonly Permission[]): Person {
  return {
    name,
    rules: permissions.filter(({isClusterWide}) => !isClusterWide).map(ruleOf),
    clusterRules: permissions.filter(({isClusterWide}) => isClusterWide).map(ruleOf),
  }
}

/** As `sapoche rbac` shows them. */
const EXACT: readonly Person[] = COMMANDS.map((command) => {
  const rulesOf = (kind: 'Role' | 'ClusterRole'): readonly Rule[] =>
    rolesFor(command, 'sapoche').items.flatMap((role) => (role.kind === kind ? role.rules : []))
  return {name: `inspect-${command}`, rules: rulesOf('Role'), clusterRules: rulesOf('ClusterRole')}
})
const NOBODY: Person = personOf('inspect-nobody', [])

interface Case {
  readonly name: string
  readonly command: Command
  /** What is taken away: one verb. */
  readonly without: Permission
  readonly person: Person
}

/** A permission of a command for each verb, once; those that a flag alone comes to have their tests with it. */
function singles(command: Command): Permission[] {
  const each = (PERMISSIONS[command] ?? [])
    .filter(({optional}) => !optional.startsWith('only with --deep'))
    .flatMap((permission) => permission.verbs.map((verb) => ({...permission, verbs: [verb]})))
  return [...new Map(each.map((permission) => [nameOf(permission), permission])).values()]
}

function nameOf({apiGroups: [group = ''], resources, verbs}: Rule): string {
  return `${verbs[0]} ${resources[0]}${group.includes('.') ? `.${group}` : ''}`
}

const CASES: readonly Case[] = COMMANDS.flatMap((command) => {
  const all = singles(command)
  return all.map((without) => {
    const name = `${command}: ${nameOf(without)}`
    const rest = all.filter((other) => other !== without)
    return {name, command, without, person: personOf(`less-${name.replace(/\W+/g, '-')}`, rest)}
  })
})

export const INSPECTORS: readonly Person[] = [...EXACT, NOBODY, ...CASES.map(({person}) => person)]

/** Each command under exactly its Role (`sapoche rbac`), under it less one verb, and under none. */
export function inspectAccessSuite(opened: () => InspectTarget): void {
  /** What a run said that could not be read: of the report, or on stderr where there is none. */
  async function doubts(person: Person, args: readonly string[]): Promise<{code: number | null; said: readonly string[]}> {
    const kubeconfig = await opened().kubeconfigOf(person)
    const [command] = args
    if (command === 'forward') {
      const started = opened().start([...args, '-o', 'json'], kubeconfig)
      await started.shows(/ForwardReport/)
      started.interrupt()
      return {
        code: await started.ended,
        said: (JSON.parse(started.stdout()) as {notes: string[]}).notes.filter((note) => /needs/.test(note)),
      }
    }
    const env = {KUBECONFIG: kubeconfig}
    if (command === 'exec' || command === 'shell') {
      const {code, stderr} = await opened().sapoche(args, {env, input: command === 'shell' ? 'exit\n' : ''})
      return {code, said: stderr.split('\n').filter(Boolean)}
    }
    const {code, stdout, stderr} = await opened().sapoche([...args, '-o', 'json'], {env})
    expect(stderr).toBe('')
    return {code, said: (JSON.parse(stdout) as {warnings: {message: string}[]}).warnings.map(({message}) => message)}
  }

  test.each(COMMANDS)('%s: the Role that sapoche rbac shows is enough', async (command) => {
    expect(await doubts(EXACT[COMMANDS.indexOf(command)]!, WORDS[command])).toEqual({code: 0, said: []})
  })

  describe('less one rule, which is named', () => {
    test.each(CASES.map((each) => [each.name, each] as const))('%s', async (name, {command, without, person}) => {
      const args = FORMS[name] ?? WORDS[command]
      const [verb, resource = '', group = ''] = [without.verbs[0], without.resources[0], without.apiGroups[0]]
      const denied = `not allowed to ${verb} ${resource}`
      const needs = `apiGroups: [${group === '' ? '""' : group}], resources: [${resource}], verbs: [${verb}]`
      // `env --live` can't do without what the others of its forms can.
      if (without.optional !== '' && !(command === 'env' && resource === 'pods/exec')) {
        const {code, said} = await doubts(person, args)
        expect({code, said}).toEqual({code: 0, said: [expect.stringContaining(denied)]})
        expect(said[0]).toContain(needs)
      } else {
        const {code, stdout, stderr} = await opened().sapoche(args, {env: {KUBECONFIG: await opened().kubeconfigOf(person)}})
        expect(code).toBe(PASSES_ON.has(command) ? 125 : 77)
        // One that follows has shown what there was.
        if (!args.includes('--follow')) expect(stdout).toBe('')
        expect(stderr).toContain(denied)
        expect(stderr).toContain(needs)
      }
    })
  })

  test.each(COMMANDS)('%s without any rights: what is needed is said', async (command) => {
    const answer = await opened().sapoche(WORDS[command], {env: {KUBECONFIG: await opened().kubeconfigOf(NOBODY)}})
    expect(answer).toMatchObject({code: PASSES_ON.has(command) ? 125 : 77, stdout: ''})
    expect(answer.stderr).toMatch(/not allowed to \w+ \S+ in namespace sapoche[^]*needs +.*resources: \[/)
  })
}
