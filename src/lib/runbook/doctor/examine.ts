import {builtinCatalogue, type Catalogue} from '../../catalogue/index.ts'
import {type Contents, examineMetrics, reachCluster, readContents, type Reached} from './cluster.ts'
import {examineCommands} from './commands.ts'
import {examineDependencies} from './dependencies.ts'
import {namingsOf} from './naming.ts'
import {Path} from './path.ts'
import {examineProgram} from './program.ts'
import {doctorReport} from './report.ts'
import type {DoctorReport} from './schema.ts'
import {examineServers} from './servers.ts'
import type {DoctorOptions, DoctorSources} from './types.ts'

/**
 * Every hop of every path that the commands take, each with its time and cure. A hop that fails is a row (critical), and those that rest on it
 * are skipped: doctor asks after the ways themselves, so a dead one is its answer (rules.md, section 6) and no error.
 * Rejects when interrupted, and with a UsageError (64).
 */
export async function examine(options: DoctorOptions, sources: DoctorSources, signal: AbortSignal): Promise<DoctorReport> {
  const {hops: program, catalogue: own} = await examineProgram(sources)
  const catalogue = own ?? builtinCatalogue
  const {namespace: home} = catalogue
  const context = {now: sources.now}
  const cluster = new Path('cluster', context)
  const {way, reached} = await reachCluster(cluster, sources, own, signal)
  const lost = reached === null ? cluster.needs : null
  const commands = new Path('commands', context, lost)
  const [{contents, isThere}] = await Promise.all([
    readContents(cluster, reached, own, signal),
    // Neither rests on what the namespace holds.
    examineMetrics(cluster, reached, signal),
    examineCommands(commands, reached, {readOnly: options.readOnly, home}, signal),
  ])
  const needs = own === null ? 'catalogue' : (lost ?? (isThere ? null : 'namespace'))
  const servers = {...context, catalogue, servers: reached?.servers ?? null, subjects: contents?.subjects ?? [], needs}
  const dependencies = new Path('dependencies', context, needs ?? (contents === null ? cluster.needs : null))
  const [behind] = await Promise.all([
    examineServers(servers, signal),
    examineNamed(dependencies, {options, contents, reached, catalogue}, signal),
  ])
  return doctorReport({
    steps: [program, cluster, commands, ...behind, dependencies].flatMap(({steps}) => steps),
    context: way?.context ?? null,
    namespace: options.namespace ?? home,
    server: way?.server ?? null,
    fromPods: options.fromPods,
    warnings: contents?.warnings ?? [],
    now: reached?.cluster.serverClock()?.now ?? sources.now(),
  })
}

interface Named {
  readonly options: DoctorOptions
  readonly contents: Contents | null
  readonly reached: Reached | null
  readonly catalogue: Catalogue
}

async function examineNamed(hops: Path, {options, contents, reached, catalogue}: Named, signal: AbortSignal): Promise<void> {
  if (contents === null || reached === null || hops.needs !== null) {
    await hops.hop('environment', null, () => Promise.reject(new Error('rests on a hop that failed')))
    return
  }
  await examineDependencies(hops, namingsOf(contents.subjects, catalogue), options.fromPods ? {reached, contents} : null, signal)
}
