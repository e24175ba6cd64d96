import {openSession} from '../../lib/app/index.ts'
import {SapocheCommand} from '../../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, listFormatOf, listOutputFlags} from '../../lib/cli/flags.ts'
import {writeReport} from '../../lib/cli/output.ts'
import {diffCatalogue, diffViews, exitCodeOf} from '../../lib/runbook/catalogue/index.ts'

export default class CatalogueDiff extends SapocheCommand {
  static override summary = 'the catalogue against the cluster: what is missing, unlisted or different'
  static override description = [
    'Compares workloads (presence, kind, replicas) and services (presence, type, ports, cluster IP).',
    'A replica count that an autoscaler or a temporary scaling explains is no fault, nor is a workload that the catalogue lacks.',
    'Exit code: 0 ok, 1 warning, 2 critical, 3 unknown.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> catalogue diff',
    '<%= config.bin %> catalogue diff --context prod-eu --catalogue sapoche.yaml',
    '<%= config.bin %> catalogue diff --fail-on critical -o junit > catalogue.xml',
    '<%= config.bin %> catalogue diff -o json | jq -r \'.items[] | "\\(.name) \\(.field): \\(.expected) -> \\(.actual)"\'',
  ]
  static override flags = {...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']), ...checkFlags, ...clusterFlags}

  async run(): Promise<void> {
    const {flags} = await this.parse(CatalogueDiff)
    const session = await openSession(flags, 'catalogue diff', this.surroundings)
    const progress = this.waitFor(`reading namespace ${session.cluster.namespace} on ${session.cluster.context ?? session.cluster.server}`)
    try {
      const report = await diffCatalogue(session, this.signal)
      progress.stop()
      await writeReport(report, listFormatOf(flags, this.terminal.stdout), diffViews(flags['fail-on']), this.terminal, session.now())
      this.endWith(exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
