import type {Catalogue} from '../../catalogue/index.ts'
import type {ClusterReader, PodAccess} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError, UsageError} from '../../errors/index.ts'
import {decodePodWithSpec, readInventory} from '../inventory/index.ts'
import {attach} from './attach.ts'
import {choosePlaces, type ChoiceOptions, type Place} from './choose.ts'
import {OWN_FAILURE, runEverywhere} from './everywhere.ts'
import type {ProgramIo} from './io.ts'

export {choosePlaces, type Place} from './choose.ts'
export type {ProgramIo} from './io.ts'

export interface ExecSources {
  readonly cluster: ClusterReader
  readonly catalogue: Catalogue
  readonly access: PodAccess
}

/** The caller's end, and how it is told where the program runs. */
export interface Caller {
  readonly io: ProgramIo
  /** Called when it is known where the program runs: from then on the streams are its own. */
  readonly begun: () => void
  readonly say: (text: string) => void
  /** On a terminal the place is always said; elsewhere only where it may surprise. */
  readonly isTerminal: boolean
}

/** An own failure of `exec` and `shell`: its code is told apart from the remote program's (rules.md, section 6). */
class ExecError extends SapocheError {
  constructor({code, message, suggestions, hints}: SapocheError, cause: unknown) {
    super(code, message, {cause, suggestions, hints})
  }

  override get exitCode(): number {
    return OWN_FAILURE
  }
}

/**
 * Runs a command in a pod of the target, or in all of them, with the caller's streams. Resolves with the remote exit code.
 * Rejects with errors whose exit code is 125, or 130 when interrupted.
 */
export function runIn(
  options: ChoiceOptions & {readonly command: readonly string[]},
  sources: ExecSources,
  {io, begun, say, isTerminal}: Caller,
  signal: AbortSignal,
): Promise<number> {
  return ownFailures(async () => {
    const {command} = options
    if (command.length === 0) throw new UsageError('no command: sapoche exec TARGET -- COMMAND')
    const inventory = await readInventory({targets: [options.target]}, sources, signal, decodePodWithSpec)
    const places = choosePlaces(inventory, options)
    begun()
    for (const {message} of inventory.unread) say(message)
    if (options.allPods) return runEverywhere(sources.access, places, {command, say}, io, signal)
    const [place] = places as [Place]
    if (isTerminal || !place.isReady) say(`pod ${place.pod}${place.note === '' ? '' : ` (${place.note})`}`)
    return attach(sources.access, place, {command, say}, io, signal)
  })
}

/** As `runIn`, with bash where the container has it, else sh; it is told the name of the caller's terminal. */
export function shellIn(
  options: Omit<ChoiceOptions, 'allPods'>,
  sources: ExecSources,
  caller: Caller & {readonly term: string | undefined},
  signal: AbortSignal,
): Promise<number> {
  const {term = ''} = caller
  const script = `${term === '' ? '' : 'export TERM="$1"; '}command -v bash >/dev/null 2>&1 && exec bash; exec sh`
  return runIn({...options, allPods: false, command: ['sh', '-c', script, 'sapoche', term]}, sources, caller, signal)
}

/** Gives what fails in `work`, and is none of the remote program's, the exit code 125. */
export async function ownFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof SapocheError && !(error instanceof InterruptedError) ? new ExecError(error, error) : error
  }
}
