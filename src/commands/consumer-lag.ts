import {openSession} from '../lib/app/index.ts'
import {withKafka} from '../lib/app/lag.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, duration, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {brokersFlag, loginFlags} from '../lib/cli/server-flags.ts'
import {exitCodeOf, lagNotice, lagViews, liveLag} from '../lib/runbook/consumer-lag/index.ts'

const MANY = {multiple: true, multipleNonGreedy: true} as const
const WINDOW = {default: 10_000, noCacheDefault: true}
const CHECK = {helpGroup: 'CHECK'}

export default class ConsumerLag extends SapocheCommand {
  static override summary = 'what the consumers have not read yet, and whether they move'
  static override description = [
    'Looks twice at the consumer groups of the workloads, a window apart: whether a group catches up, falls behind or stands still.',
    'Joins no group, reads no event, writes nothing. The catalogue and the environment of the workloads name groups and dead letters.',
    'Exit code: 0 ok, 1 warning, 2 critical, 3 unknown. TARGETS are workloads, categories, globs, or all.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> consumer-lag consumer-lis-testresult -o wide',
    "<%= config.bin %> consumer-lag --group 'consumer-spc-*' --window 30s --fail-on critical",
    '<%= config.bin %> consumer-lag --watch',
    '<%= config.bin %> consumer-lag --window 0s -o json | jq -r \'.items[] | "\\(.lag)\\t\\(.group)"\'',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    group: Flags.string({char: 'g', summary: 'consumer group, or a glob of groups; repeatable', helpValue: '<name>', ...MANY}),
    window: duration({summary: 'time between the two looks, 10s when not given; 0s for one look, without movement', ...WINDOW}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']),
    ...checkFlags,
    'allowed-lag': Flags.integer({summary: "lag that is no fault, before the catalogue's number", min: 0, helpValue: '<events>', ...CHECK}),
    'max-age': duration({summary: "how old the oldest unread event may be, before the catalogue's time", ...CHECK}),
    ...liveFlags,
    ...brokersFlag,
    ...loginFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(ConsumerLag)
    const session = await openSession(flags, 'consumer-lag', this.surroundings)
    const progress = this.waitFor(`looking twice at the consumer groups of ${session.cluster.namespace}, ${flags.window / 1000} s apart`)
    const {terminal, signal} = this
    try {
      const live = liveLag({...flags, targets: argv.map(String)}, withKafka(session, flags, this.surroundings))
      const display = {flags, format: formatOf(flags), views: lagViews(flags['fail-on']), terminal, signal, progress, now: session.now}
      const {report, code} = await showLive(live, display)
      this.notice(lagNotice(report))
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
