import {builtinCatalogue} from '../../catalogue/index.ts'
import type {Warning} from '../schema.ts'
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
  const {hops: program, catalogue} = await examineProgram(sources)
  const cluster = new Path('cluster', sources)
  const {way, reached} = await reachCluster(cluster, sources, catalogue, signal)
  const needs = reached === null ? cluster.needs : null
  const commands = new Path('commands', sources, needs)
  const permissions = examineCommands(commands, reached, options.readOnly, signal)
  const [contents] = await Promise.all([
    readContents(cluster, reached, catalogue, signal),
    // Nothing rests on the namespace here.
    examineMetrics(cluster, reached, signal),
    permissions,
  ])
  const own = catalogue === null ? 'catalogue' : needs
  const servers = {
    ...sources,
    now: sources.now,
    catalogue: catalogue ?? builtinCatalogue,
    servers: reached?.servers ?? null,
    subjects: contents?.subjects ?? [],
    needs: own,
  }
  const dependencies = new Path('dependencies', sources, own ?? (contents === null ? cluster.needs : null))
  const [behind] = await Promise.all([
    examineServers(servers, signal),
    examineNamed(dependencies, {options, contents, reached, catalogue: catalogue ?? builtinCatalogue}, signal),
  ])
  const warnings: Warning[] = [...(contents?.warnings ?? [])]
  return doctorReport({
    steps: [program, cluster, commands, ...behind, dependencies].flatMap(({steps}) => steps),
    context: way?.context ?? null,
    namespace: options.namespace ?? (catalogue ?? builtinCatalogue).namespace,
    server: way?.server ?? null,
    fromPods: options.fromPods,
    warnings,
    now: reached?.cluster.serverClock()?.now ?? sources.now(),
  })
}

interface Named {
  readonly options: DoctorOptions
  readonly contents: Contents | null
  readonly reached: Reached | null
  readonly catalogue: typeof builtinCatalogue
}

async function examineNamed(hops: Path, {options, contents, reached, catalogue}: Named, signal: AbortSignal): Promise<void> {
  if (contents === null || reached === null || hops.needs !== null) {
    await hops.hop('environment', null, () => Promise.reject(new Error('rests on a hop that failed')))
    return
  }
  await examineDependencies(hops, namingsOf(contents.subjects, catalogue), options.fromPods ? {reached, contents} : null, signal)
}
