import {spawn} from 'node:child_process'
import {readFileSync} from 'node:fs'

/** What is run, and in which environment. */
export interface Program {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** Medians of both sides, and of the ratios of a to b pair by pair: a machine that grows slower on the way spoils nothing. */
export interface Comparison {
  readonly a: number
  readonly b: number
  readonly ratio: number
}

const WARM_UPS = 2
/** Memory hardly varies, and watching it costs time, so it has runs of its own. */
const MEMORY_RUNS = 5
const WATCH_MS = 2

/** Wall time in milliseconds, from the start of the process to its end; a and b run in turn. Rejects where a run ends with another exit code than 0. */
export async function compareWall(a: Program, b: Program, runs: number): Promise<Comparison> {
  const samples = await inTurn(a, b, WARM_UPS + runs, async (program) => {
    const began = performance.now()
    await start(program).ended
    return performance.now() - began
  })
  return comparison(samples.slice(WARM_UPS))
}

/** The largest resident memory in MiB, by the kernel's own high-water mark. Rejects as `compareWall`. */
export async function compareMemory(a: Program, b: Program): Promise<Comparison> {
  return comparison(await inTurn(a, b, MEMORY_RUNS, peakMemory))
}

async function inTurn(a: Program, b: Program, runs: number, measure: (program: Program) => Promise<number>): Promise<[number, number][]> {
  const samples: [number, number][] = []
  for (let run = 0; run < runs; run++) samples.push([await measure(a), await measure(b)])
  return samples
}

function comparison(samples: readonly (readonly [number, number])[]): Comparison {
  return {a: median(samples.map(([a]) => a)), b: median(samples.map(([, b]) => b)), ratio: median(samples.map(([a, b]) => a / b))}
}

async function peakMemory(program: Program): Promise<number> {
  const {pid, ended} = start(program)
  let peak = 0
  const watch = setInterval(() => (peak = highWaterMark(pid) ?? peak), WATCH_MS)
  await ended.finally(() => clearInterval(watch))
  return peak / 1024
}

/** KiB; null once the process has given its memory back. */
function highWaterMark(pid: number): number | null {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found === null ? null : Number(found[1])
  } catch {
    return null
  }
}

function start({file, args, env}: Program): {readonly pid: number; readonly ended: Promise<void>} {
  const child = spawn(file, args, {env, stdio: ['ignore', 'pipe', 'pipe']})
  let stderr = ''
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`${file} ${args.join(' ')}: exit ${signal ?? code}\n${stderr.slice(-2000)}`)),
    )
  })
  return {pid: child.pid ?? 0, ended}
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}
