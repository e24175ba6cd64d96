import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {openBytes} from '../lib/cli/bytes.ts'
import {clusterFlags, Flags, targetFlags} from '../lib/cli/flags.ts'
import {logFlags} from '../lib/cli/log-flags.ts'
import {pick, requirePerson} from '../lib/cli/pick.ts'
import {LEVELS, LOG_FORMATS, logOptions, streamLogs, targetChoices} from '../lib/runbook/logs/index.ts'

const LEVEL = {helpValue: '<level>', helpGroup: 'LINES'}
const OUTPUT = {helpGroup: 'OUTPUT'}

export default class Logs extends SapocheCommand {
  static override summary = 'logs of workloads, categories or pods as one stream in the order of time'
  static override description = [
    'Past lines of all containers come in exact order of time. With -f, lines that were just written wait --order-window for earlier',
    'ones, so two lines come out in order unless the earlier one arrived later by more than that; while a broken stream is taken up',
    'again, all wait for it, for eight windows at most. No line is lost and none repeated, whatever becomes of the connections. Pods',
    'born later are followed as well. Filters see whole records: the lines of a stack trace stay with their head.',
    'Without targets, on a terminal, a picker asks for them. The exit code is 0 where nothing was found.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> logs consumer-lis-testresult -f',
    '<%= config.bin %> logs consumers workers --since 15m --level error',
    '<%= config.bin %> logs worker-sapoche-pdf --previous --tail -1',
    "<%= config.bin %> logs st-bnkd-php --grep 'timed out' -A 2 --exclude healthz",
    '<%= config.bin %> logs all -f -o json | jq -r \'select(.level == "error") | .deployment\'',
  ]
  static override strict = false
  static override args = targetFlags.args
  static override flags = {
    ...targetFlags.flags,
    ...logFlags,
    level: Flags.option({options: LEVELS, summary: 'only records of this level and above, as JSON or Monolog say', ...LEVEL})(),
    output: Flags.option({char: 'o', options: LOG_FORMATS, default: 'text', summary: 'raw: byte for byte as written', ...OUTPUT})(),
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Logs)
    const {environment, terminal} = this
    if (argv.length === 0) requirePerson(terminal, 'whose logs? name workloads, categories or pods, or all')
    const options = logOptions(argv.map(String), flags)
    const session = await openSession(flags, 'logs', this.surroundings)
    const output = openBytes()
    try {
      const targets = argv.length > 0 ? options.targets : await pick('Whose logs?', targetChoices(session.catalogue), this.signal)
      const say = (text: string): void => terminal.stderr.write(`${text}\n`)
      const around = {...output, ...environment, say, isWatched: terminal.stderr.isTerminal, stdout: terminal.stdout}
      await streamLogs({...options, targets}, session, around, AbortSignal.any([this.signal, output.gone]))
    } catch (error) {
      if (this.signal.aborted || !output.gone.aborted) throw error
    } finally {
      output.close()
      await session.close()
    }
  }
}
