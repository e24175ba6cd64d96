import {chmod, mkdtemp, readdir, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {type Progress, run} from './processes.ts'

/** Environment of every call of Go: what the user has set for proxies and caches stays, what would change the build does not. */
export function goEnvironment(): NodeJS.ProcessEnv {
  return {...process.env, GOFLAGS: '-buildvcs=false', GOWORK: 'off', GOTOOLCHAIN: 'local'}
}

/**
 * Path of a `go` that is at least `wanted` (as in go.mod: `1.26.4`). Takes an installed one that is new enough; any older one fetches the
 * wanted release through the module proxy; with none at all, Debian's is installed first. Throws with what to do where that can't be.
 */
export async function findGo(wanted: string, progress: Progress): Promise<string> {
  let installed = await installedGo()
  if (installed.length === 0) {
    await installWithApt(wanted, progress)
    installed = await installedGo()
  }
  const newEnough = installed.find(({version}) => compareVersions(version, wanted) >= 0)
  if (newEnough !== undefined) return newEnough.path
  const [any] = installed
  if (any === undefined) throw new Error(needed(wanted, 'it is not there after the installation'))
  progress(`go ${any.version} is older than ${wanted}: fetching go ${wanted} (about 70 MB)`)
  return fetchRelease(any.path, wanted)
}

/** `go1.26.8` etc. */
export async function goVersion(go: string): Promise<string> {
  const {stdout, code} = await run(go, ['env', 'GOVERSION'], {cwd: tmpdir(), env: goEnvironment()})
  if (code !== 0 || stdout.trim() === '') throw new Error(`${go} does not say its version`)
  return stdout.trim()
}

async function installedGo(): Promise<{path: string; version: string}[]> {
  const found: {path: string; version: string}[] = []
  for (const path of ['go', '/usr/local/go/bin/go', '/usr/lib/go/bin/go']) {
    const version = await goVersion(path).catch(() => null)
    if (version !== null) found.push({path, version: version.replace(/^go/, '')})
  }
  return found
}

async function installWithApt(wanted: string, progress: Progress): Promise<void> {
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  progress('go is not installed: trying apt-get install golang-go')
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'golang-go']]) {
    const [command = '', ...rest] = [...prefix, 'apt-get', ...args]
    const done = await run(command, rest, {env: {...process.env, DEBIAN_FRONTEND: 'noninteractive'}}).catch((error: Error) => ({
      stderr: error.message,
      code: 1,
    }))
    if (done.code !== 0) throw new Error(needed(wanted, `apt-get ${args[0]} failed: ${done.stderr.trim().split('\n').at(-1)}`))
  }
}

// Go's own releases are modules, which any older Go can download and check against the checksum database.
async function fetchRelease(go: string, wanted: string): Promise<string> {
  const {GOOS = '', GOARCH = ''} = await platform(go)
  const folder = await mkdtemp(join(tmpdir(), 'sapoche-go-'))
  try {
    const module = `golang.org/toolchain@v0.0.1-go${wanted}.${GOOS}-${GOARCH}`
    const done = await run(go, ['mod', 'download', '-json', module], {cwd: folder, env: goEnvironment()})
    if (done.code !== 0) throw new Error(needed(wanted, `it could not be fetched: ${(done.stdout + done.stderr).trim()}`))
    const {Dir: release} = JSON.parse(done.stdout) as {Dir: string}
    // Modules are stored without execute permission.
    for (const programs of [join(release, 'bin'), join(release, 'pkg', 'tool', `${GOOS}_${GOARCH}`)]) {
      for (const name of await readdir(programs)) await chmod(join(programs, name), 0o755)
    }
    return join(release, 'bin', 'go')
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

async function platform(go: string): Promise<{GOOS?: string; GOARCH?: string}> {
  const {stdout} = await run(go, ['env', '-json', 'GOOS', 'GOARCH'], {cwd: tmpdir(), env: goEnvironment()})
  return JSON.parse(stdout) as {GOOS?: string; GOARCH?: string}
}

function needed(wanted: string, why: string): string {
  return `the test servers are built with Go ${wanted} or newer, and ${why}.\nInstall it (https://go.dev/dl/, or any packaged Go: it fetches the rest) and put it on PATH.`
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(/[^0-9]+/).map(Number))
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
