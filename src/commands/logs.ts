import {openSession} from '../lib/app/index.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {openBytes} from '../lib/cli/bytes.ts'
import {clusterFlags, duration, Flags, targetFlags} from '../lib/cli/flags.ts'
import {pick, requirePerson} from '../lib/cli/pick.ts'
import {LEVELS, LOG_FORMATS, logOptions, streamLogs, targetChoices} from '../lib/runbook/logs/index.ts'

const LINES = {helpGroup: 'LINES'}
const OUTPUT = {helpGroup: 'OUTPUT'}
const many = {multiple: true, multipleNonGreedy: true} as const

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
    follow: Flags.boolean({char: 'f', summary: 'go on with what is written from now on, until Ctrl-C', exclusive: ['previous']}),
    ...targetFlags.flags,
    container: Flags.string({char: 'c', summary: 'only containers of this name; repeatable', helpValue: '<name>', ...many}),
    previous: Flags.boolean({char: 'p', summary: 'of the run before, of containers that were restarted'}),
    tail: Flags.integer({summary: 'lines of each container, -1 for all; 100 without --since and filters', helpValue: '<lines>', ...LINES}),
    since: duration({summary: 'only lines of the last minutes or hours', exclusive: ['since-time'], ...LINES}),
    'since-time': Flags.string({summary: 'only lines since this time, RFC 3339', helpValue: '<time>', ...LINES}),
    grep: Flags.string({summary: 'only records that match; repeatable: one of them', helpValue: '<regexp>', ...many, ...LINES}),
    exclude: Flags.string({summary: 'no records that match; repeatable', helpValue: '<regexp>', ...many, ...LINES}),
    level: Flags.option({
      options: LEVELS,
      summary: 'only records of this level and above, of JSON, Monolog and the usual forms',
      helpValue: '<level>',
      ...LINES,
    })(),
    'after-context': Flags.integer({char: 'A', summary: 'records of the container after a match', default: 0, min: 0, ...LINES}),
    'before-context': Flags.integer({char: 'B', summary: 'records of the container before a match', default: 0, min: 0, ...LINES}),
    output: Flags.option({char: 'o', options: LOG_FORMATS, default: 'text', summary: 'raw: byte for byte as written', ...OUTPUT})(),
    json: Flags.boolean({summary: 'the same as -o json', ...OUTPUT}),
    timestamps: Flags.boolean({summary: 'whole time stamps', ...OUTPUT}),
    prefix: Flags.boolean({summary: 'workload and pod before each line', default: true, allowNo: true, ...OUTPUT}),
    'order-window': duration({
      summary: 'how long a live line waits for earlier ones, 250ms when not given',
      default: 250,
      noCacheDefault: true,
      ...OUTPUT,
    }),
    'max-streams': Flags.integer({
      summary: 'logs whose past is read at once; others take turns',
      default: 64,
      min: 1,
      helpGroup: 'CLUSTER',
    }),
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
