import {age} from '../text/age.ts'
import type {ContainerStatus, PodContainer, Termination} from './objects.ts'

/** Linux signal names by number. */
const SIGNALS = (
  '- HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF ' +
  'WINCH IO PWR SYS'
).split(' ')
/** 128 and the last real-time signal that shells report so (facts/kubernetes.md, section 6). */
const LAST_SIGNAL_CODE = 165

const PULLING: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'])
/** Reasons that say no more than the exit code does. */
const PLAIN_ENDS: ReadonlySet<string> = new Set(['', 'Error', 'Completed'])
const LONGEST_MESSAGE = 160

/** `SIGKILL` for 137, `signal 34` for 162, null for a code that no signal made. */
export function signalOf(exitCode: number): string | null {
  return exitCode > 128 && exitCode <= LAST_SIGNAL_CODE ? signalName(exitCode - 128) : null
}

function signalName(signal: number): string {
  const name = SIGNALS[signal]
  return name === undefined ? `signal ${signal}` : `SIG${name}`
}

/** `exit 137 (SIGKILL, OOMKilled)` */
export function exitWords({exitCode, signal, reason}: Termination): string {
  const notes: string[] = []
  const name = signal > 0 ? signalName(signal) : signalOf(exitCode)
  if (name !== null) notes.push(name)
  if (!PLAIN_ENDS.has(reason)) notes.push(reason)
  return notes.length === 0 ? `exit ${exitCode}` : `exit ${exitCode} (${notes.join(', ')})`
}

/** How its last run ended: the present state, or the one before it; null where it has never ended. */
export function lastEnd({state, lastTermination}: ContainerStatus): Termination | null {
  return state.kind === 'terminated' ? state : lastTermination
}

/** How often it has crashed: each restart followed one, and one more when it lies dead now. */
export function crashesOf({state, restarts}: ContainerStatus): number {
  const dead = state.kind === 'terminated' || (state.kind === 'waiting' && state.reason === 'CrashLoopBackOff')
  return dead ? restarts + 1 : restarts
}

/** `container app`, `init container migrate`, `sidecar auth` */
export function containerWords({role, name}: PodContainer): string {
  if (role === 'main') return `container ${name}`
  return role === 'init' ? `init container ${name}` : `sidecar ${name}`
}

/**
 * Why a container is not ready, in one sentence with Kubernetes' own word for it:
 * `container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago`.
 */
export function containerTrouble(container: PodContainer, now: number): string {
  const who = containerWords(container)
  const {status} = container
  if (status === null) return `${who} has not been started`
  const {state} = status
  if (state.kind === 'running') {
    const what = status.started === false ? 'has not passed its startup probe' : 'runs and is not ready'
    return joined(`${who} ${what}`, endWords(status, now))
  }
  if (state.kind === 'terminated') return joined(`${who}: ${state.reason === '' ? 'ended' : state.reason}`, endWords(status, now))
  if (state.reason === 'CrashLoopBackOff') return joined(`${who}: CrashLoopBackOff`, endWords(status, now))
  const word = state.reason === '' ? 'waiting' : state.reason
  const image = PULLING.has(state.reason) ? [`image ${shortImage(container.image)}`] : []
  return joined(`${who}: ${word}`, [...image, ...messageWords(state.message)])
}

/** `container app: exit 137 (SIGKILL, OOMKilled), 3 restarts, the last 40 s ago` */
export function endSentence(container: PodContainer, status: ContainerStatus, now: number): string {
  return `${containerWords(container)}: ${endWords(status, now).join(', ')}`
}

function endWords(status: ContainerStatus, now: number): string[] {
  const end = lastEnd(status)
  const words = end === null ? [] : [exitWords(end)]
  const when = end === null || end.finishedAt === null ? null : `${age(now - end.finishedAt)} ago`
  if (status.restarts === 0) return when === null ? words : [...words, when]
  words.push(status.restarts === 1 ? '1 restart' : `${status.restarts} restarts`)
  if (when !== null) words.push(status.restarts === 1 ? when : `the last ${when}`)
  return words
}

function joined(head: string, rest: readonly string[]): string {
  return [head, ...rest].join(', ')
}

function messageWords(message: string): string[] {
  return message === '' ? [] : [shortMessage(message)]
}

/** A message of the cluster on one line, cut where it grows long. */
export function shortMessage(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length <= LONGEST_MESSAGE ? line : `${line.slice(0, LONGEST_MESSAGE - 3)}...`
}

/** An image without its registry and path, its digest shortened: `worker:1.5`, `worker@sha256:0123456789ab`. */
export function shortImage(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1)
  const digest = name.indexOf('@sha256:')
  return digest === -1 ? name : name.slice(0, digest + '@sha256:'.length + 12)
}
