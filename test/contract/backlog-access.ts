import {describe, expect, test} from 'vitest'
import {PERMISSIONS, type Permission} from '../../src/lib/runbook/rbac/permissions.ts'
import type {Person, Rule, Target} from './target.ts'

type Command = 'queue-depth' | 'consumer-lag'

/** What they are asked; nothing has to be well. */
const WORDS: Readonly<Record<Command, readonly string[]>> = {
  'queue-depth': ['queue-depth', '--fail-on', 'never'],
  'consumer-lag': ['consumer-lag', '--window', '0s', '--fail-on', 'never'],
}

/** One for each verb, but those that a flag alone comes to. */
function singles(command: Command): Permission[] {
  const each = (PERMISSIONS[command] ?? [])
    .filter(({optional}) => !optional.startsWith('only with '))
    .flatMap((permission) => permission.verbs.map((verb) => ({...permission, verbs: [verb]})))
  return [...new Map(each.map((permission) => [nameOf(permission), permission])).values()]
}

const nameOf = ({resources, verbs}: Rule): string => `${verbs[0]} ${resources[0]}`

interface Case {
  readonly without: Permission | null
  readonly person: Person
}

/** Under what the table of `sapoche rbac` says, and under it less each of its rules; in all namespaces, for brokers may be elsewhere. */
function casesOf(command: Command): Case[] {
  const all = singles(command)
  return [null, ...all].map((without) => {
    const clusterRules = all.filter((other) => other !== without).map(({apiGroups, resources, verbs}) => ({apiGroups, resources, verbs}))
    const name = `${command}-${without === null ? 'whole' : `less-${nameOf(without).replace(/\W+/g, '-')}`}`
    return {without, person: {name, rules: [], clusterRules}}
  })
}

const CASES: Readonly<Record<Command, readonly Case[]>> = {
  'queue-depth': casesOf('queue-depth'),
  'consumer-lag': casesOf('consumer-lag'),
}
export const BACKLOG_PEOPLE: readonly Person[] = Object.values(CASES).flatMap((cases) => cases.map(({person}) => person))

/** The warnings of a report, or the error in its place. */
function saidIn(text: string): string {
  const {warnings, error} = JSON.parse(text) as {warnings?: {message: string}[]; error?: {message: string}}
  return error?.message ?? (warnings ?? []).map(({message}) => message).join('\n')
}

/** A command in the runbook's namespace, under exactly what `sapoche rbac` says of it, and under it less one rule, which is named. */
export function backlogAccessSuite(command: Command, opened: () => Target): void {
  describe(`${command}: its rules`, () => {
    test.each(CASES[command].map((each) => [each.without === null ? 'all of them' : `without ${nameOf(each.without)}`, each] as const))(
      '%s',
      async (_, {without, person}) => {
        const env = {KUBECONFIG: await opened().kubeconfigOf(person)}
        // The cure stands with the error, and no document has it.
        const isRequired = without?.optional === ''
        const {code, stdout, stderr} = await opened().sapoche([...WORDS[command], ...(isRequired ? [] : ['-o', 'json'])], {env})
        if (without === null) {
          expect({code, stderr, said: saidIn(stdout)}).toEqual({code: 0, stderr: '', said: ''})
          return
        }
        const [verb, resource = '', group = ''] = [without.verbs[0], without.resources[0], without.apiGroups[0]]
        const said = isRequired ? stderr : saidIn(stdout)
        // Where a ConfigMap alone says where the brokers are, nothing goes without it.
        expect(code).toBe(isRequired || said.startsWith('nothing that may be read') ? 77 : 0)
        expect(said).toContain(`not allowed to ${verb} ${resource}`)
        expect(said).toContain(`apiGroups: [${group === '' ? '""' : group}], resources: [${resource}], verbs: [${verb}]`)
      },
    )
  })
}
