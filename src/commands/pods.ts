import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {podsNotice, podsViews, readPods} from '../lib/runbook/pods/index.ts'

export default class Pods extends SapocheCommand {
  static override summary = 'the pods of workloads and categories, with restarts, age, node, and what is wrong with them'
  static override description = [
    'Pods belong to a workload by their owner, not by their name. STATUS is the word that kubectl shows.',
    'TARGETS are workloads, categories (consumers, workers, backend, frontend), globs, pods, or all.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> pods consumers',
    '<%= config.bin %> pods --problems',
    "<%= config.bin %> pods backend -o json | jq -r '.items[] | select(.ready | not) | .name'",
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    problems: Flags.boolean({summary: 'only pods with which something is wrong', default: false, helpGroup: 'OUTPUT'}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Pods)
    const session = await openSession(flags, 'pods', this.surroundings)
    const progress = this.waitFor(`reading pods of ${session.cluster.namespace}`)
    try {
      const report = await readPods({targets: argv.map(String), ...flags}, session, this.signal)
      progress.stop()
      this.notice(podsNotice(report))
      await writeReport(report, formatOf(flags), podsViews(), this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
