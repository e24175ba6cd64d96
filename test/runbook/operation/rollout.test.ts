import {describe, expect, test} from 'vitest'
import {judgeProgress, type Goal, type Progress, type Seen} from '../../../src/lib/runbook/operation/rollout.ts'
import {ago, deployment, NOW, pod, replicaSet, type DeploymentFacts, type PodFacts} from './objects.ts'

interface Case {
  readonly what: string
  readonly keeps?: Goal['keeps']
  /** The deployment as it was written, and as it is now. */
  readonly written?: DeploymentFacts
  readonly now: DeploymentFacts | null
  readonly revisions?: readonly number[]
  readonly pods?: readonly PodFacts[]
  /** Seconds since it was written. */
  readonly since?: number
  readonly is: Partial<Progress>
}

const deadline = (at: string): object => ({type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', lastUpdateTime: at})
const quota = (at: string): object => ({
  type: 'ReplicaFailure',
  status: 'True',
  reason: 'FailedCreate',
  message: 'pods "web" is forbidden: exceeded quota',
  lastTransitionTime: at,
})
const writer = (manager: string, extra: object = {}): object => ({manager, operation: 'Update', fieldsV1: {'f:spec': {}}, ...extra})

// In the order in which they are decided.
const CASES: readonly Case[] = [
  {what: 'deleted', now: null, is: {state: 'superseded', reason: 'web was deleted meanwhile'}},
  {what: 'another of the same name', now: {uid: 'other'}, is: {state: 'superseded', reason: 'web was deleted meanwhile'}},
  {
    what: 'the watch has not shown our write',
    now: {generation: 1},
    is: {state: 'waiting', words: 'the change has not come back from the API server yet'},
  },
  {
    what: 'another count, where ours is to be kept',
    keeps: 'replicas',
    written: {replicas: 3},
    now: {replicas: 5, generation: 3, managers: [writer('kubectl', {fieldsV1: {'f:spec': {'f:replicas': {}}}})]},
    is: {state: 'superseded', reason: 'set to 5 meanwhile by kubectl'},
  },
  {
    what: 'another count, by an autoscaler',
    keeps: 'replicas',
    written: {replicas: 3},
    now: {
      replicas: 5,
      generation: 3,
      managers: [writer('kube-controller-manager', {subresource: 'scale', fieldsV1: {'f:spec': {'f:replicas': {}}}})],
    },
    is: {state: 'superseded', reason: 'set to 5 meanwhile by the autoscaler (kube-controller-manager)'},
  },
  {what: 'another count, where only the template is ours', now: {replicas: 2, generation: 3}, is: {state: 'done'}},
  {
    what: 'another image',
    now: {image: 'case:1.1', generation: 3, managers: [writer('argocd-controller')]},
    is: {state: 'superseded', reason: 'changed meanwhile by argocd-controller: image case:1.0 -> case:1.1'},
  },
  {
    what: 'another restart',
    written: {restartedAt: ago(5)},
    now: {restartedAt: ago(1), generation: 3, managers: [writer('sapoche')]},
    is: {state: 'superseded', reason: 'changed meanwhile by another run of sapoche: restarted'},
  },
  {what: 'another template, where only the count is ours', keeps: 'replicas', now: {image: 'case:1.1', generation: 3}, is: {state: 'done'}},
  {
    what: 'paused meanwhile',
    now: {paused: true, generation: 3, managers: [writer('kubectl-rollout')]},
    is: {state: 'superseded', reason: 'paused meanwhile by kubectl-rollout'},
  },
  {
    what: 'not observed',
    now: {observed: 1, counts: [1, 1, 1]},
    is: {state: 'waiting', words: 'the deployment controller has not seen the change yet'},
  },
  {
    what: 'the replica set is not seen, so that old pods are not taken for new ones',
    now: {counts: [0, 1, 1]},
    revisions: [1],
    pods: [{revision: 1, state: 'crashloop', restarts: 7}],
    is: {state: 'waiting', words: 'its new replica set is not there yet'},
  },
  {
    what: 'a doomed new pod',
    now: {counts: [1, 2, 1]},
    pods: [{revision: 1}, {suffix: 'wx81p', state: 'config'}],
    is: {
      state: 'doomed',
      reason: 'new pod wx81p: container app: CreateContainerConfigError, secret "queue-credentials" not found',
      container: 'app',
    },
  },
  {
    what: 'a doomed old pod dooms nothing',
    now: {counts: [1, 2, 1]},
    pods: [
      {revision: 1, state: 'crashloop', restarts: 7},
      {suffix: 'bbbbb', state: 'starting'},
    ],
    is: {state: 'waiting', words: '1 old pod still to stop; new pod bbbbb: ContainerCreating'},
  },
  {
    what: 'the first crash is forgiven',
    now: {counts: [1, 2, 1]},
    pods: [{revision: 1}, {suffix: 'bbbbb', state: 'unready', restarts: 1}],
    is: {state: 'waiting', words: '1 old pod still to stop; new pod bbbbb: Running'},
  },
  {
    what: 'a doomed pod among more than are wanted: it goes first',
    keeps: 'replicas',
    written: {replicas: 1},
    now: {replicas: 1, counts: [2, 2, 1]},
    pods: [{}, {suffix: 'bbbbb', state: 'crashloop', restarts: 7}],
    is: {state: 'waiting', words: '1 pod still to stop; pod bbbbb: CrashLoopBackOff'},
  },
  {what: 'complete', now: {}, pods: [{}], is: {state: 'done'}},
  {what: 'complete but for minReadySeconds', now: {counts: [1, 1, 0]}, pods: [{}], is: {state: 'waiting', words: '0 of 1 ready'}},
  {
    what: 'paused: the count is reached with old pods',
    keeps: 'replicas',
    written: {paused: true},
    now: {paused: true, counts: [0, 1, 1]},
    is: {state: 'done'},
  },
  {
    what: 'the progress deadline',
    now: {counts: [1, 2, 1], conditions: [deadline(ago(1))]},
    pods: [{suffix: 'bbbbb', state: 'unready'}],
    is: {state: 'failed', reason: 'no progress for 10 min (ProgressDeadlineExceeded): 1 old pod still to stop'},
  },
  {
    what: 'a progress deadline that was exceeded before our write',
    keeps: 'replicas',
    written: {conditions: [deadline(ago(99))]},
    now: {counts: [0, 1, 0], conditions: [deadline(ago(99))]},
    is: {state: 'waiting', words: '0 of 1 pods started'},
  },
  {
    what: 'a quota, at first',
    now: {counts: [0, 1, 1], conditions: [quota(ago(1))]},
    is: {state: 'waiting', words: '0 of 1 new pods started'},
  },
  {
    what: 'a quota that stays',
    now: {counts: [0, 1, 1], conditions: [quota(ago(9))]},
    since: 9,
    is: {state: 'failed', reason: `pods can't be created (FailedCreate): pods "web" is forbidden: exceeded quota`},
  },
  {
    what: 'a quota that a leaving pod may free',
    now: {counts: [0, 1, 1], conditions: [quota(ago(9))]},
    pods: [{revision: 1, isTerminating: true}],
    since: 9,
    is: {state: 'waiting', words: '0 of 1 new pods started; 1 old pod still to stop: aaaaa'},
  },
  {
    what: 'a quota condition from before our write',
    now: {counts: [0, 1, 1], conditions: [quota(ago(99))]},
    since: 1,
    is: {state: 'waiting'},
  },
  {what: 'new pods missing', now: {replicas: 3, counts: [1, 4, 3]}, is: {state: 'waiting', words: '1 of 3 new pods started'}},
  {what: 'old pods left', now: {replicas: 3, counts: [3, 4, 3]}, is: {state: 'waiting', words: '1 old pod still to stop'}},
  {what: 'not available', now: {replicas: 3, counts: [3, 3, 2]}, is: {state: 'waiting', words: '2 of 3 ready'}},
  {
    what: 'at zero, the pods are leaving',
    keeps: 'replicas',
    written: {replicas: 0},
    now: {replicas: 0, counts: [0, 0, 0]},
    pods: [{isTerminating: true}],
    is: {state: 'waiting', words: '1 pod still to stop: aaaaa'},
  },
  {
    what: 'at zero, the last pod is gone',
    keeps: 'replicas',
    written: {replicas: 0},
    now: {replicas: 0, counts: [0, 0, 0]},
    is: {state: 'done'},
  },
]

describe('where a rollout stands', () => {
  test.each(CASES)('$what: $is.state', ({keeps = 'template', written = {}, now, revisions = [1, 2], pods = [], since = 2, is}) => {
    const goal: Goal = {written: deployment(written), keeps, at: NOW - since * 1000}
    const found = now === null ? null : deployment({...written, ...now})
    const seen: Seen = {
      // The same object by UID alone: what has the name and another UID is none of ours.
      deployment: found?.uid === goal.written.uid ? found : null,
      replicaSets: revisions.map((revision) => replicaSet(revision)),
      pods: pods.map((facts) => pod(facts)),
      events: new Map(),
    }
    expect(judgeProgress(goal, seen, NOW)).toMatchObject(is)
  })
})
