import type {Judgement} from '../../workload/index.ts'

const CRASH = /CrashLoopBackOff|exit \d|OOMKilled|restart/
const IMAGE = /ErrImage|ImagePull|InvalidImageName/

/** The commands that help with a workload in this state, best first; none where it is well. */
export function nextCommands(name: string, judgement: Judgement): string[] {
  const {health, severity, reason, changed, temporary} = judgement
  if (severity === 'ok' || severity === 'info') return []
  const command = (words: string): string => `sapoche ${words}`
  switch (health) {
    case 'stopped':
    case 'drifted':
      return [command(`scale ${name} ${temporary?.overdue ? '--revert' : '--to-baseline'}`)]
    case 'missing':
      return [command('catalogue diff')]
    case 'progressing':
      return [command(`status ${name} --watch`)]
    case 'down':
    case 'degraded': {
      const look = CRASH.test(reason) && !IMAGE.test(reason) ? `logs ${name} --previous` : `events ${name}`
      const undo = changed !== null && (changed.images.length > 0 || changed.env.length > 0) ? [command(`rollback ${name}`)] : []
      return [command(look), ...undo]
    }
    case 'unknown':
    case 'inactive':
    case 'ok':
      return []
  }
}
