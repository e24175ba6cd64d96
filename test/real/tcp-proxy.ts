import {once} from 'node:events'
import {type AddressInfo, connect, createServer, type Socket} from 'node:net'
import {type Fault, pump} from './fault-plan.ts'
import {resetWhenRead} from './reset.ts'

/** How a connection fails. */
export type TcpFault = Exclude<Fault, {kind: 'answer'}>

/** A proxy for any protocol over TCP (Redis, Kafka), which can be told to fail. */
export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** New connections fail so; null heals. */
  fail(fault: TcpFault | null): void
  /** Breaks off all connections. */
  resetConnections(): void
  close(): Promise<void>
}

export async function startTcpProxy(target: {readonly host: string; readonly port: number}): Promise<TcpProxy> {
  const clients = new Set<Socket>()
  let fault: TcpFault | null = null

  const listener = createServer((client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.on('close', () => clients.delete(client))
    const current = fault
    if (current?.kind === 'hang') return
    if (current?.kind === 'reset' && current.afterBytes === 0) return void client.resetAndDestroy()
    if (current?.kind === 'end' && current.afterBytes === 0) return void client.end()
    const upstream = connect(target)
    const timer = setTimeout(() => client.pipe(upstream), current?.kind === 'delay' ? current.milliseconds : 0)
    upstream.on('error', () => client.resetAndDestroy())
    client.on('close', () => {
      clearTimeout(timer)
      upstream.destroy()
    })
    pump(upstream, client, current, () => void resetWhenRead(client))
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')

  const resetConnections = (): void => {
    for (const client of clients) client.resetAndDestroy()
  }
  return {
    host: '127.0.0.1',
    port: (listener.address() as AddressInfo).port,
    fail: (next) => void (fault = next),
    resetConnections,
    async close() {
      resetConnections()
      listener.close()
      await once(listener, 'close')
    },
  }
}
