import {doctorSources} from '../lib/app/doctor.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, Flags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {runtimeFacts} from '../lib/cli/program-facts.ts'
import {brokersFlag, loginFlags, orthancUrlFlag, redisUrlFlag} from '../lib/cli/server-flags.ts'
import {changeFlags, isReadOnly, requireWritable} from '../lib/cli/write-flags.ts'
import {doctorViews, examine, exitCodeOf} from '../lib/runbook/doctor/index.ts'

export default class Doctor extends SapocheCommand {
  static override summary = 'every hop from here to the cluster, Redis, Kafka and Orthanc: whether it works, how fast, and its cure'
  static override description = [
    'Also which commands may run, and where the workloads say that their databases and stores are. A hop that fails is critical, a broken',
    'kubeconfig too; what rests on it is skipped. Changes nothing. --from-pods runs php, bash or nc in pods, to see whether they can connect.',
    'Exit code: 0 ok, 1 warning, 2 a hop fails, 3 unknown.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> doctor',
    '<%= config.bin %> doctor --context prod-eu --read-secrets',
    '<%= config.bin %> doctor --from-pods',
    '<%= config.bin %> doctor --read-only -o json | jq -r \'.steps[] | select(.status != "ok") | "\\(.path) \\(.name): \\(.reason)"\'',
    '<%= config.bin %> doctor --fail-on critical -o junit > doctor.xml',
  ]
  static override flags = {
    'from-pods': Flags.boolean({summary: 'also connect from within pods to what they depend on', default: false}),
    'read-only': Flags.boolean({
      ...changeFlags['read-only'],
      summary: 'leave out the commands that change something; also SAPOCHE_READ_ONLY=1',
    }),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'junit']),
    ...checkFlags,
    ...redisUrlFlag,
    ...brokersFlag,
    ...orthancUrlFlag,
    'read-secrets': loginFlags['read-secrets'],
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Doctor)
    const {environment, terminal, signal} = this
    if (flags['from-pods']) requireWritable(flags, environment, 'doctor --from-pods')
    const progress = this.waitFor('taking every hop')
    const program = {...runtimeFacts(), version: this.config.version}
    const sources = await doctorSources(flags, {...this.surroundings, terminal}, program)
    try {
      const readOnly = isReadOnly(flags, environment)
      const report = await examine({readOnly, fromPods: flags['from-pods'], namespace: flags.namespace}, sources, signal)
      progress.stop()
      await writeReport(report, formatOf(flags), doctorViews(flags['fail-on']), terminal, environment.now())
      this.endWith(exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await sources.close()
    }
  }
}
