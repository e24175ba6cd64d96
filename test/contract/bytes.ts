import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {createServer, type AddressInfo, type Socket} from 'node:net'

export const MIB = 1024 * 1024
// The fastest one that no accident can fool.
const CHECKSUM = 'sha1'
export const CHECKSUM_LENGTH = 40

/** What is asked of the server in the pod: `D` to be sent so many bytes, `U` to take so many and answer with their checksum, `E` for an echo. */
export function ask(kind: 'D' | 'U' | 'E', size = 0): Buffer {
  const head = Buffer.alloc(9)
  head.write(kind)
  head.writeBigUInt64LE(BigInt(size), 1)
  return head
}

/** Bytes of which every block differs, so that none can be lost, doubled or put in another place unseen. */
function* blocks(size: number): Generator<Buffer> {
  const model = randomBytes(MIB)
  for (let sent = 0, number = 0; sent < size; sent += MIB, number++) {
    const block = Buffer.from(model.subarray(0, Math.min(MIB, size - sent)))
    block.writeUInt32LE(number)
    yield block
  }
}

/** Sends so many bytes; their checksum. */
export async function send(socket: Socket, size: number): Promise<string> {
  const hash = createHash(CHECKSUM)
  for (const block of blocks(size)) {
    hash.update(block)
    if (!socket.write(block)) await once(socket, 'drain')
  }
  return hash.digest('hex')
}

/** The checksum of the next so many bytes. */
export async function take(socket: Socket, size: number): Promise<string> {
  const hash = createHash(CHECKSUM)
  let left = size
  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      hash.update(chunk)
      left -= chunk.length
      if (left <= 0) {
        socket.removeListener('data', onData)
        resolve(left === 0 ? hash.digest('hex') : 'too many bytes')
      }
    }
    socket.on('data', onData)
    socket.once('error', reject)
    socket.once('end', () => left > 0 && reject(new Error(`${left} bytes are missing`)))
  })
}

export interface ByteServer {
  readonly port: number
  /** Of what it sent last. */
  lastSent(): string
  close(): void
}

/** What stands in a pod: it does what the first nine bytes of a connection ask for. */
export async function startByteServer(): Promise<ByteServer> {
  let sent = ''
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (head: Buffer) => {
      const kind = String.fromCharCode(head[0] ?? 0)
      const size = Number(head.readBigUInt64LE(1))
      if (kind === 'E') {
        socket.write(head.subarray(9))
        socket.pipe(socket)
      } else if (kind === 'D') void send(socket, size).then((checksum) => (sent = checksum))
      else {
        socket.unshift(head.subarray(9))
        void take(socket, size).then((checksum) => socket.write(checksum))
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {port: (server.address() as AddressInfo).port, lastSent: () => sent, close: () => void server.close()}
}

export function checksumOf(bytes: Buffer): string {
  return createHash(CHECKSUM).update(bytes).digest('hex')
}
