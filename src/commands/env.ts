import {openSession} from '../lib/app/index.ts'
import {podAccess} from '../lib/app/pod-access.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {envNotice, envViews, readEnv} from '../lib/runbook/env/index.ts'

export default class Env extends SapocheCommand {
  static override summary = 'the environment of workloads, as their templates declare it or as a pod has it'
  static override description = [
    'ConfigMaps are followed; Secrets are named and not read. Values that look secret, and passwords in URLs, are hidden.',
    'Says where a ConfigMap was changed after a pod started, which runs with the old values.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> env consumer-lis-testresult --match QUEUE',
    '<%= config.bin %> env workers --match REDIS_ -o wide',
    '<%= config.bin %> env st-bnkd-php --live',
    "<%= config.bin %> env consumers --match 'KAFKA_*' -o json | jq -r '.items[] | [.workload, .value] | @tsv'",
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    match: Flags.string({summary: 'only variables with this in name or value; with * a glob on names', helpValue: '<text>'}),
    live: Flags.boolean({summary: 'run env in a pod of each workload'}),
    container: Flags.string({char: 'c', summary: 'with --live: that container', helpValue: '<name>', dependsOn: ['live']}),
    ...targetFlags.flags,
    ...outputFlags(['table', 'wide', 'json', 'yaml']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Env)
    const session = await openSession(flags, 'env', this.surroundings)
    const progress = this.waitFor(`reading environments of ${session.cluster.namespace}`)
    try {
      const sources = {...session, access: await podAccess(session.cluster)}
      const report = await readEnv({targets: argv.map(String), ...flags}, sources, this.signal)
      progress.stop()
      this.notice(envNotice(report))
      await writeReport(report, formatOf(flags), envViews(), this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
