import {once} from 'node:events'
import {createServer as createHttpServer, type RequestListener} from 'node:http'
import {type AddressInfo, createServer, type Server, type Socket} from 'node:net'
import {serveDicom} from '../../src/lib/sandbox/dicom-server.ts'
import {HEALTHY} from '../../src/lib/sandbox/orthanc.ts'
import {orthancListener, type OrthancState} from '../../src/lib/sandbox/orthanc-server.ts'
import {viewerListener} from '../../src/lib/sandbox/web-server.ts'
import {ensurePackages} from '../real/apt.ts'
import {startDicomFront} from '../real/dicom-front.ts'
import {pass} from '../real/http-front.ts'
import {NGINX_PACKAGES, startNginx} from '../real/nginx.ts'
import {ORTHANC_PACKAGES, type OrthancUser, startOrthanc} from '../real/orthanc.ts'
import {POSTGRES_PACKAGES} from '../real/postgres.ts'

/** What of a patient is in an Orthanc of the suites, in all its places: no command may ever show it. */
export const MARKER = /mustermann|MM-4711/i
const PATIENT = {name: 'Mustermann^Erika', id: 'MM-4711'}
const NAME = 'Mustermann'
const AET = 'ORTHANC'
const MEGABYTE = 1024 * 1024

export interface OrthancCaseOptions {
  /** Nobody named: everybody may come in. */
  readonly users: readonly OrthancUser[]
  /** Whether its database may be taken away. */
  readonly isLosable?: boolean
  /** Its title, the only one that it answers to; ORTHANC unless told. */
  readonly aet?: string
  /** Of what is stored; none unless told. */
  readonly limitMegabytes?: number
}

/** An Orthanc on loopback with a patient in it, and a hand on it. */
export interface OrthancCase {
  readonly port: number
  /** Where DICOM is reached, and what it says of that itself: a port of its container. */
  readonly dicom: number
  readonly dicomPort: number
  loseDatabase(): Promise<void>
  /** A job fails; what is known of it names the patient. */
  failJob(): Promise<void>
  /** Stores until no more fits; what `/system` would say of the limit, where this version says nothing. */
  fill(): Promise<Readonly<Record<string, unknown>>>
  stop(): Promise<void>
}

/** The viewer's web server on loopback: `/dicom-web` is passed on to a port. Without a configuration the page is the answer to that too. */
export interface ViewerCase {
  readonly port: number
  stop(): Promise<void>
}

/** What servers the suites are run with. */
export interface OrthancServers {
  /** Installs what is missing. */
  prepare(): Promise<void>
  startOrthanc(options: OrthancCaseOptions): Promise<OrthancCase>
  startViewer(options: {readonly appConfig: string | null; readonly orthanc: number}): Promise<ViewerCase>
}

const PAGE = '<!DOCTYPE html>\n<html><head><title>OHIF Viewer</title></head></html>\n'

/** Debian's Orthanc and nginx. The Orthanc of Debian 12 says nothing of its limit. */
export const realServers: OrthancServers = {
  prepare: () => ensurePackages({...ORTHANC_PACKAGES, ...POSTGRES_PACKAGES, ...NGINX_PACKAGES}, console.error),
  async startOrthanc({users, isLosable = false, aet = AET, limitMegabytes = 0}) {
    const database = isLosable ? 'postgresql' : 'sqlite'
    const orthanc = await startOrthanc({users, name: NAME, aet, peer: NAME.toUpperCase(), database, limitMegabytes})
    await orthanc.store(PATIENT, 1000)
    const dicom = await startDicomFront(orthanc.dicomPort)
    return {
      ...orthanc,
      dicom: dicom.port,
      async stop() {
        await dicom.close()
        await orthanc.stop()
      },
      async fill() {
        for (let left = 2 * limitMegabytes; left > 0 && (await orthanc.store(PATIENT, 0.6 * MEGABYTE)); left--);
        const system = (await orthanc.ask('/system')) as object
        return 'MaximumStorageMode' in system ? {} : {MaximumStorageSize: limitMegabytes, MaximumStorageMode: 'Reject'}
      },
    }
  },
  startViewer: ({appConfig, orthanc}) =>
    startNginx({
      files: {'index.html': PAGE, ...(appConfig !== null && {'app-config.js': appConfig})},
      passOn: {path: '/dicom-web', port: orthanc},
    }),
}

/** The sandbox's. */
export const sandboxServers: OrthancServers = {
  prepare: async () => {},
  async startOrthanc({users, aet = AET, limitMegabytes = 0}) {
    let state: OrthancState = {
      ...HEALTHY,
      users,
      aet,
      name: NAME,
      patient: PATIENT,
      diskSize: 1000,
      maximumStorageSize: limitMegabytes,
    }
    const http = await listen(createHttpServer(orthancListener({state: () => state, now: Date.now})))
    const dicom = await listen(createServer((socket) => serveDicom(socket, {aet, checksCalled: true})))
    const become = async (change: Partial<OrthancState>): Promise<void> => void (state = {...state, ...change})
    await become({dicomPort: dicom.port})
    return {
      port: http.port,
      dicom: dicom.port,
      dicomPort: dicom.port,
      loseDatabase: () => become({isDatabaseUp: false}),
      failJob: () => become({failedJobs: 1}),
      async fill() {
        await become({diskSize: limitMegabytes * MEGABYTE})
        return {}
      },
      async stop() {
        await http.stop()
        await dicom.stop()
      },
    }
  },
  async startViewer({appConfig, orthanc}) {
    const passOn: RequestListener = (request, response) => pass(request, response, orthanc)
    return await listen(createHttpServer(viewerListener({config: () => appConfig, passOn})))
  },
}

async function listen(server: Server): Promise<ViewerCase> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
