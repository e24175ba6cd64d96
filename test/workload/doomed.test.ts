import {describe, expect, test} from 'vitest'
import {doomOf} from '../../src/lib/workload/doomed.ts'
import {exitWords, shortImage, shortMessage, signalOf} from '../../src/lib/workload/trouble.ts'
import type {ClusterEvent, Pod} from '../../src/lib/workload/index.ts'
import {crashing, ended, event, HOUR, MINUTE, NOW, pod, running, SECOND, unready, unscheduled, waiting} from './build.ts'

function doomedReason(subject: Pod, rollout = false, events: readonly ClusterEvent[] = []): string | null {
  return doomOf(subject, {rollout, events: new Map([[subject.uid, events]]), now: NOW})?.reason ?? null
}

describe('doomed', () => {
  const stuck = (reason: string, message = ''): Pod => pod({containers: [{ready: false, state: waiting(reason, message)}]})
  const killed = (more: object): Pod =>
    pod({containers: [{ready: false, state: running(SECOND), restarts: 2, last: ended(137, MINUTE), probe: 'livenessProbe', ...more}]})
  const failingInit = (more: object): Pod => pod({phase: 'Pending', ready: false, inits: [{name: 'migrate', ready: false, ...more}]})

  test.each<[string, Pod, string]>([
    ['CrashLoopBackOff', pod({containers: [crashing()]}), 'container app: CrashLoopBackOff, exit 255, 7 restarts, the last 40 s ago'],
    [
      'CrashLoopBackOff outside of a rollout, first crash',
      pod({containers: [crashing(0)]}),
      'container app: CrashLoopBackOff, exit 255, 40 s ago',
    ],
    [
      'of a sidecar',
      pod({inits: [{name: 'auth', sidecar: true, ...crashing(1)}]}),
      'sidecar auth: CrashLoopBackOff, exit 255, 1 restart, 40 s ago',
    ],
    ['ErrImagePull', stuck('ErrImagePull', 'not\n  found'), 'container app: ErrImagePull, image worker:1.5, not found'],
    ['ImagePullBackOff', stuck('ImagePullBackOff'), 'container app: ImagePullBackOff, image worker:1.5'],
    ['InvalidImageName', stuck('InvalidImageName'), 'container app: InvalidImageName, image worker:1.5'],
    ['ErrImageNeverPull', stuck('ErrImageNeverPull'), 'container app: ErrImageNeverPull, image worker:1.5'],
    [
      'CreateContainerConfigError',
      stuck('CreateContainerConfigError', 'secret "queue-credentials" not found'),
      'container app: CreateContainerConfigError, secret "queue-credentials" not found',
    ],
    ['CreateContainerError', stuck('CreateContainerError'), 'container app: CreateContainerError'],
    ['RunContainerError', stuck('RunContainerError'), 'container app: RunContainerError'],
    [
      'an init container that crashes',
      failingInit(crashing(3)),
      'init container migrate: CrashLoopBackOff, exit 255, 3 restarts, the last 40 s ago',
    ],
    [
      'an init container that failed again',
      failingInit({restarts: 1, state: ended(1, SECOND)}),
      'init container migrate: Error, exit 1, 1 restart, 1 s ago',
    ],
    [
      'killed by its probe again and again',
      killed({}),
      'container app: exit 137 (SIGKILL), 2 restarts, the last 1 min ago; by its liveness or startup probe, as it seems',
    ],
    [
      'killed by its startup probe, and obeying',
      killed({probe: 'startupProbe', last: ended(143, MINUTE)}),
      expect.stringContaining('exit 143 (SIGTERM)'),
    ],
    ['unschedulable for over 5 min', unscheduled(5 * MINUTE + 1), 'Unschedulable for 5 min: 0/3 nodes are available: 3 Insufficient cpu.'],
  ])('%s', (_about, subject, reason) => {
    expect(doomedReason(subject)).toEqual(reason)
  })

  test.each<[string, Pod, boolean?]>([
    ['ready', pod()],
    ['not ready', pod({containers: [unready()]})],
    ['ContainerCreating', stuck('ContainerCreating')],
    ['the first crash of a rollout', pod({containers: [crashing(0)]}), true],
    ['ended, about to be restarted', pod({containers: [{ready: false, restarts: 4, state: ended(1, SECOND)}]})],
    ['an init container that failed once', failingInit({state: ended(1, SECOND)})],
    ['an init container that ended well', failingInit({restarts: 5, state: ended(0, SECOND), last: ended(1, MINUTE)})],
    ['killed once', killed({restarts: 1})],
    ['killed without a probe', killed({probe: undefined})],
    ['killed for its memory', killed({last: ended(137, MINUTE, 'OOMKilled')})],
    ['killed, and ready again', killed({ready: true})],
    ['killed long ago', killed({last: ended(137, HOUR)})],
    ['unschedulable for 5 min', unscheduled(5 * MINUTE)],
    ['unschedulable with a nominated node', unscheduled(HOUR, {nominated: 'node-b'})],
  ])('not doomed: %s', (_about, subject, rollout) => {
    expect(doomedReason(subject, rollout)).toBeNull()
  })

  test('in a rollout: from the second crash', () => {
    expect(doomedReason(pod({containers: [crashing(1)]}), true)).toContain('CrashLoopBackOff')
  })

  test('what the cluster autoscaler said last decides about an unschedulable pod', () => {
    const refused = event('p', 'NotTriggerScaleUp', "pod didn't trigger scale-up", MINUTE, 'Normal')
    const added = event('p', 'TriggeredScaleUp', 'pod triggered scale-up', 2 * MINUTE, 'Normal')
    expect(doomedReason(unscheduled(SECOND), false, [refused])).toContain('NotTriggerScaleUp')
    expect(doomedReason(unscheduled(HOUR), false, [added])).toBeNull()
    expect(doomedReason(unscheduled(SECOND), false, [added, refused])).toContain('NotTriggerScaleUp')
    expect(doomedReason(unscheduled(HOUR), false, [refused, {...added, at: NOW}])).toBeNull()
  })
})

test.each([
  [0, null],
  [1, null],
  [128, null],
  [129, 'SIGHUP'],
  [134, 'SIGABRT'],
  [137, 'SIGKILL'],
  [139, 'SIGSEGV'],
  [143, 'SIGTERM'],
  [159, 'SIGSYS'],
  [160, 'signal 32'],
  [165, 'signal 37'],
  [166, null],
  [255, null],
])('exit code %i: %s', (code, signal) => {
  expect(signalOf(code)).toBe(signal)
})

test.each([
  [{exitCode: 255, reason: 'Error'}, 'exit 255'],
  [{exitCode: 137, reason: 'OOMKilled'}, 'exit 137 (SIGKILL, OOMKilled)'],
  [{exitCode: 1, reason: 'OOMKilled'}, 'exit 1 (OOMKilled)'],
  [{exitCode: 128, reason: 'StartError'}, 'exit 128 (StartError)'],
  [{exitCode: 0, reason: 'Completed'}, 'exit 0'],
  [{exitCode: 2, signal: 11, reason: ''}, 'exit 2 (SIGSEGV)'],
])('%o is %s', (end, words) => {
  expect(exitWords({signal: 0, finishedAt: null, ...end})).toBe(words)
})

test.each([
  ['worker', 'worker'],
  ['registry.example:5000/team/worker:1.5', 'worker:1.5'],
  ['team/worker@sha256:0123456789abcdef0123', 'worker@sha256:0123456789ab'],
])('image %s is %s', (image, words) => {
  expect(shortImage(image)).toBe(words)
})

test('a long message is cut on one line', () => {
  expect(shortMessage(`a\n\tb ${'x'.repeat(200)}`)).toMatch(/^a b x+\.\.\.$/)
  expect(shortMessage('x'.repeat(200))).toHaveLength(160)
})
