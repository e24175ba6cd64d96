import {EventEmitter} from 'node:events'
import type {ClientRequest} from 'node:http'
import type {Socket} from 'node:net'
import type {Duplex} from 'node:stream'
import {type ErrorDetails, RefusedError, UnreachableError} from '../../errors/index.ts'
import {fromNetwork} from './errors.ts'

/** What the agents of proxy libraries have in common: they open a raw connection through their proxy. */
interface ProxyAgent extends EventEmitter {
  connect(request: ClientRequest, options: {host: string; port: number; secureEndpoint: false}): Promise<Duplex>
}

/**
 * A raw connection to `host:port` through `proxy` (http, https or socks), which ends with `signal`. Loaded only where there is a proxy.
 * Rejects with an error that names the proxy, without its password.
 */
export async function openTunnel(proxy: URL, host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const name = `proxy ${proxy.protocol}//${proxy.host}`
  const agent = proxy.protocol.startsWith('socks') ? await socksAgent(proxy) : await httpAgent(proxy, signal)
  // The agent answers a refusal with a replayed response; only this event tells the two apart.
  let refusal: {statusCode: number; statusText: string} | null = null
  agent.on('proxyConnect', (answer: {statusCode: number; statusText: string}) => {
    if (answer.statusCode !== 200) refusal = answer
  })
  let socket: Duplex
  try {
    // Agents want the request they serve, and only emit events on it.
    socket = await agent.connect(new EventEmitter() as ClientRequest, {host, port, secureEndpoint: false})
  } catch (error) {
    throw fromNetwork(error, name)
  }
  const {statusCode, statusText} = refusal ?? {statusCode: 200, statusText: ''}
  if (statusCode === 200) return socket as Socket
  socket.destroy()
  const message = `${name} refuses a connection to ${host}:${port} (${statusCode} ${statusText})`
  const cure = (text: string): ErrorDetails => ({hints: [{label: 'cure', text}]})
  throw statusCode === 407
    ? new RefusedError(message, cure("put user and password into the proxy's URL"))
    : new UnreachableError(message, cure('check proxy-url of the kubeconfig, HTTPS_PROXY and NO_PROXY'))
}

async function httpAgent(proxy: URL, signal: AbortSignal): Promise<ProxyAgent> {
  const {HttpsProxyAgent} = await import('https-proxy-agent')
  return new HttpsProxyAgent(proxy, {signal})
}

async function socksAgent(proxy: URL): Promise<ProxyAgent> {
  const {libraryOptions} = await import('./library.ts')
  const {agent} = await libraryOptions({server: 'https://proxied', proxyUrl: proxy.href}, null)
  return agent as unknown as ProxyAgent
}
