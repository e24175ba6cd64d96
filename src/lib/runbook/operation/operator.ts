import {isMeantFor, type Catalogue} from '../../catalogue/index.ts'
import type {ClusterClient} from '../../clients/kubernetes/types.ts'
import type {RedisGate} from '../queue-depth/index.ts'
import {ConfigurationError} from '../../errors/index.ts'
import {Board} from './board.ts'
import {Changes} from './changes.ts'
import type {Confirm} from './confirmation.ts'
import type {ProgressRow} from './run.ts'

/** Everything that an operation gets from outside besides its options. */
export interface Operator {
  readonly cluster: ClusterClient
  readonly catalogue: Catalogue
  /** The way to Redis, for a look at what it holds before it is stopped. */
  readonly redis: RedisGate
  /** Who does it, for annotations and the journal. */
  readonly who: string
  /** The journal's file; null where nothing is to be written down. */
  readonly journal: string | null
  /** True where the context was named on the command line. */
  readonly isContextNamed: boolean
  /** The options that lead to the same cluster, for the undo lines: ` --context prod-eu`, or ''. */
  readonly clusterFlags: string
  /** The server's clock, in milliseconds since the epoch. */
  now(): number
  /** This machine's clock, for how long something takes. */
  clock(): number
  readonly confirm: Confirm
  /** Draws the progress where there is a terminal. */
  show(rows: readonly ProgressRow[]): void
}

/** An operation under way. */
export interface Operation {
  readonly board: Board
  readonly changes: Changes
  /** `sapoche WORDS`, on the same cluster. */
  undo(words: string): string
}

/**
 * Opens the board, runs `work`, and closes it. Rejects with a ConfigurationError (78) where the catalogue is meant for other clusters
 * and the context was not named.
 */
export async function operate<T>(
  operator: Operator,
  {command, reason, dryRun}: {readonly command: string; readonly reason: string | null; readonly dryRun: boolean},
  signal: AbortSignal,
  work: (operation: Operation) => Promise<T>,
): Promise<T> {
  const {cluster, catalogue, who, journal, now, clusterFlags} = operator
  if (!operator.isContextNamed && !isMeantFor(catalogue, cluster)) {
    throw new ConfigurationError(
      `the catalogue is meant for ${catalogue.clusters.join(', ')}, and not for ${cluster.context ?? cluster.server}`,
      {
        hints: [{label: 'next', text: `to change it all the same, name it: --context ${cluster.context ?? '<name>'}`}],
      },
    )
  }
  const board = await Board.open(cluster, signal)
  try {
    const changes = new Changes(cluster, {who, command, reason, journal, now}, dryRun)
    return await work({board, changes, undo: (words) => `sapoche ${words}${clusterFlags}`})
  } finally {
    board.close()
  }
}
