import {existsSync} from 'node:fs'
import {join} from 'node:path'
import type {Cluster} from '../test/real/cluster-handle.ts'
import type {Progress} from '../test/real/processes.ts'

/**
 * A program and its arguments. `sapoche` is the built program on this Node, `node` is this Node,
 * what the cluster's binaries have (kubectl, stern) is theirs, and anything else is looked up in PATH.
 */
export type Command = readonly string[]

/** Ratios of sapoche to its peer: of wall time, and of the largest resident memory. */
export interface Ratios {
  readonly wall?: number
  readonly memory?: number
}

/** Two commands that are run in turn, and how they may compare. One file of bench/pairs/ exports an array of them as its default. */
export interface Pair {
  /** By which `npm run bench NAME` chooses it. */
  readonly name: string
  readonly title: string
  /** A ratio above one of these fails the bench. */
  readonly limit: Ratios
  /** What we want, and only report. */
  readonly aim?: Ratios
  /** Counted runs of each side, 20 unless told. */
  readonly runs?: number
  /** Fills the cluster so much that it has to come after those that do not. */
  readonly crowds?: boolean
  /** Prepares the cluster, and says what is run: first sapoche, then its peer. */
  setup(cluster: Cluster, progress: Progress): Promise<Sides>
}

export interface Sides {
  readonly a: Command
  readonly b: Command
  /** Takes back what `setup` started beside the cluster. */
  close?(): Promise<void>
}

const PROGRAM = join(import.meta.dirname, '../bin/run.js')

/** The command with the path of its program. */
export function located([name = '', ...args]: Command, {binaries}: Cluster): {readonly file: string; readonly args: readonly string[]} {
  if (name === 'sapoche') return {file: process.execPath, args: [PROGRAM, ...args]}
  if (name === 'node') return {file: process.execPath, args}
  const built = join(binaries.folder, name)
  return {file: existsSync(built) ? built : name, args}
}
