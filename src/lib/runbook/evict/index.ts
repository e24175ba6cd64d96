import {resolveTargets} from '../../catalogue/index.ts'
import {DisruptionBudgetError} from '../../clients/kubernetes/errors.ts'
import {UsageError} from '../../errors/index.ts'
import {decodePod, podState, type Pod} from '../../workload/index.ts'
import {RESOURCES} from '../cluster/index.ts'
import {gatherEvidence, operate, operationReport, place, type LiveDeployment, type Operation, type Operator} from '../operation/index.ts'
import {redisAtStake, stakeWarnings} from '../queue-depth/index.ts'
import type {EvictItem, EvictReport} from './schema.ts'
import {waitForReplacement} from './wait.ts'

export type {EvictReport} from './schema.ts'
export {evictViews} from './view.ts'

export interface EvictOptions {
  readonly pod: string
  readonly reason?: string | undefined
  readonly wait: boolean
  readonly timeoutMs: number
  readonly dryRun: boolean
  readonly withLogs: boolean
}

/**
 * Moves one pod away by the Eviction API, which PodDisruptionBudgets may refuse, and waits for the one that takes its place.
 * Rejects with a UsageError (64) for anything that is not a pod.
 */
export async function evict(options: EvictOptions, operator: Operator, signal: AbortSignal): Promise<EvictReport> {
  const {cluster} = operator
  const {reason = null, dryRun} = options
  return operate(operator, {command: 'evict', reason, dryRun}, signal, async (operation) => {
    const pod = findPod(options.pod, operator, operation)
    const deployment = operation.board.deploymentOf(pod)
    const listed = operator.catalogue.workloads.find(({name}) => name === deployment?.name) ?? null
    const redis = await redisAtStake(deployment === null ? [] : [deployment], operator, signal)
    const warnings = stakeWarnings(redis)
    if (!dryRun) {
      const others = deployment === null ? [] : operation.board.podsOf(deployment).filter(({uid}) => uid !== pod.uid)
      const left =
        deployment === null
          ? 'nothing makes another'
          : `${deployment.name} keeps ${others.length} of its ${deployment.replicas} pods meanwhile`
      const why = listed?.protected ?? null
      await operator.confirm({
        question: `Evict pod ${pod.name} ${place(cluster)}?`,
        notes: [left, ...warnings.map(({message}) => message)],
        typed: why === null ? [] : [{name: pod.name, why: `${listed?.name} is protected: ${why}`}],
      })
    }
    signal.throwIfAborted()
    const item = await evictPod(pod, deployment, options, operator, operation, signal)
    const category = listed?.category ?? null
    return {
      ...operationReport('EvictReport', operator, operation, {
        items: [],
        interrupted: signal.aborted && operation.changes.any,
        warnings,
      }),
      summary: {[item.outcome]: 1},
      items: [{...item, category}],
      redis,
    }
  })
}

function findPod(target: string, {catalogue}: Operator, {board}: Operation): Pod {
  const {pods, workloads} = resolveTargets([target], [], catalogue, board.names())
  const pod = pods.length === 1 && workloads.length === 0 ? board.pods().find(({name}) => name === pods[0]?.name) : undefined
  if (pod !== undefined) return pod
  const next = workloads.length === 0 ? [] : [{label: 'next', text: `sapoche pods ${target}`}]
  throw new UsageError(`${target} is not a pod, and evict takes one`, {hints: next})
}

async function evictPod(
  pod: Pod,
  deployment: LiveDeployment | null,
  options: EvictOptions,
  operator: Operator,
  {board, changes}: Operation,
  signal: AbortSignal,
): Promise<EvictItem> {
  const {cluster} = operator
  const before = `${podState(pod).word}${pod.node === null ? '' : ` on ${pod.node}`}`
  const known = new Set(board.pods().map(({uid}) => uid))
  const began = operator.clock()
  const item = (fields: Pick<EvictItem, 'outcome' | 'reason'> & Partial<EvictItem>): EvictItem => ({
    name: pod.name,
    workload: deployment?.name ?? null,
    category: null,
    before,
    after: null,
    undo: null,
    seconds: Math.round((operator.clock() - began) / 100) / 10,
    evidence: null,
    ...fields,
  })
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: {name: pod.name, namespace: cluster.namespace},
    deleteOptions: {preconditions: {uid: pod.uid}},
  }
  const send = (): Promise<true> =>
    cluster.post(RESOURCES.pods, eviction, () => true, {name: pod.name, subresource: 'eviction', dryRun: options.dryRun})
  const isGoing = async (): Promise<true | null> => {
    const found = await cluster.get(RESOURCES.pods, pod.name, decodePod)
    return found === null || found.uid !== pod.uid || found.deletionAt !== null ? true : null
  }
  try {
    await changes.attempt(pod.name, {before, after: 'evicted', undo: null}, send, isGoing)
  } catch (error) {
    if (error instanceof DisruptionBudgetError) return item({outcome: 'refused', reason: error.message})
    throw error
  }
  if (options.dryRun) return item({outcome: 'planned', reason: ''})
  if (!options.wait) return item({outcome: 'accepted', reason: 'not waited for'})
  const say = (words: string): void =>
    operator.show([{name: pod.name, state: 'running', outcome: null, words, seconds: (operator.clock() - began) / 1000}])
  const {timeoutMs} = options
  const end = await waitForReplacement({pod, deployment, known}, board, {timeoutMs, signal, now: operator.now, clock: operator.clock, say})
  const evidence =
    end.doomed === null ? null : await gatherEvidence(cluster, end.doomed.pod, end.doomed.container, options.withLogs, changes.warn)
  return item({outcome: end.outcome, reason: end.reason, after: end.replacement, evidence})
}
