import {deepSession} from '../lib/app/deep.ts'
import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {allowFlag, checkFlags, clusterFlags, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {deepFlags} from '../lib/cli/server-flags.ts'
import {exitCodeOf, HEALTHS, liveStatus, statusViews} from '../lib/runbook/status/index.ts'

export default class Status extends SapocheCommand {
  static override summary = 'verdict of the namespace: what is wrong, since when, why, and what to do next'
  static override description = [
    'Reads deployments, replica sets, pods, services, endpoint slices, nodes, autoscalers, events and what else the namespace runs,',
    'and judges them against the catalogue. Exit code: 0 ok, 1 warning, 2 critical, 3 unknown.',
    'TARGETS are workloads, categories (consumers, workers, backend, frontend), globs, pods, or all.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status consumers --problems',
    '<%= config.bin %> status backend --except st-bnkd-php -o wide',
    '<%= config.bin %> status -o json | jq -r \'.items[] | select(.severity == "critical") | .name\'',
    '<%= config.bin %> status --fail-on critical --allow drifted,progressing -o junit > status.xml',
    '<%= config.bin %> status --deep --problems',
    '<%= config.bin %> status workers --deep -o json | jq -r \'.items[].queues[] | "\\(.queue)\\t\\(.pending)"\'',
    '<%= config.bin %> status --watch --problems',
    '<%= config.bin %> status backend --until ok --timeout 10m && echo deployed',
    '<%= config.bin %> status --sandbox=crashloop',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    problems: Flags.boolean({summary: 'only what is wrong, and the verdict', helpGroup: 'OUTPUT'}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']),
    ...checkFlags,
    ...allowFlag(HEALTHS, 'healths that do not count for the verdict, comma separated'),
    strict: Flags.boolean({summary: 'judge workloads that the catalogue lacks as severely as the others', helpGroup: 'CHECK'}),
    ...deepFlags,
    deep: {...deepFlags.deep, summary: 'also queue depth, lag and DICOM: asks Redis, Kafka and Orthanc'},
    ...liveFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Status)
    const session = await openSession(flags, 'status', this.surroundings)
    const progress = this.waitFor(`reading namespace ${session.cluster.namespace} on ${session.cluster.context ?? session.cluster.server}`)
    const views = statusViews(flags.problems, flags['fail-on'])
    const {terminal, signal} = this
    try {
      const live = liveStatus({...flags, targets: argv.map(String)}, await deepSession(session, flags, this.surroundings))
      const {report, code} = await showLive(live, {flags, format: formatOf(flags), views, terminal, signal, progress, now: session.now})
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
