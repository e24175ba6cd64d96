import {readFile} from 'node:fs/promises'
import type {Socket} from 'node:net'

/** How long a client may leave what it was sent unread before its connection is reset all the same. */
const PATIENCE = 2000
/** Where there is no table of connections to look into (not Linux). */
const PAUSE = 100

/**
 * Resets a connection on loopback once the other side has read all that was sent to it: a reset makes the system throw away what is
 * still unread, so that without this a client would see less than it was sent, or nothing.
 */
export async function resetWhenRead(socket: Socket): Promise<void> {
  const limit = performance.now() + PATIENCE
  while (!socket.destroyed && performance.now() < limit) {
    const table = await readFile('/proc/net/tcp', 'utf8').catch(() => null)
    if (table !== null && unread(table, socket) === 0) break
    await new Promise((resolve) => setTimeout(resolve, table === null ? PAUSE : 1))
    if (table === null) break
  }
  socket.resetAndDestroy()
}

// Bytes waiting in the queues of both ends of the connection. A line: `0: 0100007F:1F90 0100007F:A2C4 01 TX:RX ...`, in hexadecimal.
function unread(table: string, {localPort = 0, remotePort = 0}: Socket): number {
  const ends = [`${hex(localPort)} ${hex(remotePort)}`, `${hex(remotePort)} ${hex(localPort)}`]
  let bytes = 0
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', , queues = ''] = line.trim().split(/\s+/)
    if (!ends.includes(`${local.split(':')[1]} ${remote.split(':')[1]}`)) continue
    for (const queue of queues.split(':')) bytes += Number.parseInt(queue, 16)
  }
  return bytes
}

function hex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0')
}
