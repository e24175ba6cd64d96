import {globSync} from 'node:fs'
import {readFile, writeFile} from 'node:fs/promises'
import {availableParallelism, loadavg} from 'node:os'
import {join} from 'node:path'
import {dump, load} from 'js-yaml'
import type {Cluster} from '../test/real/cluster-handle.ts'
import {orAbort} from '../test/real/processes.ts'
import {withSeededClusters} from '../test/real/seeded-cluster.ts'
import {type Bench, type Finding, isKept, table} from './bench.ts'
import {benchOf, type Pair} from './pair.ts'

// npm run bench [NAME...]: sapoche beside its peers on a real control plane. Exit code 1 where a limit is not kept.
const all = await readBenches()
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.some((bench) => bench.name === name))
if (unknown.length > 0) {
  console.error(`no such bench: ${unknown.join(', ')}; there are ${all.map(({name}) => name).join(', ')}`)
  process.exitCode = 64
} else {
  const chosen = wanted.length === 0 ? all : all.filter(({name}) => wanted.includes(name))
  await withSeededClusters(1, async ([shared], signal) => {
    const {cluster} = shared!
    const env = {...process.env, KUBECONFIG: await usualKubeconfig(cluster), KUBECACHEDIR: join(cluster.dir, 'kubectl-cache')}
    const findings: Finding[] = []
    for (const {name, measure} of chosen) {
      console.error(`measuring ${name}`)
      findings.push(...(await orAbort(signal, measure({cluster, env, progress: console.error, signal}))))
    }
    console.log(`${table(findings)}\n\n${conditions()}`)
    return findings.every(isKept) ? 0 : 1
  })
}

/** A machine that is busy with other things is unfair to whoever needs more of its processors. */
function conditions(): string {
  const [load = 0] = loadavg()
  return `Node ${process.versions.node}, ${availableParallelism()} processors, load average at the end ${load.toFixed(1)}`
}

/** Those that fill the cluster come last. */
async function readBenches(): Promise<Bench[]> {
  const files = globSync('pairs/*.ts', {cwd: import.meta.dirname}).toSorted()
  const modules = (await Promise.all(files.map((file) => import(join(import.meta.dirname, file))))) as {default: (Bench | Pair)[]}[]
  const benches = modules.flatMap((module) => module.default).map((each) => ('setup' in each ? benchOf(each) : each))
  return benches.toSorted((a, b) => Number(a.crowds ?? false) - Number(b.crowds ?? false))
}

/** The administrator's as YAML, which is what people have: that of the tests is JSON, which is read faster. */
async function usualKubeconfig(cluster: Cluster): Promise<string> {
  const file = join(cluster.dir, 'kubeconfig.yaml')
  await writeFile(file, dump(load(await readFile(cluster.kubeconfig, 'utf8'))), {mode: 0o600})
  return file
}
