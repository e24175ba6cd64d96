import type {Answer, Failure, OrthancReader, OrthancSystem} from '../../clients/orthanc/types.ts'
import {AccessDeniedError, ServerDownError} from '../../clients/reach/errors.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import type {Asked, DicomPort, Member, OrthancSight, ProbeOptions} from './types.ts'

/** Orthanc's port for DICOM by default. */
const DICOM_PORT = 4242
/** What we call ourselves, and Orthanc, where it does not say what it is called. */
const [CALLING, CALLED] = ['SAPOCHE', 'ORTHANC'] as const

/** One question. Rejects when interrupted, and with nothing else of ours. */
export async function ask<T>(call: () => Promise<T>): Promise<NonNullable<Asked<T>>> {
  try {
    return {answer: await call(), lost: null}
  } catch (error) {
    if (!(error instanceof SapocheError) || error instanceof InterruptedError) throw error
    return {answer: null, lost: {isDead: error instanceof ServerDownError, error}}
  }
}

export interface Target {
  readonly name: string
  /** Null for a URL. */
  readonly member: Member | null
}

/** Layer by layer, as far as one carries the next. Rejects with an AccessDeniedError (77) where the credentials are wrong. */
export async function askOrthanc(reader: OrthancReader, target: Target, options: ProbeOptions, signal: AbortSignal): Promise<OrthancSight> {
  const {who} = reader
  const sight = {target: target.name, who, ...NOTHING_ASKED, alive: await ask(() => reader.alive('nobody', signal))}
  if (!isAlive(sight.alive)) return sight
  // What is open to everybody shows only without credentials, whoever has some.
  const open = await ask(() => reader.studies('nobody', signal))
  const system = await ask(() => reader.system('user', signal))
  if (who !== null && failureOf(system)?.kind === 'credentials') throw refused(reader.where, who)
  const isTold = valueOf(open) !== null || isKept(failureOf(open))
  const openSystem = isTold || who === null ? null : await ask(() => reader.system('nobody', signal))
  const facts = valueOf(system)
  const echoPort = options.dicom ? dicomPort(facts, target.member) : null
  const called = facts?.dicomAet ?? CALLED
  const echo = echoPort === null ? null : await ask(() => reader.echo({port: echoPort.port, called, calling: CALLING}, signal))
  const known = {...sight, open, system, openSystem, echo, echoPort}
  if (!mayAsk(known)) return known
  const database = await ask(() => reader.database('user', signal))
  // A filter may keep one route from a user, and not the next.
  const isUp = valueOf(database) !== null || failureOf(database)?.kind === 'forbidden'
  if (!options.deep || !isUp) return {...known, database}
  const statistics = await ask(() => reader.statistics('user', signal))
  return {...known, database, statistics, jobs: await ask(() => reader.jobs('user', signal))}
}

/** As Orthanc says; else as its pod does, by the name of a port, or because it has one more than HTTP needs; else the usual one. */
function dicomPort(system: OrthancSystem | null, member: Member | null): DicomPort {
  const said = system?.dicomPort ?? member?.pod.endpoint.ports.get('dicom')
  if (said !== undefined) return {port: said, isGuessed: false}
  const [only = DICOM_PORT, ...more] = member?.pod.declaredPorts.filter((port) => port !== member.port) ?? []
  return {port: more.length === 0 ? only : DICOM_PORT, isGuessed: true}
}

const NOTHING_ASKED = {
  alive: null,
  open: null,
  system: null,
  openSystem: null,
  database: null,
  statistics: null,
  jobs: null,
  echo: null,
  echoPort: null,
}

/** Of an Orthanc that can't be asked. */
export function unasked(target: string): OrthancSight {
  return {target, who: null, ...NOTHING_ASKED}
}

/** Whether HTTP is answered as an Orthanc does, if only to refuse. */
export function isAlive(alive: Asked<Answer<true>>): boolean {
  return valueOf(alive) !== null || isKept(failureOf(alive))
}

/** Whether patients' data is there for everybody who asks. */
export function isOpen({open, system, openSystem, who}: OrthancSight): boolean {
  if (isKept(failureOf(open))) return false
  return valueOf(open) !== null || valueOf(who === null ? system : openSystem) !== null
}

/** Whether there is anything to be learned without (more) credentials. */
export function mayAsk(sight: OrthancSight): boolean {
  return sight.who !== null || valueOf(sight.system) !== null || isOpen(sight)
}

/** Refused to this asker. */
export function isKept(failure: Failure | null): boolean {
  return failure?.kind === 'credentials' || failure?.kind === 'forbidden'
}

export function valueOf<T>(asked: Asked<Answer<T>>): T | null {
  return asked?.answer?.value ?? null
}

export function failureOf(asked: Asked<Answer<unknown>>): Failure | null {
  return asked?.answer?.failure ?? null
}

function refused(where: string, who: string): AccessDeniedError {
  return new AccessDeniedError(`${where} refuses ${who}`, {
    hints: [{label: 'cure', text: "SAPOCHE_ORTHANC_USERNAME and SAPOCHE_ORTHANC_PASSWORD, or --read-secrets for the workload's own"}],
  })
}
