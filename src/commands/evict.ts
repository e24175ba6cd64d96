import {withOperator} from '../lib/app/operator.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, listFormatOf, listOutputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {changeFlags, changeOptions, waitFlags} from '../lib/cli/write-flags.ts'
import {evict, evictViews} from '../lib/runbook/evict/index.ts'
import {operationExitCode} from '../lib/runbook/operation/index.ts'

export default class Evict extends SapocheCommand {
  static override summary = 'move one pod away, where disruption budgets allow it, and wait for the one in its place'
  static override description =
    'By the Eviction API. Exit code: 0 done, 2 not as wished or refused by a PodDisruptionBudget, 75 only time ran out.'
  static override examples = [
    '<%= config.bin %> evict st-bnkd-php-7c9f5bd6f4-x2x7k',
    '<%= config.bin %> evict pod/worker-sapoche-pdf-6d5f9c7b4d-4ph9k --yes --no-wait',
  ]
  static override args = {pod: Args.string({description: 'a pod', required: true})}
  static override flags = {...changeFlags, ...waitFlags, ...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name']), ...clusterFlags}

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Evict)
    const options = {
      ...flags,
      ...changeOptions(flags, this.terminal),
      pod: args.pod,
    }
    const report = await withOperator('evict', flags, this.surroundings, (operator) => evict(options, operator, this.signal))
    await writeReport(report, listFormatOf(flags, this.terminal.stdout), evictViews, this.terminal, this.environment.now())
    this.endWith(operationExitCode(report.items, report.interrupted))
  }
}
