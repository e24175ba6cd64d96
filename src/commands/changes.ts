import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, duration, listFormatOf, listOutputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {changesNotice, changesViews, readChanges} from '../lib/runbook/changes/index.ts'
import {journalFile} from '../lib/runbook/journal/index.ts'

const DEFAULT_SINCE_MS = 7_200_000

export default class Changes extends SapocheCommand {
  static override summary = 'what changed, as one timeline: rollouts, scalings, restarts, evictions, autoscalers, configuration'
  static override description = [
    'The first question of every incident. Rollouts say which images and variables differ; of ConfigMaps and Secrets the time alone is known.',
    'What this tool changed from this machine is joined, with who and why. Newest last.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> changes --since 2h',
    '<%= config.bin %> changes worker-sapoche-pdf --since 3d',
    '<%= config.bin %> changes -o json | jq -r \'.items[] | select(.kind == "rollout") | [.at, .workload, .what] | @tsv\'',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    since: duration({summary: 'how far back, 2h when not given', default: DEFAULT_SINCE_MS, noCacheDefault: true}),
    ...targetFlags.flags,
    ...listOutputFlags(['table', 'wide', 'json', 'yaml']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Changes)
    const {variables, home} = this.environment
    const session = await openSession(flags, 'changes', this.surroundings)
    const progress = this.waitFor(`reading changes of ${session.cluster.namespace}`)
    try {
      // What is changed on the embedded cluster is gone with it.
      const journal = flags.sandbox === undefined ? journalFile(variables, home) : null
      const report = await readChanges({targets: argv.map(String), ...flags, journal}, session, this.signal)
      progress.stop()
      this.notice(changesNotice(report))
      await writeReport(report, listFormatOf(flags, this.terminal.stdout), changesViews(), this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
