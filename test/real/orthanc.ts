import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {ensurePackages} from './apt.ts'
import {dicomFile, type Patient} from './dicom-file.ts'
import {type RealPostgres, startPostgres} from './postgres.ts'
import {freePort, processesIn, type Progress, waitUntil} from './processes.ts'

/** An Orthanc of Debian's with the DICOMweb plugin, in a folder of its own, gone with it. */
export interface RealOrthanc {
  readonly port: number
  readonly dicomPort: number
  /** Stores one instance of a study of its own, with pixels of so many bytes. False where there is no room for it. */
  store(patient: Patient, bytes: number): Promise<boolean>
  /** An answer of its REST API, as JSON. Rejects for any status but 200. */
  ask(path: string): Promise<unknown>
  /** Sends what is stored to somebody who is not there; resolves when that job has failed. */
  failJob(): Promise<void>
  /** Its PostgreSQL is killed, where it has one. */
  loseDatabase(): Promise<void>
  stop(): Promise<void>
}

export interface OrthancUser {
  readonly name: string
  readonly password: string
  /** Paths that a filter in Lua keeps from this user. */
  readonly forbidden: readonly string[]
}

export interface OrthancOptions {
  /** Nobody named: everybody may come in. */
  readonly users: readonly OrthancUser[]
  /** What it is called. */
  readonly name: string
  readonly aet: string
  /** Title of the peer that `failJob` sends to. */
  readonly peer: string
  /** Where its database is: SQLite can't be taken away from it. */
  readonly database: 'sqlite' | 'postgresql'
  /** Of what is stored; 0 for no limit. What does not fit is refused, by versions that know no Reject only where it is of the one patient. */
  readonly limitMegabytes: number
}

const PROGRAM = '/usr/sbin/Orthanc'
const PLUGINS = '/usr/share/orthanc/plugins'
const DICOM_WEB = `${PLUGINS}/libOrthancDicomWeb.so`
const POSTGRESQL = `${PLUGINS}/libOrthancPostgreSQLIndex.so`
export const ORTHANC_PACKAGES = {orthanc: PROGRAM, 'orthanc-dicomweb': DICOM_WEB, 'orthanc-postgresql': POSTGRESQL}
/** Of Orthanc's own errors. */
const FULL_STORAGE = 19
/** By which the tests themselves come in. */
const OWNER = {name: 'owner', password: 'owner', forbidden: []}
const WAIT = {timeout: 20_000}

/** Starts one on free ports of loopback; installs what is missing on a Debian machine. */
export async function startOrthanc(options: OrthancOptions, progress: Progress = console.error): Promise<RealOrthanc> {
  await ensurePackages(ORTHANC_PACKAGES, progress)
  const postgres = options.database === 'postgresql' ? await startPostgres(progress) : null
  const dir = await mkdtemp(join(tmpdir(), 'sapoche-orthanc-'))
  await mkdir(join(dir, 'logs'))
  const [port, dicomPort, nobody] = [await freePort(), await freePort(), await freePort()]
  const {users, name, aet, peer, limitMegabytes} = options
  const filter = join(dir, 'filter.lua')
  await writeFile(filter, filterOf(users))
  const config = {
    Name: name,
    HttpPort: port,
    DicomPort: dicomPort,
    DicomAet: aet,
    DicomCheckCalledAet: true,
    DicomModalities: {peer: [peer, '127.0.0.1', nobody]},
    RemoteAccessAllowed: true,
    AuthenticationEnabled: users.length > 0,
    RegisteredUsers: Object.fromEntries([OWNER, ...users].map((user) => [user.name, user.password])),
    MaximumStorageSize: limitMegabytes,
    MaximumStorageMode: 'Reject',
    StorageDirectory: join(dir, 'storage'),
    IndexDirectory: join(dir, 'index'),
    LuaScripts: [filter],
    Plugins: [DICOM_WEB, ...(postgres === null ? [] : [POSTGRESQL])],
    DicomWeb: {Enable: true, Root: '/dicom-web/'},
    ...(postgres !== null && {PostgreSQL: settingsOf(postgres)}),
  }
  await writeFile(join(dir, 'orthanc.json'), JSON.stringify(config))
  const processes = processesIn(dir, progress, {removeFolder: true})
  const running = await processes.start('orthanc', PROGRAM, [join(dir, 'orthanc.json')])

  const send = async (path: string, init: {method?: string; body?: string | Uint8Array} = {}): Promise<Response> => {
    const authorization = `Basic ${Buffer.from(`${OWNER.name}:${OWNER.password}`).toString('base64')}`
    return await fetch(`http://127.0.0.1:${port}${path}`, {...init, headers: {authorization}, signal: AbortSignal.timeout(10_000)})
  }
  const ask = async (path: string, init = {}): Promise<unknown> => {
    const answer = await send(path, init)
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
    return await answer.json()
  }
  await waitUntil('Orthanc answers', async () => (await ask('/changes?last')) !== null, {...WAIT, needs: [running]})
  let stored = 0
  return {
    port,
    dicomPort,
    ask,
    async store(patient, bytes) {
      const answer = await send('/instances', {method: 'POST', body: dicomFile(++stored, patient, bytes)})
      if (answer.ok) return true
      // Old versions say so with 500 in the place of 507.
      const {OrthancStatus: status} = (await answer.json()) as {OrthancStatus?: number}
      if (status !== FULL_STORAGE) throw new Error(`/instances: ${answer.status}, its error ${status}`)
      return false
    },
    async failJob() {
      const instances = (await ask('/instances')) as string[]
      const order = {Resources: instances.slice(0, 1), Synchronous: false, Permissive: false}
      await ask('/modalities/peer/store', {method: 'POST', body: JSON.stringify(order)})
      const hasFailed = async (): Promise<boolean> =>
        ((await ask('/jobs?expand')) as {State: string}[]).some(({State}) => State === 'Failure')
      await waitUntil('the job has failed', hasFailed, WAIT)
    },
    async loseDatabase() {
      if (postgres === null) throw new Error('only a PostgreSQL can be taken away')
      await postgres.kill()
    },
    async stop() {
      await processes.stopAll()
      await postgres?.stop()
      await rm(dir, {recursive: true, force: true})
    },
  }
}

function settingsOf({port, user, database}: RealPostgres): object {
  return {
    EnableIndex: true,
    EnableStorage: false,
    Host: '127.0.0.1',
    Port: port,
    Database: database,
    Username: user,
    Password: '',
    // It says at once that the database is gone, in place of trying for a minute.
    MaximumConnectionRetries: 1,
    ConnectionRetryInterval: 1,
  }
}

function filterOf(users: readonly OrthancUser[]): string {
  const rules = users.flatMap(({name, forbidden}) =>
    forbidden.map((path) => `  if username == '${name}' and uri == '${path}' then return false end`),
  )
  return ['function IncomingHttpRequestFilter(method, uri, ip, username, headers)', ...rules, '  return true', 'end', ''].join('\n')
}
