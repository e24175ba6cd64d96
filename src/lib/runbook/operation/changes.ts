import {setTimeout as pause} from 'node:timers/promises'
import {ConflictError} from '../../clients/kubernetes/errors.ts'
import type {ClusterClient, JsonObject, PatchOptions} from '../../clients/kubernetes/types.ts'
import {SapocheError, TimedOutError, UnreachableError} from '../../errors/index.ts'
import {isoTime} from '../../text/time.ts'
import {RESOURCES} from '../cluster/index.ts'
import {appendToJournal, type JournalEntry} from '../journal/index.ts'
import type {Warning} from '../schema.ts'
import {quoted} from '../../text/quote.ts'
import {decodeLive, type LiveDeployment} from './live.ts'
import type {Outcome} from './outcome.ts'

/** Why a workload was not changed after all. */
export interface Refusal {
  readonly outcome: Extract<Outcome, 'superseded' | 'refused' | 'failed' | 'unchanged' | 'timed-out'>
  readonly reason: string
  /** Where something was changed all the same: the command that goes back. */
  readonly undo?: string
}

/** One change of one deployment. */
export interface Change {
  /** Whether it still may be made, asked again whenever somebody else was quicker; null where it may. */
  readonly check: (fresh: LiveDeployment) => Refusal | null
  readonly type: PatchOptions['type']
  readonly body: (fresh: LiveDeployment) => JsonObject | readonly JsonObject[]
  /** Whether it has been made: asked where the answer to the write was lost. */
  readonly isMade: (fresh: LiveDeployment) => boolean
  /** What the journal says of it. */
  readonly record: Pick<JournalEntry, 'before' | 'after' | 'undo'>
}

/** Who changes what, on which cluster; what stands in every line of the journal. */
export interface Author {
  readonly who: string
  readonly command: string
  readonly reason: string | null
  /** The journal's file; null where nothing is to be written down. */
  readonly journal: string | null
  /** The server's clock. */
  now(): number
}

const ATTEMPTS = 20
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000

/** An error in one sentence, with the permission that is missing. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof SapocheError)) return `a fault in sapoche itself: ${error instanceof Error ? error.message : String(error)}`
  const needs = error.hints.find(({label}) => label === 'needs')
  return needs === undefined ? error.message : `${error.message}; needs ${needs.text}`
}

export function isRefusal(result: LiveDeployment | Refusal): result is Refusal {
  return 'outcome' in result
}

/** All writes of one operation: guarded by resource version, tried again on conflict, and recorded in the journal. */
export class Changes {
  readonly warnings: Warning[] = []
  readonly dryRun: boolean
  readonly #cluster: ClusterClient
  readonly #author: Author
  #made = 0

  constructor(cluster: ClusterClient, author: Author, dryRun: boolean) {
    this.#cluster = cluster
    this.#author = author
    this.dryRun = dryRun
  }

  /** True from the first change of the cluster on: an interruption is then a report and no error (rules.md, section 6). */
  get any(): boolean {
    return this.#made > 0
  }

  /**
   * Makes one change, and gives the deployment as stored. A write is never aborted half-way: Ctrl-C counts after it.
   * Rejects with a SapocheError; where that is a lost answer, the message says whether the change was made.
   */
  async patch(seen: LiveDeployment, change: Change): Promise<LiveDeployment | Refusal> {
    let fresh: LiveDeployment | null = seen
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (fresh === null || fresh.uid !== seen.uid) return {outcome: 'superseded', reason: 'deleted meanwhile'}
      const refusal = change.check(fresh)
      if (refusal !== null) return refusal
      try {
        return await this.#write(fresh, change)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
      }
      if (attempt > 0) await pause(Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS))
      fresh = await this.#cluster.get(RESOURCES.deployments, seen.name, decodeLive)
    }
    return {outcome: 'failed', reason: `changed by others at each of ${ATTEMPTS} tries (409)`}
  }

  #write(fresh: LiveDeployment, {type, body, isMade, record}: Change): Promise<LiveDeployment> {
    const {name} = fresh
    const look = async (): Promise<LiveDeployment | null> => {
      const found = await this.#cluster.get(RESOURCES.deployments, name, decodeLive)
      return found !== null && isMade(found) ? found : null
    }
    return this.attempt(
      name,
      record,
      () => this.#cluster.patch(RESOURCES.deployments, name, body(fresh), decodeLive, {type, dryRun: this.dryRun}),
      look,
    )
  }

  /** Makes one write and records it. Where its answer is lost, `look` tells whether it was made: what came of it, or null. */
  async attempt<T>(target: string, record: Change['record'], write: () => Promise<T>, look: () => Promise<T | null>): Promise<T> {
    let made: T
    try {
      made = await write()
    } catch (error) {
      if (this.dryRun || !isLostAnswer(error)) throw error
      made = await lookAfter(error, target, look)
    }
    if (!this.dryRun) await this.#record(target, record)
    return made
  }

  /** Adds what went wrong beside the changes to the report, once, with the permission that would mend it. */
  readonly warn = (error: SapocheError, code: string = error.code): void => {
    const message = wordsOf(error)
    if (!this.warnings.some((warning) => warning.message === message)) this.warnings.push({code, message})
  }

  /** Counts a change, and writes it down. A journal that can't be written is a warning: the change has been made. */
  async #record(target: string, {before, after, undo}: Change['record']): Promise<void> {
    this.#made += 1
    const {context, server, namespace} = this.#cluster
    const {who, command, reason, journal} = this.#author
    if (journal === null) return
    try {
      await appendToJournal(journal, {
        at: isoTime(this.#author.now()),
        who,
        context,
        server,
        namespace,
        command,
        target,
        before,
        after,
        reason,
        undo: undo === null || context === null || undo.includes(' --context ') ? undo : `${undo} --context ${quoted(context)}`,
      })
    } catch (error) {
      if (!(error instanceof SapocheError)) throw error
      this.warn(error, 'journal')
    }
  }
}

async function lookAfter<T>(error: TimedOutError | UnreachableError, target: string, look: () => Promise<T | null>): Promise<T> {
  let found: T | null
  try {
    found = await look()
  } catch {
    const details = {cause: error, hints: [{label: 'next', text: `sapoche status ${target}`}]}
    const message = `${error.message}; it is not known whether ${target} was changed`
    throw error instanceof TimedOutError ? new TimedOutError(message, details) : new UnreachableError(message, details)
  }
  if (found === null) throw error
  return found
}

/** The server may have made the change without our hearing of it. An answer of the server's own (409, 403, 404) is none of these. */
function isLostAnswer(error: unknown): error is TimedOutError | UnreachableError {
  return error instanceof TimedOutError || error instanceof UnreachableError
}
