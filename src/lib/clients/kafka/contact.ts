import {InterruptedError, SapocheError} from '../../errors/index.ts'
import type {Address, KafkaAccess} from '../reach/index.ts'
import {Brokers} from './brokers.ts'
import {BrokerConnection} from './connection.ts'
import {CONSUMER_GROUP_DESCRIBE} from './reader.ts'
import type {LagReaderOptions} from './index.ts'
import type {BrokerContact} from './types.ts'

/**
 * Every broker of the cluster, and every address of the access that is none of theirs (a broker that the cluster has lost), each over a
 * connection of its own that asks it what it speaks. `now` is this machine's clock, milliseconds.
 * Rejects where no address of the access answers (69, 75, 77, ServerDownError), or when interrupted.
 */
export async function contactBrokers(
  access: KafkaAccess,
  options: LagReaderOptions & {readonly now: () => number},
): Promise<readonly BrokerContact[]> {
  const known = new Brokers(access, options)
  try {
    const {brokers} = await (await known.any()).send('Metadata', {topics: [], allowAutoTopicCreation: false})
    const members = brokers.toSorted((a, b) => a.nodeId - b.nodeId).map(({nodeId: id, host, port}) => ({id, host, port}))
    const others = access.addresses
      .filter((address) => !members.some(({host, port}) => host === address.host && port === address.port))
      .map((address) => ({id: null, ...address}))
    return await Promise.all([...members, ...others].map(({id, ...address}) => contact(id, address, access, options)))
  } finally {
    known.close()
  }
}

async function contact(
  id: BrokerContact['id'],
  address: Address,
  access: KafkaAccess,
  options: LagReaderOptions & {readonly now: () => number},
): Promise<BrokerContact> {
  const {now, signal} = options
  const start = now()
  const told = (versions: object, error: SapocheError | null): BrokerContact => ({
    id,
    address: access.network.describe(address),
    ms: now() - start,
    requests: Object.keys(versions).length,
    newProtocol: CONSUMER_GROUP_DESCRIBE in versions,
    error,
  })
  let connection: BrokerConnection | null = null
  try {
    connection = await BrokerConnection.open(access, address, {...options, versions: null})
    await connection.send('Metadata', {topics: [], allowAutoTopicCreation: false})
    return told(connection.versions, null)
  } catch (error) {
    if (signal.aborted || error instanceof InterruptedError || !(error instanceof SapocheError)) throw error
    return told({}, error)
  } finally {
    connection?.close()
  }
}
