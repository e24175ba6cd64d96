import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {clusterFlags, Flags, listFormatOf, listOutputFlags, targetFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {whileRead} from '../lib/cli/reader-gone.ts'
import {amount} from '../lib/cli/write-flags.ts'
import {eventsNotice, eventsViews, readEvents, streamEvents} from '../lib/runbook/events/index.ts'

export default class Events extends SapocheCommand {
  static override summary = 'events of workloads with those of their replica sets and pods, newest last'
  static override description = [
    'Each event names its workload, also where its pod is gone. What has repeated is sorted by the last time and says how often.',
    'The cluster keeps events for an hour. -o wide gives a line an event, for grep. With --follow: until Ctrl-C, also when connections are',
    'lost; -o json gives a line an event.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> events --limit 20',
    '<%= config.bin %> events workers --warnings -f',
    "<%= config.bin %> events consumer-lis-testresult -o json | jq -r '.items[].message'",
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    limit: amount({summary: 'the newest so many rows, 20 when not given; 0 for all', default: 20, noCacheDefault: true}),
    warnings: Flags.boolean({summary: 'warnings alone', default: false}),
    follow: Flags.boolean({char: 'f', summary: 'go on with each further event until Ctrl-C', default: false}),
    ...listOutputFlags(['table', 'wide', 'json', 'yaml', 'name']),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Events)
    const format = listFormatOf(flags, this.terminal.stdout)
    const session = await openSession(flags, 'events', this.surroundings)
    const progress = this.waitFor(`reading events of ${session.cluster.namespace}`)
    const options = {targets: argv.map(String), ...flags}
    try {
      if (flags.follow) {
        const outlet = {...this.terminal.stdout, format, begun: () => progress.stop(), say: (text: string) => this.notice(text)}
        const follow = (signal: AbortSignal): Promise<void> => streamEvents(options, session, outlet, signal)
        return this.endWith((await whileRead(this.signal, follow)) ? 0 : 130)
      }
      const report = await readEvents(options, session, this.signal)
      progress.stop()
      this.notice(eventsNotice(report))
      await writeReport(report, format, eventsViews(), this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
