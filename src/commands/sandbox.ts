import {listScenarios, openCatalogue, openSandbox} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, catalogueFlag, Flags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {listOfScenarios, sandboxReport, sandboxViews, scenarioViews} from '../lib/runbook/sandbox/index.ts'

export default class Sandbox extends SapocheCommand {
  static override summary = 'serves an embedded cluster, for trying and for drills, until Ctrl-C'
  static override description =
    'A Kubernetes API server on loopback with the catalogue in it, as a scenario left it. It writes a kubeconfig that kubectl takes too, and removes it at the end.'
  static override examples = [
    '<%= config.bin %> sandbox --list',
    '<%= config.bin %> sandbox crashloop',
    '<%= config.bin %> sandbox node-lost -o json | jq -r .kubeconfig',
  ]
  static override args = {scenario: Args.string({description: 'what has happened in it', default: 'baseline'})}
  static override flags = {
    list: Flags.boolean({summary: 'list the scenarios and end'}),
    ...outputFlags(['table', 'json', 'yaml']),
    ...catalogueFlag,
  }

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Sandbox)
    const format = formatOf(flags)
    const now = this.environment.now()
    if (flags.list) return await writeReport(listOfScenarios(await listScenarios()), format, scenarioViews, this.terminal, now)
    const catalogue = await openCatalogue(flags, this.environment)
    const sandbox = await openSandbox(args.scenario, catalogue, this.environment)
    try {
      const {url, kubeconfig} = sandbox
      const report = sandboxReport({scenario: args.scenario, url, kubeconfig, namespace: catalogue.namespace})
      await writeReport(report, format, sandboxViews, this.terminal, now)
      await this.interrupted()
    } finally {
      await sandbox.close()
    }
  }
}
