import {type ChildProcess, spawn} from 'node:child_process'
import {once} from 'node:events'
import {closeSync, createReadStream, openSync, readFileSync} from 'node:fs'
import {rm} from 'node:fs/promises'
import {join} from 'node:path'
import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Cluster} from '../test/real/cluster-handle.ts'
import {type ContainerLog, giveLog, type LogLine} from '../test/real/containers.ts'
import {NAMESPACE} from '../test/real/manifests.ts'
import {withSeededCluster} from '../test/real/seeded-cluster.ts'

/**
 * `sapoche logs all` beside stern, in turn, on a real control plane with 41 containers: a million lines of the past (time, own CPU, memory,
 * and what is lost, repeated or out of order), and how long a line takes from being written to being read. Arguments: rounds, 5 unless told.
 */
const LINES = 1_000_000
const ROUNDS = Number(process.argv[2] ?? 5)
const LIMITS = {speed: 1.2, cpu: 1, memory: 2.5, growth: 1.15, delay: 1.5}
const WINDOW_MS = 250
const LIVE_SECONDS = 12
const PROGRAM = join(import.meta.dirname, '../bin/run.js')
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

await withSeededCluster(async (cluster, _file, signal) => {
  const places = await placesOf(cluster)
  const sides = sidesOf(cluster)
  const each = Math.ceil(LINES / places.length)
  console.error(`writing ${each * places.length} lines for ${places.length} containers`)
  const half = await fill(cluster, places, 0, Math.floor(each / 2))
  const small: Cost[] = []
  for (let round = 0; round < ROUNDS; round += 1) small.push(await measure(sides[0]!, cluster))
  await fill(cluster, places, Math.floor(each / 2), each, half)

  const costs = {sapoche: [] as Cost[], stern: [] as Cost[]}
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const side of sides) {
      signal.throwIfAborted()
      costs[side.name].push(await measure(side, cluster))
    }
  }
  const kept: boolean[] = []
  const say = (what: string, value: string, isKept?: boolean): void => {
    if (isKept !== undefined) kept.push(isKept)
    console.log(`${what.padEnd(44)} ${value}${isKept === undefined ? '' : isKept ? '  ok' : '  LIMIT MISSED'}`)
  }
  const of = (name: Side['name'], what: keyof Cost): number => median(costs[name].map((cost) => cost[what]))
  const total = each * places.length
  for (const {name} of sides) {
    const rate = Math.round(total / of(name, 'seconds') / 1000)
    say(
      name,
      `${rate}k lines/s, ${of(name, 'seconds').toFixed(1)} s, own CPU ${of(name, 'cpu').toFixed(2)} s, peak ${Math.round(of(name, 'memory'))} MiB`,
    )
    const counted = await countIn(outputOf(cluster, name), places.length, each)
    const words = `${counted.lost} lost, ${counted.repeated} repeated, ${counted.inversions} out of time order`
    say(`  of ${total} lines`, words, name === 'sapoche' ? words === '0 lost, 0 repeated, 0 out of time order' : undefined)
  }
  const pairs = (what: keyof Cost): number => median(costs.sapoche.map((cost, round) => cost[what] / costs.stern[round]![what]))
  say(`speed, at least ${LIMITS.speed} of stern's`, (1 / pairs('seconds')).toFixed(2), 1 / pairs('seconds') >= LIMITS.speed)
  say("own CPU, below stern's", pairs('cpu').toFixed(2), pairs('cpu') < LIMITS.cpu)
  say(`peak memory, at most ${LIMITS.memory} of stern's`, pairs('memory').toFixed(2), pairs('memory') <= LIMITS.memory)
  const growth = of('sapoche', 'memory') / median(small.map(({memory}) => memory))
  say(`peak memory with twice the lines, at most ${LIMITS.growth}`, growth.toFixed(2), growth <= LIMITS.growth)

  const delays = await live(sides, cluster, places, signal)
  for (const {name} of sides) say(`${name}, from write to read`, words(delays[name]))
  for (const part of [0.5, 0.99]) {
    const limit = percentile(delays.stern, part) * LIMITS.delay + WINDOW_MS
    const found = percentile(delays.sapoche, part)
    say(
      `  at ${part * 100} %, at most ${LIMITS.delay} of stern's and the window`,
      `${Math.round(found)} ms of ${Math.round(limit)}`,
      found <= limit,
    )
  }
  return kept.every(Boolean) ? 0 : 1
})

function sidesOf({binaries}: Cluster): Side[] {
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

function words(delays: readonly number[]): string {
  return `${delays.length} lines, median ${Math.round(percentile(delays, 0.5))} ms, 99 % ${Math.round(percentile(delays, 0.99))} ms`
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5)
}
