import {deepSession} from '../lib/app/deep.ts'
import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, duration, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {sameCluster} from '../lib/cli/same-cluster.ts'
import {deepFlags} from '../lib/cli/server-flags.ts'
import {auditInactive, auditViews, exitCodeOf} from '../lib/runbook/audit-inactive/index.ts'
import {journalFile} from '../lib/runbook/journal/index.ts'

const LONG_MS = 90 * 86_400_000

export default class AuditInactive extends SapocheCommand {
  static override summary = 'every deployment at zero: expected or not, since when, by whom, and what is left attached'
  static override description = [
    'Expected is a zero of the catalogue, of an autoscaler, or one that was recorded for a while. What nothing tells is unknown, and not guessed.',
    'With --deep also what piles up for it in queues and topics: critical, unless the catalogue accepts it (inactive.backlogAccepted).',
    'Exit code: 0 as expected, 1 long inactive or due for review, 2 at zero unexpectedly, 3 unknown.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> audit-inactive',
    '<%= config.bin %> audit-inactive --older-than 30d -o wide',
    '<%= config.bin %> audit-inactive --deep',
    "<%= config.bin %> audit-inactive -o json | jq -r '.items[] | select(.expected | not) | .name'",
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    'older-than': duration({
      summary: 'time at zero from which on it is long inactive, 90d when not given',
      default: LONG_MS,
      noCacheDefault: true,
    }),
    ...targetFlags.flags,
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']),
    ...checkFlags,
    strict: Flags.boolean({summary: 'judge what the catalogue lacks as severely as the others', default: false, helpGroup: 'CHECK'}),
    ...deepFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(AuditInactive)
    const {variables, home} = this.environment
    const session = await openSession(flags, 'audit-inactive', this.surroundings)
    const progress = this.waitFor(`reading deployments of ${session.cluster.namespace}`)
    try {
      const journal = flags.sandbox === undefined ? journalFile(variables, home) : null
      const options = {...flags, targets: argv.map(String), olderThanMs: flags['older-than'], journal}
      const report = await auditInactive(options, await deepSession(session, flags, this.surroundings), this.signal)
      progress.stop()
      await writeReport(sameCluster(report, flags), formatOf(flags), auditViews(flags['fail-on']), this.terminal, session.now())
      this.endWith(exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
