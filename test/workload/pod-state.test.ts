import {expect, test} from 'vitest'
import {podState} from '../../src/lib/workload/pod-state.ts'
import {condition, crashing, ended, MINUTE, pod, running, SECOND, unready, unscheduled, waiting, type PodOptions} from './build.ts'

const pending = {phase: 'Pending', ready: false, conditions: [condition('Initialized', 'False')]} as const
const init = (...inits: readonly PodOptions['inits'][]): PodOptions => ({
  ...pending,
  inits: inits.flatMap((each) => each ?? []),
  containers: [{ready: false, state: waiting('PodInitializing')}],
})
const done = {state: ended(0, MINUTE), ready: true}

test.each<[string, PodOptions, string, string, number]>([
  ['runs', {}, 'Running', '1/1', 0],
  ['two containers, one not ready', {containers: [{}, unready()]}, 'Running', '1/2', 0],
  ['restarted', {containers: [{restarts: 3}, {restarts: 2}]}, 'Running', '2/2', 5],
  ['crash loop', {containers: [crashing()]}, 'CrashLoopBackOff', '0/1', 7],
  ['image pull', {phase: 'Pending', containers: [{ready: false, state: waiting('ImagePullBackOff')}]}, 'ImagePullBackOff', '0/1', 0],
  [
    'the first of the waiting containers speaks',
    {
      containers: [
        {ready: false, state: waiting('A')},
        {ready: false, state: waiting('B')},
      ],
    },
    'A',
    '0/2',
    0,
  ],
  ['ended with an error', {containers: [{ready: false, state: ended(1, MINUTE)}]}, 'Error', '0/1', 0],
  ['ended without a reason', {containers: [{ready: false, state: ended(7, MINUTE, '')}]}, 'ExitCode:7', '0/1', 0],
  ['ended by a signal', {containers: [{ready: false, state: {terminated: {exitCode: 137, signal: 9}}}]}, 'Signal:9', '0/1', 0],
  ['completed', {phase: 'Succeeded', ready: false, containers: [{ready: false, state: ended(0, MINUTE)}]}, 'Completed', '0/1', 0],
  ['completed beside one that runs, ready', {ready: true, containers: [{ready: false, state: ended(0, MINUTE)}, {}]}, 'Running', '1/2', 0],
  [
    'completed beside one that runs, not ready',
    {ready: false, containers: [{ready: false, state: ended(0, MINUTE)}, {}]},
    'NotReady',
    '1/2',
    0,
  ],
  [
    'completed beside one that failed',
    {
      ready: false,
      containers: [
        {ready: false, state: ended(0, MINUTE)},
        {ready: false, state: ended(1, MINUTE)},
      ],
    },
    'Error',
    '0/2',
    0,
  ],
  ['evicted', {phase: 'Failed', reason: 'Evicted', containers: [{ready: false, state: waiting('')}]}, 'Evicted', '0/1', 0],
  ['terminating', {deleted: SECOND}, 'Terminating', '1/1', 0],
  ['terminating on a lost node', {deleted: SECOND, reason: 'NodeLost'}, 'Unknown', '1/1', 0],
  [
    'deleted after its end',
    {deleted: SECOND, phase: 'Succeeded', containers: [{ready: false, state: ended(0, MINUTE)}]},
    'Completed',
    '0/1',
    0,
  ],
  [
    'gated',
    {node: null, phase: 'Pending', ready: false, conditions: [condition('PodScheduled', 'False', {reason: 'SchedulingGated'})]},
    'SchedulingGated',
    '0/1',
    0,
  ],
  [
    'first of two init containers runs',
    init([{ready: false, state: running(SECOND)}], [{ready: false, state: waiting('PodInitializing')}]),
    'Init:0/2',
    '0/1',
    0,
  ],
  ['second of two init containers runs', init([done], [{ready: false, state: running(SECOND)}]), 'Init:1/2', '0/1', 0],
  ['an init container crashes', init([{...crashing(4)}]), 'Init:CrashLoopBackOff', '0/1', 4],
  ['an init container failed', init([{ready: false, state: ended(1, MINUTE)}]), 'Init:Error', '0/1', 0],
  ['an init container failed without a reason', init([{ready: false, state: ended(3, MINUTE, '')}]), 'Init:ExitCode:3', '0/1', 0],
  ['init containers are done', {inits: [{...done, restarts: 4}]}, 'Running', '1/1', 0],
  ['a sidecar counts', {inits: [{sidecar: true, restarts: 2}]}, 'Running', '2/2', 2],
  ['a sidecar that is not ready', {inits: [{sidecar: true, ready: false}]}, 'Running', '1/2', 0],
  ['a sidecar that has not started', init([{sidecar: true, ready: false, started: false}]), 'Init:0/1', '0/2', 0],
])('%s', (_about, options, word, ready, restarts) => {
  const state = podState(pod(options))
  expect([state.word, `${state.ready}/${state.total}`, state.restarts]).toEqual([word, ready, restarts])
})

test('not scheduled', () => {
  expect(podState(unscheduled(MINUTE))).toEqual({word: 'Pending', ready: 0, total: 1, restarts: 0})
})
