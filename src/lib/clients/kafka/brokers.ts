import {InterruptedError, SapocheError, UnreachableError} from '../../errors/index.ts'
import {nameOf, ServerDownError} from '../reach/index.ts'
import type {Address, KafkaAccess} from '../reach/index.ts'
import {type ApiVersions, BrokerConnection} from './connection.ts'
import {BrokerSilentError} from './errors.ts'
import type {LagReaderOptions} from './index.ts'

/** The brokers of one cluster, each by one connection that is opened when it is first needed. */
export class Brokers {
  readonly #access: KafkaAccess
  readonly #options: LagReaderOptions
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  readonly #open = new Set<BrokerConnection>()
  readonly #end = (): void => this.close()
  #addresses: ReadonlyMap<number, Address> = new Map()
  #versions: ApiVersions | null = null
  #isClosed = false

  constructor(access: KafkaAccess, options: LagReaderOptions) {
    this.#access = access
    this.#options = options
    options.signal.addEventListener('abort', this.#end, {once: true})
  }

  get versions(): ApiVersions {
    return this.#versions ?? {}
  }

  get ids(): readonly number[] {
    return [...this.#addresses.keys()]
  }

  /** How a broker is called in messages. */
  nameOf(id: number): string {
    const address = this.#addresses.get(id)
    return address === undefined ? `broker ${id}` : this.#access.network.describe(address)
  }

  /** Asks the cluster which brokers it has. What failed before is tried again. Rejects where none of the known ones answers. */
  async discover(): Promise<void> {
    this.#connections.clear()
    for (const connection of this.#open) {
      if (connection.isOpen) this.#connections.set(keyOf(connection.address), Promise.resolve(connection))
      else this.#open.delete(connection)
    }
    const {brokers} = await (await this.any()).send('Metadata', {topics: [], allowAutoTopicCreation: false})
    this.#addresses = new Map(brokers.map(({nodeId, host, port}) => [nodeId, {host, port}]))
  }

  /** The connection to a broker of the last `discover`. What has failed stays so until the next one; what was lost is opened again. */
  async broker(id: number): Promise<BrokerConnection> {
    const address = this.#addresses.get(id)
    if (address === undefined) throw new UnreachableError(`broker ${id} is not in the cluster`)
    return await this.#connect(address)
  }

  /** A connection to whichever answers first of the brokers, or of the addresses to begin with. */
  async any(): Promise<BrokerConnection> {
    const failures: SapocheError[] = []
    for (const address of new Map([...this.#addresses.values(), ...this.#access.addresses].map((each) => [keyOf(each), each])).values()) {
      try {
        return await this.#connect(address)
      } catch (error) {
        if (!(error instanceof SapocheError) || this.#options.signal.aborted) throw error
        failures.push(error)
      }
    }
    // That one is down, or silent, says less than that another refuses us, or that the way is blocked.
    const telling = failures.find((error) => !(error instanceof ServerDownError || error instanceof BrokerSilentError))
    const silent = failures.find((error) => error instanceof BrokerSilentError)
    if (telling !== undefined) throw telling
    if (silent !== undefined) throw new ServerDownError(`${nameOf(this.#access)} takes connections and does not answer`, {cause: silent})
    if (failures.length === 1) throw failures[0]
    throw new ServerDownError(`${nameOf(this.#access)} is down: no broker takes a connection`, {cause: failures[0]})
  }

  /** Lets go of the signal too, which may outlive many of these. */
  close(): void {
    this.#isClosed = true
    this.#options.signal.removeEventListener('abort', this.#end)
    for (const connection of this.#open) connection.close()
    this.#open.clear()
  }

  async #connect(address: Address): Promise<BrokerConnection> {
    const key = keyOf(address)
    const known = this.#connections.get(key)
    if (known !== undefined) {
      const connection = await known
      if (connection.isOpen) return connection
      this.#open.delete(connection)
      if (this.#connections.get(key) !== known) return await this.#connect(address)
    }
    const opening = this.#opened(address)
    this.#connections.set(key, opening)
    return await opening
  }

  async #opened(address: Address): Promise<BrokerConnection> {
    const connection = await BrokerConnection.open(this.#access, address, {...this.#options, versions: this.#versions})
    if (this.#isClosed) {
      connection.close()
      throw new InterruptedError()
    }
    this.#versions ??= connection.versions
    this.#open.add(connection)
    return connection
  }
}

function keyOf({host, port}: Address): string {
  return `${host}:${port}`
}
