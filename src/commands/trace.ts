import {deepSession} from '../lib/app/deep.ts'
import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, Flags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {bothServersFlags} from '../lib/cli/server-flags.ts'
import {exitCodeOf, liveTrace, traceViews} from '../lib/runbook/trace/index.ts'

export default class Trace extends SapocheCommand {
  static override summary = 'the way of the data, hop by hop, and where it is broken'
  static override description = [
    "The catalogue's flows: from the gateway through services and workloads to Redis, and from the events through consumers and workers.",
    'Each hop with its endpoints, replicas, queue depth and lag; of a hop where nothing passes, what lies upstream and downstream of it.',
    "Services beside the catalogue's types, cluster IPs and ports. What lies outside of the namespace is not checked.",
    'Exit code: 0 ok, 1 warning, 2 critical, 3 unknown.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> trace',
    '<%= config.bin %> trace --from gateway',
    '<%= config.bin %> trace --from events -o wide',
    '<%= config.bin %> trace -o json | jq -r \'.items[] | select(.broken) | "\\(.flow): \\(.name), cut off: \\(.downstream | join(", "))"\'',
    '<%= config.bin %> trace -o mermaid > flow.mmd',
    '<%= config.bin %> trace --from events --watch',
    '<%= config.bin %> trace --sandbox=worker-backlog',
  ]
  static override flags = {
    from: Flags.string({summary: 'this flow alone; all of the catalogue when not given', helpValue: '<gateway|events>'}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'mermaid', 'junit']),
    ...checkFlags,
    ...liveFlags,
    ...bothServersFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(Trace)
    const session = await openSession(flags, 'trace', this.surroundings)
    const progress = this.waitFor(`following the data through ${session.cluster.namespace}`)
    const {terminal, signal} = this
    try {
      const live = liveTrace(flags, await deepSession(session, {...flags, deep: true}, this.surroundings))
      const display = {flags, format: formatOf(flags), views: traceViews(flags['fail-on']), terminal, signal, progress, now: session.now}
      const {report, code} = await showLive(live, display)
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
