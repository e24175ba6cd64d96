import type {Cluster} from '../test/real/cluster-handle.ts'
import type {Progress} from '../test/real/processes.ts'

/** One part of `npm run bench`: a file of bench/pairs/ exports an array of them, or of pairs (pair.ts), as its default. */
export interface Bench {
  /** By which `npm run bench NAME` chooses it. */
  readonly name: string
  /** Fills the cluster so much that it has to come after those that do not. */
  readonly crowds?: boolean
  measure(scene: Scene): Promise<Finding[]>
}

/** Where benches are run: a real control plane with the runbook's namespace, shared by all of them. */
export interface Scene {
  readonly cluster: Cluster
  /** For the programs that are measured: a kubeconfig as people have it, and kubectl's cache. */
  readonly env: NodeJS.ProcessEnv
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** One line of the table. */
export interface Finding {
  /** What was run, beside what. */
  readonly title: string
  /** `wall time`, `peak memory`. */
  readonly measure: string
  /** Of sapoche and of its peer, with their unit. */
  readonly sapoche: string
  readonly peer: string
  /** What is held against the limit: mostly the ratio of sapoche to its peer. Less is better. */
  readonly value: number
  /** Above it, `npm run bench` fails. */
  readonly limit: number
  /** What we want, and only report. */
  readonly aim?: number
}

/** The findings as a table of Markdown. */
export function table(findings: readonly Finding[]): string {
  const lines = findings.map((finding) => {
    const {title, measure, sapoche, peer, value, limit, aim} = finding
    const verdict = isKept(finding) ? (value <= (aim ?? limit) ? 'ok' : 'ok, aim missed') : 'LIMIT MISSED'
    return [title, measure, sapoche, peer, value.toFixed(2), `<= ${limit}`, aim === undefined ? '' : `<= ${aim}`, verdict]
  })
  const head = ['what', 'measure', 'sapoche', 'peer', 'found', 'limit', 'aim', '']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

export function isKept({value, limit}: Finding): boolean {
  return value <= limit
}
