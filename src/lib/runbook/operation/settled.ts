import type {Board} from './board.ts'
import type {Chosen} from './selection.ts'

/** A deployment controller that works answers within milliseconds. */
const PATIENCE_MS = 5000

/**
 * The deployment once its controller has seen the last change of it: until then its revision is that of the template before, so that an undo
 * line would go back too far. As it is, where that takes more than a few seconds. `clock` is this machine's.
 */
export async function settled(
  {workload, deployment}: Chosen,
  board: Pick<Board, 'change' | 'deployment'>,
  clock: () => number,
  signal: AbortSignal,
): Promise<Chosen> {
  const until = clock() + PATIENCE_MS
  let found = deployment
  while ((found.observedGeneration ?? 0) < found.generation && clock() < until && !signal.aborted) {
    await board.change(until - clock(), signal)
    found = board.deployment(found.name) ?? found
  }
  return {workload, deployment: found}
}
