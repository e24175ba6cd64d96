import {withOperator} from '../lib/app/operator.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, Flags, listFormatOf, listOutputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {changeFlags, changeOptions, positive, waitFlags} from '../lib/cli/write-flags.ts'
import {operationExitCode} from '../lib/runbook/operation/index.ts'
import {rollback, rollbackViews} from '../lib/runbook/rollback/index.ts'

export default class Rollback extends SapocheCommand {
  static override summary = 'take an older revision of a workload up again, and wait for its rollout'
  static override description =
    'Without --to-revision the one before the present. Exit code: 0 done, 2 not as wished, 75 only time ran out, 130 interrupted.'
  static override examples = [
    '<%= config.bin %> rollback worker-sapoche-pdf',
    '<%= config.bin %> rollback worker-sapoche-pdf --to-revision 11 --yes',
  ]
  static override args = {target: Args.string({description: 'a workload', required: true})}
  static override flags = {
    'to-revision': positive({summary: 'the revision, as sapoche history shows it'}),
    'via-zero': Flags.boolean({summary: 'stop, wait until all pods are gone, start: where two may never run side by side'}),
    ...changeFlags,
    ...waitFlags,
    ...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Rollback)
    const options = {
      ...flags,
      ...changeOptions(flags, this.terminal),
      target: args.target,
      toRevision: flags['to-revision'],
      viaZero: flags['via-zero'],
    }
    const report = await withOperator('rollback', flags, this.surroundings, (operator) => rollback(options, operator, this.signal))
    await writeReport(report, listFormatOf(flags, this.terminal.stdout), rollbackViews, this.terminal, this.environment.now())
    this.endWith(operationExitCode(report.items, report.interrupted))
  }
}
