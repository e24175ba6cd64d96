import {connect, type Socket} from 'node:net'
import type {Address, KafkaAccess, Network} from '../../src/lib/clients/reach/types.ts'
import type {Kafka} from './kafka.ts'

/** API keys of the requests that went over the wire, in order, those that set up connections included. */
export type Requests = number[]

/**
 * A way to the listeners whose names no resolver knows, straight to their ports on loopback. Requests to the plain ones are noted in
 * `requests`; `cut` says which connections break off when something is written.
 */
export function mappedNetwork({cluster}: Kafka, requests: Requests = []): Network {
  const portOf = ({host, port}: Address): number => {
    const broker = cluster.find(({name}) => name === host)
    if (broker === undefined) return port
    return port === 9093 ? broker.secure : broker.plain
  }
  return {
    kind: 'direct',
    describe: ({host, port}) => `${host}:${port}`,
    connect: (address) =>
      address.port === 9093 ? connect(portOf(address), '127.0.0.1') : noting(connect(portOf(address), '127.0.0.1'), requests),
  }
}

/** Reads the frames that are written: four bytes of length, then the API key. */
function noting(socket: Socket, requests: Requests): Socket {
  const write = socket.write.bind(socket) as (data: Buffer, ...rest: readonly unknown[]) => boolean
  let pending = Buffer.alloc(0)
  socket.write = (data: Buffer, ...rest: readonly unknown[]) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= 6 && pending.length >= 4 + pending.readInt32BE(0)) {
      requests.push(pending.readInt16BE(4))
      pending = pending.subarray(4 + pending.readInt32BE(0))
    }
    return write(data, ...rest)
  }
  return socket
}

export function plainAccess(kafka: Kafka, requests?: Requests): KafkaAccess {
  return {
    server: 'Kafka',
    addresses: [{host: kafka.cluster[0]!.name, port: 9092}, ...kafka.cluster.slice(1).map(({name}) => ({host: name, port: 9092}))],
    network: mappedNetwork(kafka, requests),
    tls: null,
    credentials: null,
    mechanism: null,
  }
}

/** With TLS and a login. */
export function secureAccess(
  kafka: Kafka,
  {username, password}: {readonly username: string; readonly password: string},
  mechanism: KafkaAccess['mechanism'],
): KafkaAccess {
  return {
    ...plainAccess(kafka),
    addresses: [{host: kafka.cluster[0]!.name, port: 9093}],
    tls: {ca: kafka.ca, servername: null},
    credentials: {username, password, source: 'SAPOCHE_KAFKA_PASSWORD'},
    mechanism,
  }
}
