import {once} from 'node:events'
import {createServer, type RequestListener} from 'node:http'
import {createServer as createSecureServer} from 'node:https'
import {createServer as createSocketServer, type AddressInfo, type Server, type Socket} from 'node:net'
import {onTestFinished} from 'vitest'
import {selfSigned} from '../../../src/lib/sandbox/certificate.ts'
import {directNetwork, type OrthancAccess} from '../../../src/lib/clients/reach/index.ts'

export const PATIENT = new AbortController().signal

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A web server on loopback, until the test ends. */
export async function web(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  onTestFinished(() => server.closeAllConnections())
  onTestFinished(() => void server.close())
  return await listening(server)
}

/** As `web`, over TLS, with a certificate for `localhost` that it signed itself. */
export async function secureWeb(listener: RequestListener): Promise<{readonly port: number; readonly ca: string}> {
  const {key, cert} = selfSigned()
  const server = createSecureServer({key, cert}, listener)
  onTestFinished(() => server.closeAllConnections())
  onTestFinished(() => void server.close())
  return {port: await listening(server), ca: cert}
}

/** Anything else that listens; its connections end with the test. */
export async function raw(serve: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createSocketServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return await listening(server)
}

/** A port where nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createSocketServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

export function accessTo(port: number, more: Partial<OrthancAccess> = {}): OrthancAccess {
  return {
    server: 'Orthanc',
    addresses: [{host: '127.0.0.1', port}],
    network: directNetwork,
    tls: null,
    credentials: {username: 'ops', password: 'pässword', source: 'SAPOCHE_ORTHANC_PASSWORD'},
    path: '',
    ...more,
  }
}

/** A clock that goes on by 7 ms each time it is read. */
export function tickingClock(): () => number {
  let time = 0
  return () => (time += 7)
}
