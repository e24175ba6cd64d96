import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, createReadStream, openSync, readFileSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Cluster} from '../../test/real/cluster-handle.ts'
import {type ContainerLog, giveLog, type LogLine} from '../../test/real/containers.ts'
import {NAMESPACE} from '../../test/real/manifests.ts'
import type {Bench, Finding, Scene} from '../bench.ts'

/**
 * `sapoche logs all` beside stern, in turn, with 41 containers: a million lines of the past (time, own CPU, memory, and what is lost, repeated
 * or out of order), and how long a line takes from being written to being read.
 */
const LINES = 1_000_000
const ROUNDS = 5
const DELAY_OF_STERN = 1.5
const WINDOW_MS = 250
const LIVE_SECONDS = 12
const PROGRAM = join(import.meta.dirname, '../../bin/run.js')
/** Lines of a container are four milliseconds apart, as are those of all others, none at the same time. */
const START = Date.parse('2026-01-01T00:00:00Z') / 1000
const GAP = 4_000_000
const SHIFT = 71_111

interface Place {
  readonly pod: string
  readonly container: string
}

interface Cost {
  readonly seconds: number
  readonly cpu: number
  /** MiB. */
  readonly memory: number
}

interface Counted {
  readonly lost: number
  readonly repeated: number
  readonly inversions: number
}

interface Side {
  readonly name: 'sapoche' | 'stern'
  readonly past: readonly string[]
  readonly live: readonly string[]
}

const CLOCK_TICKS = 100

async function compare({cluster, progress, signal}: Scene): Promise<Finding[]> {
  const places = await placesOf(cluster)
  const sides = sidesOf(cluster)
  const each = Math.ceil(LINES / places.length)
  progress(`writing ${each * places.length} lines for ${places.length} containers`)
  const half = await fill(cluster, places, 0, Math.floor(each / 2))
  const small: Cost[] = []
  for (let round = 0; round < ROUNDS; round += 1) small.push(await measure(sides[0], cluster))
  await fill(cluster, places, Math.floor(each / 2), each, half)

  const costs = {sapoche: [] as Cost[], stern: [] as Cost[]}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of sides) {
      signal.throwIfAborted()
      costs[side.name].push(await measure(side, cluster))
    }
  }
  const title = `\`logs all --tail -1\`, ${each * places.length} lines of ${places.length} containers, beside stern`
  const of = (name: Side['name'], what: keyof Cost): number => median(costs[name].map((cost) => cost[what]))
  const ratio = (what: keyof Cost): number => median(costs.sapoche.map((cost, round) => cost[what] / costs.stern[round]![what]))
  const cost = (measured: string, what: keyof Cost, unit: string, digits: number, limit: number): Finding => ({
    title,
    measure: measured,
    sapoche: `${of('sapoche', what).toFixed(digits)} ${unit}`,
    peer: `${of('stern', what).toFixed(digits)} ${unit}`,
    value: ratio(what),
    limit,
  })
  const [ours, theirs] = await Promise.all(sides.map(({name}) => countIn(outputOf(cluster, name), places.length, each)))
  const halfPeak = median(small.map(({memory}) => memory))
  const findings: Finding[] = [
    // 1.2 times the lines a second.
    cost('wall time', 'seconds', 's', 1, 0.83),
    cost('own CPU', 'cpu', 's', 2, 1),
    cost('peak memory', 'memory', 'MiB', 0, 2.5),
    {
      title: 'the same, beside half as many lines',
      measure: 'peak memory',
      sapoche: `${Math.round(of('sapoche', 'memory'))} MiB`,
      peer: `${Math.round(halfPeak)} MiB`,
      value: of('sapoche', 'memory') / halfPeak,
      limit: 1.15,
    },
    {title, measure: 'lost, repeated, out of time order', sapoche: faults(ours!), peer: faults(theirs!), value: sum(ours!), limit: 0},
  ]
  const delays = await live(sides, cluster, places, signal)
  for (const part of [0.5, 0.99]) {
    const [sapoche, stern] = [percentile(delays.sapoche, part), percentile(delays.stern, part)]
    findings.push({
      title: `\`logs all -f\`, from write to read at ${part * 100} %, of ${DELAY_OF_STERN} times stern's and the order window`,
      measure: 'delay',
      sapoche: `${Math.round(sapoche)} ms`,
      peer: `${Math.round(stern)} ms`,
      value: sapoche / (stern * DELAY_OF_STERN + WINDOW_MS),
      limit: 1,
    })
  }
  return findings
}

function faults({lost, repeated, inversions}: Counted): string {
  return `${lost}, ${repeated}, ${inversions}`
}

function sum({lost, repeated, inversions}: Counted): number {
  return lost + repeated + inversions
}

function sidesOf({binaries}: Cluster): readonly [Side, Side] {
  const sapoche = [process.execPath, PROGRAM, 'logs', 'all', '-o', 'raw']
  const stern = [binaries.path('stern'), '.', '-n', NAMESPACE, '--only-log-lines', '-o', 'raw', '--max-log-requests', '50']
  return [
    {name: 'sapoche', past: [...sapoche, '--tail', '-1'], live: [...sapoche, '--tail', '0', '-f']},
    {name: 'stern', past: [...stern, '--no-follow', '--tail=-1', '--since', '100000h'], live: [...stern, '--tail=0']},
  ]
}

async function placesOf(cluster: Cluster): Promise<Place[]> {
  type Pods = {items: {metadata: {name: string}; spec: {containers: {name: string}[]}}[]}
  const {items} = await cluster.api.get<Pods>(`/api/v1/namespaces/${NAMESPACE}/pods`)
  return items.flatMap(({metadata, spec}) => spec.containers.map(({name}) => ({pod: metadata.name, container: name})))
}

/** Gives each container its lines from one number to another, at the end of those it has. */
async function fill(
  cluster: Cluster,
  places: readonly Place[],
  from: number,
  to: number,
  logs?: readonly ContainerLog[],
): Promise<ContainerLog[]> {
  const given: ContainerLog[] = []
  for (const [container, place] of places.entries()) {
    const lines = Array.from({length: to - from}, (_, index) => lineOf(container, from + index))
    const log = logs?.[container]
    if (log === undefined) given.push(await giveLog(cluster, place, lines))
    else await log.append(lines)
  }
  return given
}

function lineOf(container: number, number: number): LogLine {
  const nanos = number * GAP + container * SHIFT
  const seconds = START + Math.floor(nanos / 1e9)
  const time = `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos % 1e9).padStart(9, '0')}Z`
  return {time, text: `${container} ${number} order ${number * 7919} received from the front desk of the clinic`}
}

function outputOf(cluster: Cluster, name: string): string {
  return join(cluster.dir, `bench-${name}.out`)
}

/** One run, whose lines go to a file. */
async function measure({name, past}: Side, cluster: Cluster): Promise<Cost> {
  const file = outputOf(cluster, name)
  await rm(file, {force: true})
  const descriptor = openSync(file, 'w')
  const began = performance.now()
  const child = start(past, cluster, descriptor)
  let [cpu, memory] = [0, 0]
  const watch = setInterval(() => {
    cpu = cpuOf(child) ?? cpu
    memory = memoryOf(child) ?? memory
  }, 5)
  const [code] = (await once(child, 'close')) as [number]
  clearInterval(watch)
  closeSync(descriptor)
  if (code !== 0) throw new Error(`${past.join(' ')} ended with ${code}`)
  return {seconds: (performance.now() - began) / 1000, cpu, memory}
}

function start([file = '', ...args]: readonly string[], cluster: Cluster, stdout: number | 'pipe'): ChildProcess {
  return spawn(file, args, {env: {...process.env, KUBECONFIG: cluster.kubeconfig}, stdio: ['ignore', stdout, 'ignore']})
}

/** Seconds of user and system time so far; null once the process has ended. */
function cpuOf({pid}: ChildProcess): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS
  } catch {
    return null
  }
}

/** MiB at most so far; null once the process has given its memory back. */
function memoryOf({pid}: ChildProcess): number | null {
  try {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found === null ? null : Number(found[1]) / 1024
  } catch {
    return null
  }
}

async function countIn(file: string, containers: number, each: number): Promise<Counted> {
  const seen = Array.from({length: containers}, () => new Uint8Array(each))
  let [total, repeated, inversions, latest] = [0, 0, 0, -1]
  for await (const line of createInterface({input: createReadStream(file)})) {
    const [container, number] = line.split(' ', 2).map(Number) as [number, number]
    if (seen[container]![number] === 1) repeated += 1
    else total += 1
    seen[container]![number] = 1
    const time = number * GAP + container * SHIFT
    if (time < latest) inversions += 1
    else latest = time
  }
  return {lost: containers * each - total, repeated, inversions}
}

/** Both follow at once, while every container writes a line ten times a second; milliseconds from the writing of each line to its reading. */
async function live(
  sides: readonly Side[],
  cluster: Cluster,
  places: readonly Place[],
  signal: AbortSignal,
): Promise<Record<Side['name'], number[]>> {
  const logs = await Promise.all(places.map((place) => giveLog(cluster, place, [lineOf(0, 0)])))
  const delays: Record<Side['name'], number[]> = {sapoche: [], stern: []}
  const children = sides.map(({name, live: command}) => {
    const child = start(command, cluster, 'pipe')
    createInterface({input: child.stdout!}).on('line', (line) => {
      const written = Number(/^at (\S+) /.exec(line)?.[1])
      if (!Number.isNaN(written)) delays[name].push(performance.now() - written)
    })
    return child
  })
  await sleep(5000, undefined, {signal})
  for (let round = 0; round < LIVE_SECONDS * 10; round += 1) {
    for (const log of logs) {
      await log.append([{time: new Date().toISOString().replace('Z', '000000Z'), text: `at ${performance.now()} order ${round} received`}])
    }
    await sleep(60, undefined, {signal})
  }
  await sleep(1500, undefined, {signal})
  for (const child of children) {
    child.kill('SIGINT')
    await once(child, 'close')
  }
  return delays
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}

export default [{name: 'logs', measure: compare}] satisfies Bench[]
