import {openSession} from '../lib/app/index.ts'
import {podAccess} from '../lib/app/pod-access.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, Flags} from '../lib/cli/flags.ts'
import {programStreams} from '../lib/cli/program-io.ts'
import {changeFlags, requireWritable} from '../lib/cli/write-flags.ts'
import {ownFailures, runIn} from '../lib/runbook/exec/index.ts'

export default class Exec extends SapocheCommand {
  static override summary = 'run a command in a pod of a workload, with its exit code'
  static override description = [
    'In a ready pod, else in one that runs; in the default container of the pod, else in its first. Piped input is passed on,',
    'and a terminal where both ends are one. Exit code: that of the command; 125 for failures of ours.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> exec redis-master-st-sp -- redis-cli LLEN queue_name',
    '<%= config.bin %> exec consumer-lis-testresult -- env | grep QUEUE',
    '<%= config.bin %> exec st-bnkd-php --all-pods -- php -v',
    '<%= config.bin %> exec st-bnkd-php -c app -- php artisan tinker < script.php',
  ]
  static override strict = false
  static override args = {
    target: Args.string({description: 'a workload, a pod, or service/NAME; with --all-pods any target', required: true}),
    command: Args.string({description: 'the command, after --'}),
  }
  static override flags = {
    pod: Flags.string({summary: 'that pod of the workload', helpValue: '<name>', exclusive: ['all-pods']}),
    container: Flags.string({char: 'c', summary: 'that container of the pod', helpValue: '<name>'}),
    'all-pods': Flags.boolean({
      summary: 'in all pods that run, lines behind the names of their pods; exit code: the highest',
      default: false,
    }),
    'read-only': changeFlags['read-only'],
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, argv} = await this.parse(Exec)
    await ownFailures(async () => {
      requireWritable(flags, this.environment, 'exec')
      const [target = '', ...command] = argv.map(String)
      const session = await openSession(flags, 'exec', this.surroundings)
      const sources = {...session, access: await podAccess(session.cluster)}
      const progress = this.waitFor(`looking for pods of ${target}`)
      const {stderr} = this.terminal
      const say = (text: string): void => this.notice(text)
      const caller = {io: programStreams(), begun: () => progress.stop(), say, isTerminal: stderr.isTerminal}
      try {
        this.endWith(await runIn({...flags, target, command, allPods: flags['all-pods']}, sources, caller, this.signal))
      } finally {
        progress.stop()
        await session.close()
      }
    })
  }
}
