import {openSession} from '../lib/app/index.ts'
import {podAccess} from '../lib/app/pod-access.ts'
import {SapocheCommand} from '../lib/cli/base-command.ts'
import {Args, clusterFlags, formatOf, outputFlags} from '../lib/cli/flags.ts'
import {toJson} from '../lib/cli/output.ts'
import {forward, type ForwardEvents, forwardText} from '../lib/runbook/forward/index.ts'

export default class Forward extends SapocheCommand {
  static override summary = 'a port of this machine to a service, deployment or pod, until Ctrl-C'
  static override description = [
    'Listens on 127.0.0.1 alone. A bare name is the service of that name, where there is one. Connections go to a ready pod, and to its',
    'successor when it is replaced; one that is lost on the way is reset. With -o json the first line says where it listens.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> forward orthanc-read-api-service 8042:80',
    '<%= config.bin %> forward st-redis-sp',
    '<%= config.bin %> forward deployment/st-bnkd-php :9000',
  ]
  static override args = {
    name: Args.string({description: 'service/X, deployment/X, pod/X, or a bare name', required: true}),
    ports: Args.string({description: 'LOCAL[:REMOTE]; LOCAL 0, or left out before the colon, is any free port'}),
  }
  static override flags = {...outputFlags(['table', 'json']), ...clusterFlags}

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Forward)
    const session = await openSession(flags, 'forward', this.surroundings)
    const progress = this.waitFor(`looking for ${args.name}`)
    const ready: ForwardEvents['ready'] = (report) => {
      progress.stop()
      this.terminal.stdout.write(formatOf(flags) === 'json' ? `${toJson(report)}\n` : forwardText(report))
    }
    const say = (text: string): void => {
      progress.stop()
      this.notice(text)
    }
    try {
      await forward(args, {...session, access: await podAccess(session.cluster)}, {ready, say}, this.signal)
    } finally {
      progress.stop()
      await session.close()
    }
  }
}
