import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {connect} from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {pipeline} from 'node:stream'
import {type Sandbox, startSandbox} from '../../src/lib/sandbox/index.ts'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {run, type Run, type RunOptions} from '../package/program.ts'
import {connectApi, type Api} from '../real/api.ts'
import type {Cluster} from '../real/cluster-handle.ts'
import {givePort} from '../real/containers.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {createUser} from '../real/users.ts'

/** A permission, as in a Role. */
export interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
}

/** Who, besides the administrator, the suites come as. Rules for resources without a namespace stand apart. */
export interface Person {
  readonly name: string
  readonly rules: readonly Rule[]
  readonly clusterRules: readonly Rule[]
}

/** A cluster that a suite runs on: the embedded one or a real control plane. Suites don't ask which, but where a real one alone can do a thing. */
export interface Target {
  readonly kind: 'sandbox' | 'real'
  readonly server: string
  /** PEM. */
  readonly ca: string
  readonly kubeconfig: string
  /** As the administrator, sharing nothing with the client under test. */
  readonly api: Api
  /** A folder for files of the run. */
  readonly folder: string
  /** The built program on this cluster. */
  sapoche(args: readonly string[], options?: RunOptions): Promise<Run>
  /** The kubeconfig of one of `people`. */
  kubeconfigOf(person: Person): Promise<string>
  close(): Promise<void>
}

/** A cluster in whose pods servers may listen. */
export interface ServersTarget extends Target {
  /** From now on, or soon, whatever listens on `port` of loopback is behind `containerPort` of every pod. */
  openPort(containerPort: number, port: number): Promise<void>
}

/** The embedded cluster with the runbook's baseline, or as another scenario left it, over real HTTPS. */
export async function sandboxTarget(
  people: readonly Person[] = [],
  scenario = 'baseline',
): Promise<ServersTarget & {readonly sandbox: Sandbox}> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-contract-'))
  const users = people.map((person, index) => ({
    name: person.name,
    token: `token-${index}`,
    rules: [...person.rules, ...person.clusterRules],
  }))
  const sandbox = await startSandbox({scenario, catalogue: builtinCatalogue, now: Date.now, users})
  const access = {server: sandbox.url, ca: sandbox.caPem}
  const kubeconfig = await writeKubeconfig(path.join(folder, 'kubeconfig'), {...access, token: sandbox.token})
  const api = connectApi({...access, token: sandbox.token})
  return {
    kind: 'sandbox',
    sandbox,
    ...access,
    kubeconfig,
    api,
    folder,
    sapoche: (args, options) => run(args, {...options, env: {KUBECONFIG: kubeconfig, ...options?.env}}),
    kubeconfigOf: (person) => {
      const token = users[people.indexOf(person)]?.token
      if (token === undefined) throw new Error(`${person.name} was not announced to the sandbox`)
      return writeKubeconfig(path.join(folder, `kubeconfig-${person.name}`), {...access, token})
    },
    async openPort(containerPort, port) {
      sandbox.servePort({port: containerPort}, (stream) => {
        pipeline(stream, connect(port, '127.0.0.1'), stream, () => {})
      })
    },
    async close() {
      api.close()
      await sandbox.close()
      await rm(folder, {recursive: true, force: true})
    },
  }
}

/** The control plane that `npm run test:real` has started. */
export async function realTarget(cluster: Cluster): Promise<ServersTarget> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-contract-'))
  const {server, ca, kubeconfig, api} = cluster
  return {
    kind: 'real',
    server,
    ca,
    kubeconfig,
    api,
    folder,
    sapoche: (args, options) => run(args, {...options, env: {KUBECONFIG: kubeconfig, ...options?.env}}),
    kubeconfigOf: async ({rules, clusterRules}) =>
      (await createUser(cluster, {rules: rules.map(mutable), clusterRules: clusterRules.map(mutable)})).kubeconfig,
    openPort: (containerPort, port) => givePort(cluster, {}, containerPort, port),
    close: () => rm(folder, {recursive: true, force: true}),
  }
}

function mutable({apiGroups, resources, verbs}: Rule): {apiGroups: string[]; resources: string[]; verbs: string[]} {
  return {apiGroups: [...apiGroups], resources: [...resources], verbs: [...verbs]}
}

/** A file below the target's folder. */
export async function writeFileFor(target: Target, name: string, text: string): Promise<string> {
  const file = path.join(target.folder, name)
  await writeFile(file, text)
  return file
}
