import {doctorSources} from '../lib/app/doctor.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, Flags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {runtimeFacts} from '../lib/cli/program-facts.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {brokersFlag, loginFlags, orthancUrlFlag, redisUrlFlag} from '../lib/cli/server-flags.ts'
import {isReadOnly, requireWritable} from '../lib/cli/write-flags.ts'
import {doctorViews, exitCodeOf, liveDoctor} from '../lib/runbook/doctor/index.ts'

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
    '<%= config.bin %> doctor --until ok --timeout 2m && sapoche status',
    '<%= config.bin %> doctor --read-only -o json | jq -r \'.steps[] | select(.status != "ok") | "\\(.path) \\(.name): \\(.reason)"\'',
    '<%= config.bin %> doctor --fail-on critical -o junit > doctor.xml',
  ]
  static override flags = {
    // Without a default: that would count as given.
    'from-pods': Flags.boolean({summary: 'also connect from within pods to what they depend on', exclusive: ['watch', 'until']}),
    'read-only': Flags.boolean({summary: 'leave out the commands that change something; also SAPOCHE_READ_ONLY=1'}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'junit']),
    ...checkFlags,
    ...liveFlags,
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
    const sources = await doctorSources(flags, this.surroundings, program)
    try {
      const live = liveDoctor({...flags, readOnly: isReadOnly(flags, environment), fromPods: flags['from-pods']}, sources)
      const views = doctorViews(flags['fail-on'])
      const {report, code} = await showLive(live, {flags, format: formatOf(flags), views, terminal, signal, progress, now: sources.now})
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await sources.close()
    }
  }
}
