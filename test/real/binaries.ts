import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {mkdir, mkdtemp, readdir, readFile, rename, rm, stat, unlink, writeFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {findGo, goEnvironment, goVersion} from './go-toolchain.ts'
import {lastLines, orAbort, processesIn, type Progress, run, type Running} from './processes.ts'

const MODULE = join(import.meta.dirname, 'go')

/** Program and the package it is built from; Go names a program after the last part that is no version. */
const PROGRAMS = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
  kubectl: 'k8s.io/kubernetes/cmd/kubectl',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
  'metrics-server': 'sigs.k8s.io/metrics-server/cmd/metrics-server',
  stern: 'github.com/stern/stern',
} as const

export type Program = keyof typeof PROGRAMS

/** What of kwok's own manifests is needed: resource definitions, the life of a node, the metrics of a node. */
const KWOK_MANIFESTS = [
  'crd/bases',
  'stage/node/fast/node-initialize.yaml',
  'stage/node/heartbeat/node-heartbeat.yaml',
  'metrics/resource/metrics-resource.yaml',
]

/** The folder of the built programs. */
export interface Binaries {
  readonly folder: string
  path(program: Program): string
  /** kwok's own manifests, one YAML file of many documents. */
  readonly kwokManifests: string
}

/** The programs in a folder that `ensureBinaries` has made. */
export function binariesIn(folder: string): Binaries {
  return {folder, path: (program) => join(folder, program), kwokManifests: join(folder, 'kwok-manifests.yaml')}
}

/**
 * Builds the servers and their tools from the Go modules that `go/go.mod` pins, once: they are kept in
 * `${XDG_CACHE_HOME:-~/.cache}/sapoche-test/HASH`, by the hash of go.mod, go.sum, flags and Go's version.
 * About six minutes on two cores the first time. A run that finds another one building waits for it.
 */
export async function ensureBinaries(progress: Progress, signal?: AbortSignal): Promise<Binaries> {
  const goMod = await readFile(join(MODULE, 'go.mod'), 'utf8')
  const go = await findGo(versionIn(goMod, /^go (\S+)$/m), progress)
  const flags = ['-ldflags', linkerFlags(versionIn(goMod, /^\s*k8s\.io\/kubernetes v(\S+)/m))]
  const hash = createHash('sha256')
  const content = JSON.stringify([flags, PROGRAMS, KWOK_MANIFESTS])
  for (const part of [goMod, await readFile(join(MODULE, 'go.sum'), 'utf8'), content, await goVersion(go)]) hash.update(`${part}\0`)

  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sapoche-test')
  const folder = join(cache, hash.digest('hex').slice(0, 16))
  await mkdir(cache, {recursive: true})
  const unlock = await lock(`${folder}.lock`, () => exists(folder), progress, signal)
  try {
    if (!(await exists(folder))) await build(go, flags, folder, progress, signal)
  } finally {
    await unlock()
  }
  return binariesIn(folder)
}

// Into a folder beside the wanted one, which then gets its name in one step: nobody ever sees half a build.
async function build(go: string, flags: readonly string[], folder: string, progress: Progress, signal?: AbortSignal): Promise<void> {
  const began = performance.now()
  const workshop = await mkdtemp(`${folder}.unfinished-`)
  const [result, temporary] = [join(workshop, 'result'), join(workshop, 'temporary')]
  for (const name of [result, temporary, join(workshop, 'logs')]) await mkdir(name)
  const processes = processesIn(workshop, progress, {removeFolder: true})
  progress('building the test servers: about 6 minutes on two cores the first time, seconds when Go has them in its own cache')
  try {
    const args = ['build', '-v', '-o', `${result}/`, ...flags, ...Object.values(PROGRAMS)]
    const env = {...goEnvironment(), GOTMPDIR: temporary}
    const building = await processes.start('go-build', go, args, {cwd: MODULE, env})
    const ticker = setInterval(() => progress(stateOf(building, began)), 20_000)
    const how = await orAbort(signal, building.ended).finally(() => clearInterval(ticker))
    if (how !== 'exit code 0') throw new Error(`the test servers could not be built\n${lastLines(building.logFile)}`)
    await rename(join(result, 'server'), join(result, 'etcd'))
    await writeFile(binariesIn(result).kwokManifests, await kwokManifests(go))
    await rename(result, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error
    })
    progress(`built the test servers in ${seconds(began)} s: ${folder}`)
  } finally {
    await processes.stopAll()
    await rm(workshop, {recursive: true, force: true, maxRetries: 3})
  }
}

function stateOf(building: Running, began: number): string {
  const lines = readFileSync(building.logFile, 'utf8').split('\n')
  const downloaded = lines.filter((line) => line.startsWith('go: downloading')).length
  return `building for ${seconds(began)} s: ${downloaded} modules downloaded, ${lines.length - 1 - downloaded} packages compiled`
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 1000)
}

async function kwokManifests(go: string): Promise<string> {
  const kwok = await run(go, ['list', '-m', '-f', '{{.Dir}}', 'sigs.k8s.io/kwok'], {cwd: MODULE, env: goEnvironment()})
  const documents: string[] = []
  for (const name of KWOK_MANIFESTS) {
    const path = join(kwok.stdout.trim(), 'kustomize', name)
    const files = name.endsWith('.yaml') ? [path] : (await readdir(path)).map((file) => join(path, file))
    for (const file of files) documents.push(await readFile(file, 'utf8'))
  }
  return documents.join('\n---\n')
}

/**
 * Holds a lock file with our process id while we build. The lock only spares work: two that build at once do no harm to each other.
 * Gives up waiting when `done` says that there is nothing left to do, and takes over from a process that is no more.
 */
async function lock(file: string, done: () => Promise<boolean>, progress: Progress, signal?: AbortSignal): Promise<() => Promise<void>> {
  for (let told = false; ;) {
    signal?.throwIfAborted()
    if (await done()) return async () => undefined
    try {
      await writeFile(file, `${process.pid}`, {flag: 'wx'})
      return () => unlink(file).catch(() => undefined)
    } catch {
      const owner = Number(await readFile(file, 'utf8').catch(() => ''))
      if (owner > 0 && !isAlive(owner)) await unlink(file).catch(() => undefined)
      else if (!told) progress(`another run (process ${owner}) is building the test servers: waiting for it`)
      told = true
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

// Without a version kubectl and the API server call themselves v0.0.0, and `kubectl version` fails.
function linkerFlags(version: string): string {
  const [major, minor] = version.split('.')
  const set = Object.entries({gitVersion: `v${version}`, gitMajor: major, gitMinor: minor})
  return ['-s', '-w', ...set.map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)].join(' ')
}

function versionIn(goMod: string, pattern: RegExp): string {
  const version = pattern.exec(goMod)?.[1]
  if (version === undefined) throw new Error(`go.mod has no line ${pattern}`)
  return version
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
