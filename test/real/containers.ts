import {appendFile, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {type Api, ApiError} from './api.ts'
import type {Cluster} from './cluster-handle.ts'
import {NAMESPACE} from './manifests.ts'

const KWOK = '/apis/kwok.x-k8s.io/v1alpha1'

/** What `logs`, `exec` and `port-forward` find behind containers, which kwok itself does not run. kwok takes notice within moments. */
export interface Where {
  /** Of the runbook's namespace; all pods unless told. What is said of one pod goes before what is said of all. */
  readonly pod?: string
  /** All unless told. */
  readonly container?: string
}

export interface LogLine {
  /** RFC 3339, to the nanosecond if need be. */
  readonly time: string
  readonly stream?: 'stdout' | 'stderr'
  readonly text: string
}

export interface ContainerLog {
  /** A follower sees them at once. Nothing is ever taken away: kwok's followers could not stand it. */
  append(lines: readonly LogLine[]): Promise<void>
}

/** Gives containers a log, and with `previous` one of the container before the last restart (without, asking for it is a 400). */
export async function giveLog(
  {api, dir}: Cluster,
  where: Where,
  lines: readonly LogLine[],
  previous?: readonly LogLine[],
): Promise<ContainerLog> {
  const folder = join(dir, 'container-logs')
  await mkdir(folder, {recursive: true})
  const file = join(folder, `${where.pod ?? 'all'}-${where.container ?? 'all'}.log`)
  await writeFile(file, criLines(lines))
  if (previous !== undefined) await writeFile(`${file}.previous`, criLines(previous))
  const log = {
    ...containersIn(where),
    logsFile: file,
    follow: true,
    ...(previous === undefined ? {} : {previousLogsFile: `${file}.previous`}),
  }
  await put(api, 'Logs', where, 'logs', log)
  return {append: (more) => appendFile(file, criLines(more))}
}

/**
 * Lets `exec` run its command on this machine, with this environment. kwok does not pass on how the command ended: every exit code but 0
 * becomes an internal error.
 */
export async function giveExec({api}: Cluster, where: Where, environment: Readonly<Record<string, string>>): Promise<void> {
  const envs = Object.entries(environment).map(([name, value]) => ({name, value}))
  await put(api, 'Exec', where, 'execs', {...containersIn(where), local: {envs}})
}

/** Connects a port of pods to a server on loopback. */
export async function givePort({api}: Cluster, where: Where, port: number, target: number): Promise<void> {
  await put(api, 'PortForward', where, 'forwards', {ports: [port], target: {address: '127.0.0.1', port: target}}, `port-${port}`)
}

function containersIn({container}: Where): object {
  return container === undefined ? {} : {containers: [container]}
}

// One object for each pod, named as the pod is, whose list has an entry for each container or port; cluster-wide ones have names of ours.
async function put(
  api: Api,
  kind: 'Logs' | 'Exec' | 'PortForward',
  where: Where,
  list: string,
  entry: object,
  name = 'all',
): Promise<void> {
  const plural = `${kind.toLowerCase()}${kind === 'Logs' ? '' : 's'}`
  if (where.pod === undefined) return create(api, `${KWOK}/cluster${plural}`, {kind: `Cluster${kind}`, name}, list, entry)
  return create(api, `${KWOK}/namespaces/${NAMESPACE}/${plural}`, {kind, name: where.pod}, list, entry)
}

async function create(api: Api, path: string, {kind, name}: {kind: string; name: string}, list: string, entry: object): Promise<void> {
  try {
    await api.create(path, {apiVersion: 'kwok.x-k8s.io/v1alpha1', kind, metadata: {name}, spec: {[list]: [entry]}})
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 409)) throw error
    await api.patch(`${path}/${name}`, [{op: 'add', path: `/spec/${list}/0`, value: entry}], 'json')
  }
}

/** The format in which container runtimes write logs: a last field F says that the line is whole. */
function criLines(lines: readonly LogLine[]): string {
  return lines.map(({time, stream = 'stdout', text}) => `${time} ${stream} F ${text}\n`).join('')
}
