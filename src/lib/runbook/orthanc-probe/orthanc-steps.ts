import type {Answer, EchoAnswer, Failure, OrthancJob, OrthancStatistics, OrthancSystem} from '../../clients/orthanc/types.ts'
import {formatMemory} from '../../text/quantity.ts'
import {count} from '../../text/view.ts'
import {worst} from '../../workload/index.ts'
import {failureOf, isAlive, isKept, isOpen, mayAsk, valueOf} from './ask.ts'
import type {Asked, Finding, OrthancSight, ProbeOptions} from './types.ts'

/** Of the limit; beyond it is nearly full. */
const NEARLY = 0.9
/** Failed jobs are listed until newer ones take their place: older ones are history. */
const RECENT_MS = 3_600_000
/** DatabaseCannotSerialize: transactions collided, and the next one may not. */
const COLLISION = 42

/** How the service makes Orthanc reachable. */
export interface Exposure {
  readonly service: string
  /** Null where it is not known. */
  readonly type: string | null
  readonly nodePorts: readonly number[]
  /** The catalogue says that everybody may. */
  readonly anonymous: boolean
}

export interface OrthancRules extends ProbeOptions {
  readonly exposure: Exposure
  readonly now: number
}

/** A layer of one Orthanc; `ms` of the request that decided. */
export interface Layer extends Finding {
  readonly name: 'http' | 'authentication' | 'database' | 'storage' | 'dicom'
  readonly ms: number | null
}

const OK: Finding = {status: 'ok', reason: ''}
const skipped = (reason: string): Finding => ({status: 'skipped', reason})

/** The layers of one Orthanc, in their order; what a layer that fails carries is skipped. `why` says why it was not asked at all. Pure. */
export function orthancLayers(sight: OrthancSight, rules: OrthancRules, why: string | null): Layer[] {
  const {alive, system, database, statistics, echo} = sight
  const layer = (name: Layer['name'], finding: Finding, asked: Asked<{readonly ms: number}>): Layer => {
    const wasAsked = finding.status !== 'skipped' && asked?.answer !== undefined && asked.answer !== null
    return {name, ...finding, ms: wasAsked ? Math.round(asked.answer.ms) : null}
  }
  const http = why === null ? httpFinding(alive, valueOf(system)) : skipped(why)
  const needs = why ?? (isAlive(alive) ? null : 'needs http')
  const authentication = needs === null ? authenticationFinding(sight, rules) : skipped(needs)
  const data = needs ?? (mayAsk(sight) ? null : 'needs credentials')
  const databaseLayer = data === null ? databaseFinding(database) : skipped(data)
  const storage = (): Finding => {
    if (!rules.deep) return skipped('only with --deep')
    if (data !== null) return skipped(data)
    return statistics === null ? skipped('needs database') : storageFinding(sight, rules)
  }
  const dicom = rules.dicom ? (needs === null ? dicomFinding(sight) : skipped(needs)) : skipped('only with --dicom')
  return [
    layer('http', http, alive),
    layer('authentication', authentication, system),
    layer('database', databaseLayer, database),
    layer('storage', storage(), statistics),
    layer('dicom', dicom, echo),
  ]
}

function httpFinding(alive: Asked<Answer<true>>, system: OrthancSystem | null): Finding {
  const lost = lostFinding(alive)
  if (lost !== null) return lost
  const failure = failureOf(alive)
  if (failure === null || isKept(failure)) return {status: 'ok', reason: systemWords(system)}
  // Somebody else's login page, or a filter: that says nothing about Orthanc behind it.
  if (failure.kind === 'redirect' || isClientError(failure)) return {status: 'unknown', reason: failure.words}
  return {status: 'critical', reason: failure.words}
}

/** `Orthanc 1.12.9, read-only, database postgresql-index` */
function systemWords(system: OrthancSystem | null): string {
  if (system === null) return ''
  const {version, readOnly, databasePlugin, storagePlugin} = system
  return [
    version === null ? '' : `Orthanc ${version}`,
    readOnly === true ? 'read-only' : '',
    databasePlugin === null ? '' : `database ${databasePlugin}`,
    storagePlugin === null ? '' : `storage ${storagePlugin}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

/** Open to everybody is worst where everybody comes that far. */
function authenticationFinding(sight: OrthancSight, {exposure}: OrthancRules): Finding {
  const {who, system} = sight
  if (isOpen(sight)) return openFinding(exposure)
  if (who === null) {
    if (valueOf(system) !== null) return {status: 'ok', reason: 'studies are kept from who has no credentials'}
    const failure = failureOf(system)
    return isKept(failure) || failure === null
      ? {status: 'ok', reason: 'asks for credentials, and none were given'}
      : {status: 'unknown', reason: failure.words}
  }
  const lost = lostFinding(system)
  if (lost !== null) return lost
  const failure = failureOf(system)
  // What fails with a word of Orthanc's own (its database is gone, say) has come past the login.
  const isIn = failure === null || failure.kind === 'forbidden' || (failure.kind === 'error' && failure.orthancStatus !== null)
  return isIn ? {status: 'ok', reason: `lets in ${who}, and nobody without`} : {status: 'unknown', reason: failure.words}
}

function openFinding({service, type, nodePorts, anonymous}: Exposure): Finding {
  if (anonymous) return {status: 'ok', reason: 'answers without credentials, as the catalogue says'}
  if (type === null) return {status: 'warning', reason: 'answers without credentials; who can reach it is not known'}
  if (type !== 'NodePort' && type !== 'LoadBalancer') {
    return {status: 'ok', reason: `answers without credentials, within the cluster alone (${type})`}
  }
  const ports = nodePorts.length === 0 ? '' : ` ${nodePorts.join(', ')}`
  const whoever = type === 'NodePort' ? 'whoever reaches a node' : 'whoever reaches its address'
  const reason = `gives studies without credentials, and service ${service} is a ${type}${ports}: ${whoever} reads patients' data`
  return {status: 'critical', reason}
}

function databaseFinding(database: Asked<Answer<true>>): Finding {
  const lost = lostFinding(database)
  if (lost !== null) return lost
  const failure = failureOf(database)
  if (failure === null) return OK
  const reason = `/changes?last ${failure.words}`
  if (failure.kind === 'credentials') return skipped('needs credentials')
  if (failure.kind === 'forbidden') return {status: 'unknown', reason: notPermitted('/changes')}
  if (failure.orthancStatus === COLLISION) return {status: 'warning', reason}
  const isDead = failure.kind === 'silent' || failure.kind === 'broken' || (failure.kind === 'error' && !isClientError(failure))
  return {status: isDead ? 'critical' : 'unknown', reason}
}

/** The disk, and the jobs of this replica. */
function storageFinding({statistics, jobs, system}: OrthancSight, rules: OrthancRules): Finding {
  const findings = [diskFinding(statistics, valueOf(system)), jobsFinding(jobs, rules.now)]
  const severity = worst(findings.map(({status}) => (status === 'skipped' ? 'ok' : status)))
  return {
    status: severity === 'info' ? 'ok' : severity,
    reason: findings
      .map(({reason}) => reason)
      .filter((reason) => reason !== '')
      .join('; '),
  }
}

function diskFinding(statistics: Asked<Answer<OrthancStatistics>>, system: OrthancSystem | null): Finding {
  const lost = lostFinding(statistics)
  if (lost !== null) return lost
  const failure = failureOf(statistics)
  if (failure?.kind === 'forbidden') return {status: 'unknown', reason: notPermitted('/statistics')}
  if (failure !== null)
    return {status: failure.status === null || failure.status >= 500 ? 'critical' : 'unknown', reason: `/statistics ${failure.words}`}
  const {diskSize = null, instances = null} = valueOf(statistics) ?? {}
  const {maximumStorage: limit = null, maximumStorageMode: mode = null} = system ?? {}
  if (diskSize === null) return {status: 'unknown', reason: 'it does not say how much is stored'}
  const stored = formatMemory(diskSize)
  if (limit === null) return {status: 'ok', reason: `${stored} stored, and this version does not say of how much`}
  if (limit === 0) return {status: 'ok', reason: `${stored} stored, no limit`}
  const use = `${stored} of ${formatMemory(limit)} stored (${Math.floor((diskSize / limit) * 100)} %)`
  // It refuses what does not fit, and so never comes to its limit: full is where one more of the usual size has no room.
  const usual = instances === null || instances === 0 ? 0 : diskSize / instances
  const isFull = diskSize + usual >= limit
  if (mode === 'Reject') {
    if (isFull) return {status: 'critical', reason: `${use}: full, and it refuses new images (Reject, 507)`}
    if (diskSize > limit * NEARLY) return {status: 'warning', reason: `${use}: once it is full, it refuses new images (Reject, 507)`}
  } else if (diskSize > limit * NEARLY) {
    const name = mode === 'Recycle' ? 'Recycle' : 'Recycle, where nothing else is set'
    const reason = isFull
      ? `${use}: full, and it deletes the oldest patients silently (${name})`
      : `${use}: once it is full, it deletes the oldest patients silently (${name})`
    return {status: 'warning', reason}
  }
  return {status: 'ok', reason: mode === null ? use : `${use}, ${mode}`}
}

function jobsFinding(jobs: Asked<Answer<readonly OrthancJob[]>>, now: number): Finding {
  const lost = lostFinding(jobs)
  if (lost !== null) return lost
  const failure = failureOf(jobs)
  if (failure !== null) return {status: 'unknown', reason: failure.kind === 'forbidden' ? notPermitted('/jobs') : `/jobs ${failure.words}`}
  const all = valueOf(jobs) ?? []
  const failed = all.filter(({state}) => state === 'Failure')
  const recent = failed.filter(({completedAt}) => completedAt === null || now - completedAt < RECENT_MS)
  const retried = all.filter(({state}) => state === 'Retry').length
  if (recent.length > 0) return {status: 'warning', reason: `${count(recent.length, 'job')} failed in the last hour`}
  if (retried > 0) return {status: 'warning', reason: `${count(retried, 'job')} failed and is to be tried again`}
  return {status: 'ok', reason: failed.length === 0 ? '' : `${count(failed.length, 'job')} failed, over an hour ago`}
}

function dicomFinding({echo, echoPort, system}: OrthancSight): Finding {
  if (echo === null) return skipped('not asked')
  const found = echoFinding(echo, valueOf(system) !== null)
  if (found.status !== 'critical' || echoPort?.isGuessed !== true) return found
  return {status: 'unknown', reason: `${found.reason}; port ${echoPort.port} is a guess, for nothing says which one is DICOM's`}
}

function echoFinding(echo: NonNullable<Asked<EchoAnswer>>, isTitleKnown: boolean): Finding {
  if (echo.answer === null) return lostFinding(echo) ?? OK
  const {kind, words} = echo.answer
  if (kind === 'echoed') return {status: 'ok', reason: 'C-ECHO'}
  // Who rejects a title that we have guessed speaks DICOM as well as it should.
  if (kind === 'rejected' && !isTitleKnown && /called AE title/.test(words)) {
    return {status: 'ok', reason: `${words}; its own is not known without credentials`}
  }
  // A speaker that does not want us may well want its modalities, and one that wants TLS speaks.
  return {status: kind === 'tls' ? 'unknown' : kind === 'rejected' ? 'warning' : 'critical', reason: words}
}

/** Nothing listens: that is the answer. The way is lost: nothing is known. Null where it is neither. */
function lostFinding(asked: Asked<unknown>): Finding | null {
  if (asked === null || asked.lost === null) return null
  return {status: asked.lost.isDead ? 'critical' : 'unknown', reason: asked.lost.error.message}
}

function isClientError({kind, status}: Failure): boolean {
  return kind === 'error' && status !== null && status < 500
}

function notPermitted(route: string): string {
  return `${route} is not permitted for this user`
}
