import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {readTop, topNotice, topViews} from '../lib/runbook/top/index.ts'

export default class Top extends SapocheCommand {
  static override summary = 'CPU and memory in use, beside requests and limits, by pod, container, workload or category'
  static override description = [
    'Sorted by use, most first. %REQ and %LIM are parts of what was requested and of the limit. A pod without a metric is absent, never 0.',
    'Where the cluster has no metrics API the exit code is 69.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> top --sort-by memory',
    '<%= config.bin %> top workers --by workload --sort-by cpu',
    "<%= config.bin %> top -o json | jq -r '.items[] | select(.percents.memoryOfLimits > 90) | .name'",
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    'sort-by': Flags.option({options: ['memory', 'cpu'] as const, default: 'memory', summary: 'what to sort by', helpGroup: 'OUTPUT'})(),
    by: Flags.option({
      options: ['pod', 'container', 'workload', 'category'] as const,
      default: 'pod',
      summary: 'what to sum up',
      helpGroup: 'OUTPUT',
    })(),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Top)
    const session = await openSession(flags, 'top', this.surroundings)
    const progress = this.waitFor(`reading metrics of ${session.cluster.namespace}`)
    try {
      const report = await readTop({targets: argv.map(String), ...flags}, session, this.signal)
      progress.stop()
      this.notice(topNotice(report))
      await writeReport(report, formatOf(flags), topViews(), this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
