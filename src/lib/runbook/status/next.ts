import type {Change, Judgement} from '../../workload/index.ts'

const CRASH = /CrashLoopBackOff|exit \d|OOMKilled|restart/
const DAY = 24 * 3_600_000
const PAUSED = /^paused\b/
const IMAGE = /ErrImage|ImagePull|InvalidImageName/

/** What a command has to be told of a workload. */
interface Subject {
  readonly name: string
  readonly namespace: string
  /** Whether the catalogue has a baseline for it. */
  readonly listed: boolean
}

/** The commands that help with a workload in this state, best first; none where it is well. */
export function nextCommands({name, namespace, listed}: Subject, judgement: Judgement): string[] {
  const {health, severity, reason, changed, since, temporary} = judgement
  if (severity === 'ok' || severity === 'info') return []
  const command = (words: string): string => `sapoche ${words}`
  switch (health) {
    case 'stopped':
    case 'drifted':
      return [command(`scale ${name} ${temporary?.overdue ? '--revert' : listed ? '--to-baseline' : '--replicas 1'}`)]
    case 'missing':
      return [command('catalogue diff')]
    case 'progressing':
      // Nothing of ours resumes a rollout, and to wait for it would be in vain.
      return [PAUSED.test(reason) ? `kubectl rollout resume deployment/${name} -n ${namespace}` : command(`status ${name} --watch`)]
    case 'down':
    case 'degraded': {
      const look = CRASH.test(reason) && !IMAGE.test(reason) ? `logs ${name} --previous` : `events ${name}`
      return [command(look), ...(mayComeFrom(changed, since) ? [command(`rollback ${name}`)] : [])]
    }
    case 'unknown':
    case 'inactive':
    case 'ok':
      return []
  }
}

/** Whether going back may help: the newest rollout changed something, less than a day before the fault began. */
function mayComeFrom(changed: Change | null, since: number | null): boolean {
  if (changed === null || !changed.undoable) return false
  return changed.at === null || since === null || since - changed.at < DAY
}
