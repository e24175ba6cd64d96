import type {OutgoingHttpHeaders} from 'node:http'
import type {Socket} from 'node:net'
import {WebSocket} from 'ws'
import {interruption} from './errors.ts'
import type {SapocheError} from '../../errors/index.ts'

/** Of an answer that refuses the WebSocket only its beginning is read. */
const REFUSAL_LIMIT = 64 * 1024

/**
 * Opens a WebSocket over `socket`, which is connected (and speaks TLS where the server does). It is paused, so that nothing is lost until its owner listens.
 * Rejects with what `refused` makes of an HTTP answer, the raw error of the network, or the signal's reason; the socket is gone then.
 */
export function openWebSocket(
  socket: Socket,
  url: string,
  protocols: readonly string[],
  headers: OutgoingHttpHeaders,
  refused: (status: number, contentType: string, text: string) => SapocheError,
  signal: AbortSignal,
): Promise<WebSocket> {
  const webSocket = new WebSocket(url, [...protocols], {
    createConnection: () => socket.ref(),
    headers: headers as Record<string, string>,
    perMessageDeflate: false,
  })
  // The owner of an open socket hears of its end by `close`; an error without a listener would end the program.
  webSocket.on('error', () => {})
  return new Promise<WebSocket>((resolve, reject) => {
    const onAbort = () => {
      reject(interruption(signal))
      webSocket.terminate()
      socket.destroy()
    }
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, {once: true})
    const settle =
      <T>(then: (value: T) => void) =>
      (value: T) => {
        signal.removeEventListener('abort', onAbort)
        then(value)
      }
    const onOpen = settle<void>(() => {
      // The first frames often come in one packet with the answer, before its owner listens.
      webSocket.pause()
      resolve(webSocket)
    })
    webSocket.once('open', onOpen)
    webSocket.once('error', settle(reject))
    webSocket.once('unexpected-response', (_, answer) => {
      let text = ''
      const finish = () => {
        reject(refused(answer.statusCode ?? 0, answer.headers['content-type'] ?? '', text))
        webSocket.terminate()
        socket.destroy()
      }
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
        if (text.length > REFUSAL_LIMIT) finish()
      })
      answer.once('close', finish)
    })
  })
}
