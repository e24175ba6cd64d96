import {openSession} from '../lib/app/index.ts'
import {withRedis} from '../lib/app/redis.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {checkFlags, clusterFlags, duration, Flags, formatOf, outputFlags, targetFlags} from '../lib/cli/flags.ts'
import {liveFlags, showLive} from '../lib/cli/screen-live.ts'
import {loginFlags, redisUrlFlag} from '../lib/cli/server-flags.ts'
import {exitCodeOf, liveQueueDepth, queueDepthViews} from '../lib/runbook/queue-depth/index.ts'

const EVERY = {helpGroup: 'WATCH', default: 5000, noCacheDefault: true}

export default class QueueDepth extends SapocheCommand {
  static override summary = 'backlog of the queues in Redis, beside the workers that should work on it'
  static override description = [
    "Laravel's queues (pending, delayed, reserved) and Redis itself, read through the API server unless there is a URL. The queues are those",
    'of the catalogue, the environment and the arguments of the workers. Payloads are never shown. Exit code: 0 ok, 1 warning, 2 critical,',
    '3 unknown. TARGETS are workers, categories, globs, pods, or all.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> queue-depth worker-sapoche-pdf --watch',
    '<%= config.bin %> queue-depth --queue queue_name',
    '<%= config.bin %> queue-depth --redis-url redis://127.0.0.1:6379/0 --discover --failed',
    '<%= config.bin %> queue-depth -o json | jq -r \'.items[] | select(.severity == "critical") | .reason\'',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    queue: Flags.string({summary: 'this queue, or any key; repeatable', multiple: true, multipleNonGreedy: true, helpValue: '<name>'}),
    ...targetFlags.flags,
    window: duration({summary: 'read twice, so far apart: that alone tells whether a queue moves'}),
    discover: Flags.boolean({summary: 'also queues that no workload is known to serve; looks at every key', default: false}),
    failed: Flags.boolean({summary: "also jobs that failed for good: Horizon's, and the catalogue's dead-letter keys", default: false}),
    ...outputFlags(['table', 'wide', 'json', 'yaml', 'name', 'junit']),
    ...checkFlags,
    'max-depth': Flags.integer({summary: "warn from so many pending jobs on; the catalogue's when not given", min: 0, helpGroup: 'CHECK'}),
    'max-age': duration({summary: "warn from this age of the oldest on; the catalogue's when not given", helpGroup: 'CHECK'}),
    ...liveFlags,
    interval: duration({summary: 'time between two looks of --watch, 5s when not given', ...EVERY}),
    ...redisUrlFlag,
    ...loginFlags,
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(QueueDepth)
    const session = await openSession(flags, 'queue-depth', this.surroundings)
    const {terminal, signal} = this
    const {namespace, context, server} = session.cluster
    const progress = this.waitFor(`reading the queues of ${namespace} on ${context ?? server}`)
    try {
      const live = liveQueueDepth({...flags, targets: argv.map(String)}, withRedis(session, flags, this.surroundings))
      const views = queueDepthViews(flags['fail-on'])
      const {report, code} = await showLive(live, {flags, format: formatOf(flags), views, terminal, signal, progress, now: session.now})
      this.endWith(code ?? exitCodeOf(report.verdict, flags['fail-on']))
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
