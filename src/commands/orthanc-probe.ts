import {openSession} from '../lib/app/index.ts'
import {withOrthanc} from '../lib/app/orthanc.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, duration, Flags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {loginFlags, orthancUrlFlag} from '../lib/cli/server-flags.ts'
import {exitCodeOf, liveProbe, probeViews, REQUIRABLE} from '../lib/runbook/orthanc-probe/index.ts'

export default class OrthancProbe extends SapocheCommand {
  static override summary = 'Orthanc layer by layer, down to the cause; then the DICOM viewer and the design system'
  static override description = [
    'Service, endpoints, each pod, HTTP, authentication, database, and what was asked for besides; then the viewer with its DICOMweb root,',
    "and the design system. It asks without credentials first: patients' data that is open to a node port is critical. No patient data is",
    'read. Without credentials what lies behind them is skipped, and the exit code 0. Exit code: 0 ok, 1 warning, 2 critical, 3 unknown.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> orthanc-probe',
    'SAPOCHE_ORTHANC_USERNAME=healthcheck <%= config.bin %> orthanc-probe --password-file /run/secrets/orthanc --require database',
    '<%= config.bin %> orthanc-probe --read-secrets --deep --dicom',
    '<%= config.bin %> orthanc-probe --orthanc-url http://127.0.0.1:8042 --watch',
    '<%= config.bin %> orthanc-probe -o json | jq -r \'.steps[] | select(.status == "critical") | "\\(.name): \\(.reason)"\'',
    '<%= config.bin %> orthanc-probe --sandbox=orthanc-open',
  ]
  static override flags = {
    deep: Flags.boolean({summary: 'also disk use and failed jobs; with PostgreSQL that is a transaction that writes', default: false}),
    dicom: Flags.boolean({summary: 'also a C-ECHO on the port for DICOM', default: false}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']),
    ...checkFlags,
    require: Flags.option({
      options: REQUIRABLE,
      multiple: true,
      delimiter: ',',
      summary: 'steps that are unknown where they are skipped, comma separated',
      helpGroup: 'CHECK',
      helpValue: '<step,...>',
    })(),
    ...liveFlags,
    interval: duration({summary: 'time between two looks, 5s when not given', helpGroup: 'WATCH', default: 5000, noCacheDefault: true}),
    ...orthancUrlFlag,
    ...loginFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(OrthancProbe)
    const session = await openSession(flags, 'orthanc-probe', this.surroundings)
    const progress = this.waitFor(`asking Orthanc in ${session.cluster.namespace} on ${session.cluster.context ?? session.cluster.server}`)
    const {terminal, signal} = this
    try {
      const live = liveProbe(flags, withOrthanc(session, flags, this.surroundings))
      const display = {flags, format: formatOf(flags), views: probeViews(flags['fail-on']), terminal, signal, progress, now: session.now}
      const {report, code} = await showLive(live, display)
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
