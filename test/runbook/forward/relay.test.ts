import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {connect, createServer, type AddressInfo, type Socket} from 'node:net'
import {Duplex} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {onTestFinished, describe, expect, test, vi} from 'vitest'
import {relay} from '../../../src/lib/runbook/forward/relay.ts'

const TIMES = {unanswered: 30_000, answered: 1000, leaving: 5000}

/** A tunnel in memory: what is written to it is `sent`, `answer` is what comes out; `end` closes both directions. */
class Tunnel extends Duplex {
  readonly sent: Buffer[] = []

  constructor() {
    super({allowHalfOpen: false})
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.sent.push(chunk)
    this.emit('sent')
    done()
  }

  override _final(done: () => void): void {
    this.push(null)
    done()
  }
}

/** A client, its connection as the server has it, and what came of the relay. */
async function joined() {
  const server = createServer({allowHalfOpen: true, pauseOnConnect: true})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect({port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true})
  const [local] = (await once(server, 'connection')) as [Socket]
  const tunnel = new Tunnel()
  const over = relay(local, tunnel, TIMES)
  onTestFinished(() => {
    client.destroy()
    local.destroy()
    server.close()
  })
  return {client, local, tunnel, over}
}

const text = (tunnel: Tunnel): string => Buffer.concat(tunnel.sent).toString()

describe('relay', () => {
  test('carries both ways, and ends with the remote', async () => {
    const {client, tunnel, over} = await joined()
    client.write('question')
    await once(tunnel, 'sent')
    tunnel.push('answer')
    tunnel.push(null)
    expect(String(await buffer(client))).toBe('answer')
    client.end()
    expect(await over).toBe(null)
    expect(text(tunnel)).toBe('question')
  })

  test('all of an answer arrives, though the client reads slowly and the remote has gone', async () => {
    const {client, tunnel} = await joined()
    const answer = randomBytes(8 * 1024 * 1024)
    for (let at = 0; at < answer.length; at += 65_536) tunnel.push(answer.subarray(at, at + 65_536))
    tunnel.push(null)
    await new Promise(setImmediate)
    expect((await buffer(client)).equals(answer)).toBe(true)
  })

  test('a tunnel that is lost resets the client, in the middle of an answer', async () => {
    const {client, tunnel, over} = await joined()
    client.on('data', () => {})
    tunnel.push('half an ans')
    await once(client, 'data')
    let ended = false
    client.once('end', () => (ended = true))
    tunnel.destroy(new Error('the connection was lost'))
    const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(ended).toBe(false)
    expect((await over)?.message).toBe('the connection was lost')
  })

  test('a client that goes away ends the tunnel, without trouble', async () => {
    const {client, tunnel, over} = await joined()
    client.resetAndDestroy()
    expect(await over).toBe(null)
    expect(tunnel.destroyed).toBe(true)
  })

  describe('a client that closes its sending side alone', () => {
    async function half(words: string, answer: string | null) {
      vi.useFakeTimers({toFake: ['setTimeout', 'clearTimeout']})
      onTestFinished(() => void vi.useRealTimers())
      const {client, local, tunnel, over} = await joined()
      client.on('error', () => {}).on('data', () => {})
      client.write(words)
      await once(tunnel, 'sent')
      if (answer !== null) {
        tunnel.push(answer)
        await once(client, 'data')
      }
      client.end()
      await once(local, 'end')
      return {client, tunnel, over}
    }

    test('before its answer is waited for, long', async () => {
      const {client, tunnel} = await half('question', null)
      vi.advanceTimersByTime(29_999)
      expect(tunnel.destroyed || tunnel.writableEnded).toBe(false)
      tunnel.push('late answer')
      const [chunk] = (await once(client, 'data')) as [Buffer]
      expect(String(chunk)).toBe('late answer')
    })

    test('and gets no answer is reset', async () => {
      const {client, over} = await half('question', null)
      const reset = new Promise((resolve) => client.once('close', resolve))
      vi.advanceTimersByTime(30_000)
      expect((await over)?.message).toBe('the client has closed its sending side, and no answer came')
      await reset
    })

    test('after its answer is done soon, in order', async () => {
      const {client, tunnel, over} = await half('question', 'answer')
      vi.advanceTimersByTime(999)
      expect(tunnel.writableEnded).toBe(false)
      const ended = once(client, 'end')
      vi.advanceTimersByTime(1)
      expect(tunnel.writableEnded).toBe(true)
      await ended
      expect(await over).toBe(null)
    })

    test('keeps the tunnel while answers go on', async () => {
      const {client, tunnel} = await half('question', 'first')
      for (let round = 0; round < 3; round++) {
        vi.advanceTimersByTime(900)
        tunnel.push('more')
        await once(client, 'data')
      }
      expect(tunnel.writableEnded).toBe(false)
    })
  })
})
