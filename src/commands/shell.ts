import {openSession} from '../lib/app/index.ts'
import {podAccess} from '../lib/app/pod-access.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, Flags} from '../lib/cli/flags.ts'
import {programStreams} from '../lib/cli/program-io.ts'
import {changeFlags, requireWritable} from '../lib/cli/write-flags.ts'
import {ownFailures, shellIn} from '../lib/runbook/exec/index.ts'

export default class Shell extends SapocheCommand {
  static override summary = 'an interactive shell in a pod of a workload: bash where there is one, else sh'
  static override description =
    'As exec, which see; the shell learns of every change of the size of the terminal. Exit code: that of the shell; 125 for ours.'
  static override examples = ['<%= config.bin %> shell st-bnkd-php', '<%= config.bin %> shell orthanc-read-api -c orthanc']
  static override args = {target: Args.string({description: 'a workload, a pod, or service/NAME', required: true})}
  static override flags = {
    pod: Flags.string({summary: 'that pod of the workload', helpValue: '<name>'}),
    container: Flags.string({char: 'c', summary: 'that container of the pod', helpValue: '<name>'}),
    'read-only': changeFlags['read-only'],
    ...clusterFlags,
  }

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Shell)
    await ownFailures(async () => {
      const {variables} = this.environment
      requireWritable(flags, this.environment, 'shell')
      const session = await openSession(flags, 'shell', this.surroundings)
      const sources = {...session, access: await podAccess(session.cluster)}
      const progress = this.waitFor(`looking for pods of ${args.target}`)
      const {stderr} = this.terminal
      const say = (text: string): void => this.notice(text)
      const caller = {io: programStreams(), begun: () => progress.stop(), say, isTerminal: stderr.isTerminal, term: variables['TERM']}
      try {
        this.endWith(await shellIn({...flags, target: args.target}, sources, caller, this.signal))
      } finally {
        progress.stop()
        await session.close()
      }
    })
  }
}
