import {openCatalogue} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, catalogueFlag, Flags, namespaceName} from '../lib/cli/flags.ts'
import {toJson} from '../lib/cli/output.ts'
import {rolesFor, rolesYaml} from '../lib/runbook/rbac/index.ts'

export default class Rbac extends SapocheCommand {
  static override summary = 'the Role that a command needs, and no more, as YAML for kubectl apply'
  static override description =
    'Of all commands where none is named. What a command can do without is marked; a RoleBinding is yours to make.'
  static override examples = [
    '<%= config.bin %> rbac status | kubectl apply -f -',
    '<%= config.bin %> rbac catalogue diff -n sapoche-staging',
    '<%= config.bin %> rbac restart -o json | jq .items[0].rules',
  ]
  static override strict = false
  static override args = {command: Args.string({description: 'a command, such as restart or catalogue diff', required: false})}
  static override flags = {
    output: Flags.option({
      char: 'o',
      options: ['yaml', 'json'] as const,
      default: 'yaml' as const,
      summary: 'output format',
      helpGroup: 'OUTPUT',
    })(),
    json: Flags.boolean({summary: 'the same as -o json', helpGroup: 'OUTPUT'}),
    namespace: namespaceName({summary: "namespace of the Roles; the catalogue's when not given"}),
    ...catalogueFlag,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Rbac)
    const namespace = flags.namespace ?? (await openCatalogue(flags, this.environment)).namespace
    const roles = rolesFor(argv.length === 0 ? null : argv.join(' '), namespace)
    const isJson = flags.json || flags.output === 'json'
    this.terminal.stdout.write(isJson ? `${toJson(roles, 2)}\n` : rolesYaml(roles))
  }
}
