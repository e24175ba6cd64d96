import {join} from 'node:path'
import type {Api} from '../../test/real/api.ts'
import type {Cluster} from '../../test/real/cluster-handle.ts'
import {run} from '../../test/real/processes.ts'
import type {Bench, Finding, Scene} from '../bench.ts'

/**
 * How long an operation takes beyond what the cluster itself needs: the wall time of the program, less the time from its first write to the
 * last workload being ready, as a witness with a watch of its own sees them. On a real control plane.
 */
const LIMIT_SECONDS = 0.3
const RUNS = 10
const DEPLOYMENTS = '/apis/apps/v1/namespaces/sapoche/deployments'
const PROGRAM = join(import.meta.dirname, '../../bin/run.js')

interface Deployment {
  readonly metadata: {readonly name: string; readonly generation: number}
  readonly spec: {readonly replicas: number}
  readonly status: Readonly<Partial<Record<'observedGeneration' | 'replicas' | 'updatedReplicas' | 'availableReplicas', number>>>
}

interface Timed {
  readonly wall: number
  readonly own: number
}

function isComplete({metadata, spec, status}: Deployment): boolean {
  return (
    (status.observedGeneration ?? 0) >= metadata.generation &&
    [status.replicas, status.updatedReplicas, status.availableReplicas].every((count) => (count ?? 0) === spec.replicas)
  )
}

/** Follows the deployments while `act` runs, and tells how long the changed ones were not as they wanted to be. */
async function timed(api: Api, act: () => Promise<void>): Promise<Timed> {
  const before = new Map<string, number>()
  let first: number | null = null
  let last = 0
  const over = new AbortController()
  let listed: () => void = () => {}
  const ready = new Promise<void>((resolve) => (listed = resolve))
  const watching = (async () => {
    const {items} = await api.get<{items: Deployment[]}>(DEPLOYMENTS)
    for (const {metadata} of items) before.set(metadata.name, metadata.generation)
    listed()
    for await (const {object} of api.watch<Deployment>(DEPLOYMENTS, over.signal)) {
      if (object.metadata.generation === before.get(object.metadata.name)) continue
      first ??= performance.now()
      if (isComplete(object)) last = performance.now()
    }
  })().catch((error: unknown) => {
    if (!over.signal.aborted) throw error
  })
  await ready
  const began = performance.now()
  await act()
  const wall = performance.now() - began
  // What the witness has not been told yet is on its way.
  await new Promise((resolve) => setTimeout(resolve, 200))
  over.abort()
  await watching
  if (first === null) throw new Error('nothing was changed')
  return {wall, own: last - first}
}

async function sapoche(cluster: Cluster, args: readonly string[]): Promise<void> {
  const env = {...process.env, KUBECONFIG: cluster.kubeconfig, XDG_STATE_HOME: cluster.dir}
  const {code, stdout, stderr} = await run(process.execPath, [PROGRAM, ...args, '--yes'], {env})
  if (code !== 0) throw new Error(`sapoche ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`)
}

/** The peer has no category, no `--parallel` and no readiness for a scaling: the deployments are named, and asked for one after another. */
async function kubectl(cluster: Cluster, names: readonly string[], ...change: readonly string[]): Promise<void> {
  const targets = names.map((name) => `deployment/${name}`)
  await cluster.kubectl([...change, ...targets, '--namespace=sapoche'])
  for (const target of targets) await cluster.kubectl(['rollout', 'status', target, '--namespace=sapoche'])
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const seconds = (value: number): string => `${value.toFixed(2)} s`

/** Changes what it did at the last call, so that there is always something to do. */
function otherCount(): () => string {
  let replicas = 2
  return () => String((replicas = replicas === 2 ? 3 : 2))
}

async function measure({cluster, signal}: Scene): Promise<Finding[]> {
  const {items} = await cluster.api.get<{items: Deployment[]}>(DEPLOYMENTS)
  const consumers = items
    .filter(({metadata, spec}) => metadata.name.startsWith('consumer-') && spec.replicas > 0)
    .map(({metadata}) => metadata.name)
  const other = otherCount()
  const cases = [
    {
      name: 'restart consumers --parallel 14',
      ours: () => sapoche(cluster, ['restart', 'consumers', '--parallel', '14']),
      theirs: () => kubectl(cluster, consumers, 'rollout', 'restart'),
    },
    {
      name: 'scale worker-sapoche-pdf',
      ours: () => sapoche(cluster, ['scale', 'worker-sapoche-pdf', '--replicas', other()]),
      theirs: () => kubectl(cluster, ['worker-sapoche-pdf'], 'scale', `--replicas=${other()}`),
    },
  ]
  const findings: Finding[] = []
  for (const {name, ours, theirs} of cases) {
    const samples: {ours: Timed; theirs: Timed}[] = []
    for (let index = 0; index <= RUNS; index++) {
      signal.throwIfAborted()
      const sample = {ours: await timed(cluster.api, ours), theirs: await timed(cluster.api, theirs)}
      // The first run fills the compile cache.
      if (index > 0) samples.push(sample)
    }
    const beyond = (side: 'ours' | 'theirs'): number => median(samples.map((sample) => sample[side].wall - sample[side].own)) / 1000
    findings.push({
      title: `\`${name}\` beside kubectl, deployment by deployment`,
      measure: "seconds beyond the cluster's own",
      sapoche: seconds(beyond('ours')),
      peer: seconds(beyond('theirs')),
      value: beyond('ours'),
      limit: LIMIT_SECONDS,
    })
  }
  return findings
}

export default [{name: 'operations', measure}] satisfies Bench[]
