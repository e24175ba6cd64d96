import {withOperator} from '../lib/app/operator.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, Flags, listFormatOf, listOutputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {changeFlags, changeOptions, positive, requireTargets, waitFlags} from '../lib/cli/write-flags.ts'
import {operationExitCode} from '../lib/runbook/operation/index.ts'
import {restart, restartViews} from '../lib/runbook/restart/index.ts'

export default class Restart extends SapocheCommand {
  static override summary = 'restart workloads one after another, wait for each, and stop at the first that fails'
  static override description = [
    'A rolling restart, as kubectl rollout restart, in the order of the data flow from its end.',
    'A new pod that can not become ready (crash loop, missing secret, image) stops it at once, with its events and the undo command.',
    'Exit code: 0 done, 2 not as wished, 75 only time ran out, 130 interrupted.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> restart consumer-lis-testresult',
    '<%= config.bin %> restart consumers --parallel 14 --yes',
    '<%= config.bin %> restart worker-sapoche-pdf --undo-on-failure --timeout 5m',
    '<%= config.bin %> restart redis-master-st-sp --via-zero --confirm redis-master-st-sp',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    parallel: positive({summary: 'how many workloads at a time', default: 1, noCacheDefault: true}),
    'keep-going': Flags.boolean({summary: 'go on with the others after one has failed'}),
    'undo-on-failure': Flags.boolean({summary: 'take the former revision up again where a restart fails', exclusive: ['via-zero']}),
    'via-zero': Flags.boolean({summary: 'stop, wait until all pods are gone, start: where two may never run side by side'}),
    ...targetFlags.flags,
    ...changeFlags,
    ...waitFlags,
    ...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Restart)
    const options = {
      ...flags,
      ...changeOptions(flags, this.terminal),
      targets: requireTargets(argv, 'restart'),
      except: flags.except ?? [],
      keepGoing: flags['keep-going'],
      undoOnFailure: flags['undo-on-failure'],
      viaZero: flags['via-zero'],
    }
    const report = await withOperator('restart', flags, this.surroundings, (operator) => restart(options, operator, this.signal))
    await writeReport(report, listFormatOf(flags, this.terminal.stdout), restartViews, this.terminal, this.environment.now())
    this.endWith(operationExitCode(report.items, report.interrupted))
  }
}
