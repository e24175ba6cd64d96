import {globSync} from 'node:fs'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {dump, load} from 'js-yaml'
import type {Cluster} from '../test/real/cluster-handle.ts'
import {orAbort} from '../test/real/processes.ts'
import {withSeededCluster} from '../test/real/seeded-cluster.ts'
import {compareMemory, compareWall, type Comparison} from './measure.ts'
import {located, type Pair, type Ratios} from './pair.ts'

const RUNS = 20

/** One line of the table. */
interface Row {
  readonly pair: Pair
  readonly measure: keyof Ratios
  readonly found: Comparison
}

// npm run bench [NAME...]: sapoche beside its peers on a real control plane. Exit code 1 where a limit is not kept.
const all = await readPairs()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.some((pair) => pair.name === name))
if (unknown.length > 0) {
  console.error(`no such pair: ${unknown.join(', ')}; there are ${all.map(({name}) => name).join(', ')}`)
  process.exitCode = 64
} else {
  const chosen = wanted.length === 0 ? all : all.filter(({name}) => wanted.includes(name))
  await withSeededCluster(async (cluster, _file, signal) => {
    const env = {...process.env, KUBECONFIG: await usualKubeconfig(cluster), KUBECACHEDIR: join(cluster.dir, 'kubectl-cache')}
    const rows: Row[] = []
    for (const pair of chosen) rows.push(...(await orAbort(signal, measured(pair, cluster, env))))
    console.log(table(rows))
    return rows.every(isKept) ? 0 : 1
  })
}

/** Those that fill the cluster come last. */
async function readPairs(): Promise<Pair[]> {
  const files = globSync('pairs/*.ts', {cwd: import.meta.dirname}).toSorted()
  const modules = (await Promise.all(files.map((file) => import(join(import.meta.dirname, file))))) as {default: Pair[]}[]
  return modules.flatMap((module) => module.default).toSorted((a, b) => Number(a.crowds ?? false) - Number(b.crowds ?? false))
}

/** The administrator's as YAML, which is what people have: that of the tests is JSON, which is read faster. */
async function usualKubeconfig(cluster: Cluster): Promise<string> {
  const file = join(cluster.dir, 'kubeconfig.yaml')
  await writeFile(file, dump(load(await readFile(cluster.kubeconfig, 'utf8'))), {mode: 0o600})
  return file
}

async function measured(pair: Pair, cluster: Cluster, env: NodeJS.ProcessEnv): Promise<Row[]> {
  const {a, b, close} = await pair.setup(cluster, console.error)
  const [one, other] = [
    {...located(a, cluster), env},
    {...located(b, cluster), env},
  ]
  console.error(`measuring ${pair.name}`)
  try {
    const rows: Row[] = []
    if (pair.limit.wall !== undefined) rows.push({pair, measure: 'wall', found: await compareWall(one, other, pair.runs ?? RUNS)})
    if (pair.limit.memory !== undefined) rows.push({pair, measure: 'memory', found: await compareMemory(one, other)})
    return rows
  } finally {
    await close?.()
  }
}

function isKept({pair, measure, found}: Row): boolean {
  return found.ratio <= (pair.limit[measure] ?? Infinity)
}

function table(rows: readonly Row[]): string {
  const unit = {wall: 'ms', memory: 'MiB'}
  const lines = rows.map((row) => {
    const {pair, measure, found} = row
    const [limit, aim] = [pair.limit[measure], pair.aim?.[measure]]
    const numbers = [found.a, found.b].map((value) => `${Math.round(value)} ${unit[measure]}`)
    const verdict = isKept(row) ? (aim === undefined || found.ratio <= aim ? 'ok' : 'ok, aim missed') : 'LIMIT MISSED'
    return [
      pair.title,
      measure === 'wall' ? 'wall time' : 'peak memory',
      ...numbers,
      found.ratio.toFixed(2),
      `<= ${limit}`,
      aim === undefined ? '' : `<= ${aim}`,
      verdict,
    ]
  })
  const head = ['what', 'measure', 'sapoche', 'beside', 'ratio', 'limit', 'aim', '']
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
