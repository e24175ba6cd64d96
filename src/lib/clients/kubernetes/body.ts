import type {Readable} from 'node:stream'
import type {SapocheError} from '../../errors/index.ts'
import type {Exchange} from './connection.ts'
import type {Deadline} from './deadline.ts'
import type {ByteStream} from './types.ts'

/** The whole body as text, unpacked where it is gzip; of a body longer than `limit` bytes only the beginning. Rejects where it breaks off. */
export async function readText(exchange: Exchange, limit: number): Promise<string> {
  const bytes = await readBytes(exchange, limit)
  if (exchange.headers['content-encoding'] !== 'gzip') return bytes.toString('utf8')
  return (await gunzip(bytes)).toString('utf8')
}

function readBytes(exchange: Exchange, limit: number): Promise<Buffer> {
  const {body} = exchange
  const chunks: Buffer[] = []
  let length = 0
  return new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= limit) finish(body)
    })
    const finish = (readable: Readable) => {
      resolve(Buffer.concat(chunks))
      readable.destroy()
    }
    body.once('end', () => (exchange.isComplete() ? resolve(Buffer.concat(chunks)) : reject(new Error('closed before the end'))))
    body.on('error', reject)
    // http2 closes the body of a broken connection without an error, and without an end.
    body.once('close', () => reject(new Error('closed before the end')))
  })
}

async function gunzip(bytes: Buffer): Promise<Buffer> {
  const zlib = await import('node:zlib')
  return new Promise((resolve, reject) => zlib.gunzip(bytes, (error, plain) => (error === null ? resolve(plain) : reject(error))))
}

/** The body, read as slowly as its consumer wants. Where it breaks off, its consumer gets what `explain` makes of that. Ends `deadline`. */
export function bytesOf(exchange: Exchange, deadline: Deadline, explain: (error: unknown) => SapocheError): ByteStream {
  const {body} = exchange
  let isClosed = false
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* body as AsyncIterable<Buffer>
      if (!exchange.isComplete()) throw new Error('closed before the end')
    } catch (error) {
      if (!isClosed) throw explain(error)
    } finally {
      deadline.end()
    }
  }
  return {
    [Symbol.asyncIterator]: chunks,
    close() {
      isClosed = true
      deadline.end()
      body.destroy()
    },
  }
}
