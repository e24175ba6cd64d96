import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, duration, Flags, listFormatOf, listOutputFlags} from '../lib/cli/flags.ts'
import {writeReport} from '../lib/cli/output.ts'
import {positive} from '../lib/cli/write-flags.ts'
import {journalFile, journalReport, journalViews} from '../lib/runbook/journal/index.ts'

export default class Journal extends SapocheCommand {
  static override summary = 'what this tool changed from this machine, when, and how to undo it'
  static override description =
    'Reads $XDG_STATE_HOME/sapoche/journal.jsonl (~/.local/state/sapoche), one JSON line a change; asks no cluster.'
  static override examples = [
    '<%= config.bin %> journal',
    '<%= config.bin %> journal worker-sapoche-pdf --since 2h',
    "<%= config.bin %> journal --limit 1 -o json | jq -r '.items[].undo'",
  ]
  static override strict = false
  static override args = {targets: Args.string({description: 'names or globs of workloads and pods', required: false})}
  static override flags = {
    since: duration({summary: 'only changes of so long ago and later'}),
    limit: positive({summary: 'only the newest so many'}),
    context: Flags.string({summary: 'only those on this context', helpValue: '<name>'}),
    namespace: Flags.string({char: 'n', summary: 'only those in this namespace', helpValue: '<name>'}),
    ...listOutputFlags(['table', 'wide', 'json', 'yaml']),
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Journal)
    const {variables, home, now} = this.environment
    const {since, limit, context, namespace} = flags
    const options = {file: journalFile(variables, home), targets: argv.map(String), sinceMs: since, limit, context, namespace}
    const report = await journalReport(options, now())
    await writeReport(report, listFormatOf(flags, this.terminal.stdout), journalViews, this.terminal, now())
  }
}
