import {existsSync} from 'node:fs'
import {join} from 'node:path'
import type {Cluster} from '../test/real/cluster-handle.ts'
import type {Progress} from '../test/real/processes.ts'
import type {Bench, Finding} from './bench.ts'
import {compareMemory, compareWall, type Comparison} from './measure.ts'

const RUNS = 20

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

/** Two commands that are run in turn, and how they may compare: the short form of most benches. */
export interface Pair {
  readonly name: string
  readonly title: string
  readonly crowds?: boolean
  /** A ratio above one of these fails the bench. */
  readonly limit: Ratios
  /** What we want, and only report. */
  readonly aim?: Ratios
  /** Counted runs of each side, 20 unless told. */
  readonly runs?: number
  /** Prepares the cluster, and says what is run: first sapoche, then its peer. */
  setup(cluster: Cluster, progress: Progress): Promise<Sides>
}

export interface Sides {
  readonly a: Command
  readonly b: Command
  /** Takes back what `setup` started beside the cluster. */
  close?(): Promise<void>
}

/** The bench of a pair: a line for each of its limits. */
export function benchOf({name, title, crowds, limit, aim, runs = RUNS, setup}: Pair): Bench {
  return {
    name,
    crowds,
    async measure({cluster, env, progress}) {
      const {a, b, close} = await setup(cluster, progress)
      const [one, other] = [
        {...located(a, cluster), env},
        {...located(b, cluster), env},
      ]
      try {
        const findings: Finding[] = []
        if (limit.wall !== undefined) {
          const found = await compareWall(one, other, runs)
          findings.push({title, measure: 'wall time', ...shown(found, 'ms'), limit: limit.wall, aim: aim?.wall})
        }
        if (limit.memory !== undefined) {
          const found = await compareMemory(one, other)
          findings.push({title, measure: 'peak memory', ...shown(found, 'MiB'), limit: limit.memory, aim: aim?.memory})
        }
        return findings
      } finally {
        await close?.()
      }
    },
  }
}

function shown({a, b, ratio}: Comparison, unit: string): Pick<Finding, 'sapoche' | 'peer' | 'value'> {
  return {sapoche: `${Math.round(a)} ${unit}`, peer: `${Math.round(b)} ${unit}`, value: ratio}
}

const PROGRAM = join(import.meta.dirname, '../bin/run.js')

/** The command with the path of its program. */
function located([name = '', ...args]: Command, {binaries}: Cluster): {readonly file: string; readonly args: readonly string[]} {
  if (name === 'sapoche') return {file: process.execPath, args: [PROGRAM, ...args]}
  if (name === 'node') return {file: process.execPath, args}
  const built = join(binaries.folder, name)
  return {file: existsSync(built) ? built : name, args}
}
