import {nodeWords} from './survey.ts'
import {shortImage} from './trouble.ts'
import type {Node} from './objects.ts'
import type {Judgement, Unreadable} from './types.ts'

export interface NamedJudgement extends Pick<Judgement, 'health' | 'severity' | 'pods'> {
  readonly name: string
}

const WRONG_PLACE = 'wrong context or namespace?'

/** Whether a finding says that this is not the place that the catalogue is for. */
export function saysWrongPlace(finding: string): boolean {
  return finding.endsWith(WRONG_PLACE)
}

/**
 * `wrong context or namespace?` in one line, where more than half of the catalogue is missing; else null (rules.md, section 8).
 * `listed` are the judgements of the catalogue's workloads.
 */
export function mostlyMissing(listed: readonly Pick<Judgement, 'health'>[]): string | null {
  const missing = listed.filter(({health}) => health === 'missing').length
  return missing * 2 > listed.length ? `${missing} of the ${listed.length} workloads of the catalogue are missing: ${WRONG_PLACE}` : null
}

/**
 * One line where faults of several workloads share a node or an image; else null (rules.md, section 8). A node that is NotReady goes first,
 * then whatever most of them share. A node is nothing shared where all pods run on the same one and it is well.
 */
export function sharedCause(judged: readonly NamedJudgement[], nodes: ReadonlyMap<string, Node> | Unreadable, now: number): string | null {
  const byNode = new Map<string, Set<string>>()
  const byImage = new Map<string, Set<string>>()
  const nodesInUse = new Set<string>()
  for (const {name, severity, pods} of judged) {
    const faulty = severity === 'warning' || severity === 'critical'
    for (const pod of pods) {
      if (pod.node !== null) nodesInUse.add(pod.node)
      if (!faulty || (pod.ready && pod.reason === '')) continue
      if (pod.node !== null) add(byNode, pod.node, name)
      if (pod.image !== null) add(byImage, pod.image, name)
    }
  }
  const lost = (name: string): Node | null => {
    const node = nodes === 'unreadable' ? undefined : nodes.get(name)
    return node === undefined || node.ready === 'True' ? null : node
  }
  const shared = [
    ...[...byNode].map(([node, names]) => ({
      names,
      node: lost(node),
      words: `node ${node}`,
      telling: nodesInUse.size > 1 || lost(node) !== null,
    })),
    ...[...byImage].map(([image, names]) => ({names, node: null, words: `image ${shortImage(image)}`, telling: true})),
  ].filter(({names, telling}) => telling && names.size > 1)
  shared.sort((a, b) => Number(b.node !== null) - Number(a.node !== null) || b.names.size - a.names.size)
  const first = shared[0]
  if (first === undefined) return null
  const what = first.node === null ? `have in common ${first.words}` : `have pods ${nodeWords(first.node, now)}`
  return `${first.names.size} faulty workloads ${what}: ${[...first.names].join(', ')}`
}

function add(map: Map<string, Set<string>>, key: string, name: string): void {
  const names = map.get(key)
  if (names === undefined) map.set(key, new Set([name]))
  else names.add(name)
}
