import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {historyViews, readHistory} from '../lib/runbook/history/index.ts'

export default class History extends SapocheCommand {
  static override summary = 'the revisions of a workload: when, which image, what differs, and how to go back'
  static override examples = [
    '<%= config.bin %> history worker-sapoche-pdf',
    '<%= config.bin %> history st-bnkd-php -o json | jq .items[-1].changes',
  ]
  static override args = {target: Args.string({description: 'a workload', required: true})}
  static override flags = {...outputFlags(['table', 'wide', 'json', 'yaml']), ...clusterFlags}

  async run(): Promise<void> {
    const {flags, args} = await this.parse(History)
    const session = await openSession(flags, 'history', this.surroundings)
    const progress = this.waitFor(`reading the revisions of ${args.target}`)
    try {
      const report = await readHistory(args.target, session, this.signal)
      progress.stop()
      await writeReport(report, formatOf(flags), historyViews, this.terminal, session.now())
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
