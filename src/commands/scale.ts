import {withOperator} from '../lib/app/operator.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, duration, Flags, listFormatOf, listOutputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {amount, changeFlags, changeOptions, requireTargets, waitFlags} from '../lib/cli/write-flags.ts'
import {operationExitCode} from '../lib/runbook/operation/index.ts'
import {scale, scaleViews, wishOf} from '../lib/runbook/scale/index.ts'

export default class Scale extends SapocheCommand {
  static override summary = 'set the number of replicas, for good or for a while, and wait until they are ready'
  static override description = [
    'Guarded by the version that was read; count, time, author and reason are recorded on the deployment.',
    'Protected workloads (Redis, the scheduler, Orthanc) are changed by their own name alone, which has to be typed.',
    'Exit code: 0 done, 2 not as wished, 75 only time ran out, 130 interrupted.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> scale worker-sapoche-pdf --replicas 3 --for 30m --reason "PDF backlog"',
    '<%= config.bin %> scale st-bnkd-php --replicas 5 --current-replicas 3 --yes',
    '<%= config.bin %> scale consumer-ecg --to-baseline',
    '<%= config.bin %> scale workers --revert --dry-run',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    replicas: amount({summary: 'the number of replicas'}),
    'to-baseline': Flags.boolean({summary: "the catalogue's number"}),
    revert: Flags.boolean({summary: 'the number before the last scaling, as recorded; nothing where somebody has changed it since'}),
    'current-replicas': amount({summary: 'only where there are so many now'}),
    for: duration({summary: 'stay, count down, and go back at the end or at Ctrl-C'}),
    detach: Flags.boolean({summary: 'with --for: leave; scale --revert goes back, and status says when it is overdue', default: false}),
    force: Flags.boolean({summary: "more than the catalogue's maxReplicas"}),
    ...targetFlags.flags,
    ...changeFlags,
    ...waitFlags,
    ...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Scale)
    const options = {
      ...flags,
      ...changeOptions(flags, this.terminal),
      targets: requireTargets(argv, 'scale'),
      except: flags.except ?? [],
      wish: wishOf(flags),
      currentReplicas: flags['current-replicas'],
      forMs: flags.for,
    }
    const report = await withOperator('scale', flags, this.surroundings, (operator) => scale(options, operator, this.signal))
    await writeReport(report, listFormatOf(flags, this.terminal.stdout), scaleViews, this.terminal, this.environment.now())
    this.endWith(operationExitCode([...report.items, ...(report.reverted ?? [])], report.interrupted))
  }
}
