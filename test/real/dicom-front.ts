import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'

/** A-ASSOCIATE-RJ, A-RELEASE-RP and A-ABORT (PS3.8, section 9.3). */
const LAST = new Set([0x03, 0x06, 0x07])

/**
 * A port in front of a DICOM server's, which hangs up when an association is over, as a kubelet does when its caller has hung up. kwok does
 * not: it waits for the end of both directions. Orthanc waits for its caller to hang up, in one of the four threads that it has for DICOM, and
 * after a rejection in the one that accepts.
 */
export async function startDicomFront(target: number): Promise<{readonly port: number; close(): Promise<void>}> {
  const sockets = new Set<Socket>()
  const server = createServer((caller) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [caller, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        caller.destroy()
        upstream.destroy()
      })
    }
    caller.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => {
      if (LAST.has(chunk[0] ?? 0)) caller.end(chunk)
      else caller.write(chunk)
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
