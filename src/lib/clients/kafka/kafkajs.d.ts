/** The internals of kafkajs 2.2.4 that connection.ts stands on; the package itself types its public face alone. */

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeArray(array: readonly (string | number)[]): this
    writeBoolean(value: boolean): this
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type Encoder from 'kafkajs/src/protocol/encoder.js'

  export interface Protocol<Decoded> {
    readonly request: {readonly apiKey: number; readonly apiVersion: number; readonly apiName: string; encode(): Promise<Encoder>}
    readonly response: {decode(raw: Buffer): Promise<Decoded>; parse(decoded: Decoded): Promise<Decoded>}
  }
  export interface Definition<Args, Decoded> {
    readonly versions: readonly string[]
    protocol(options: {version: number}): (args: Args) => Protocol<Decoded>
  }

  export interface Definitions {
    readonly ListOffsets: Definition<
      {
        isolationLevel: 0 | 1
        topics: readonly {topic: string; partitions: readonly {partition: number; timestamp: number}[]}[]
      },
      {responses: readonly {topic: string; partitions: readonly {partition: number; errorCode: number; offset: string}[]}[]}
    >
    readonly Metadata: Definition<
      {topics: readonly string[]; allowAutoTopicCreation: boolean},
      {
        brokers: readonly {nodeId: number; host: string; port: number}[]
        topicMetadata: readonly {
          topicErrorCode: number
          topic: string
          partitionMetadata: readonly {partitionId: number; leader: number; replicas: readonly number[]}[]
        }[]
      }
    >
    readonly OffsetFetch: Definition<
      {groupId: string; topics: readonly never[]},
      {
        errorCode: number
        responses: readonly {topic: string; partitions: readonly {partition: number; offset: string; errorCode: number}[]}[]
      }
    >
    readonly GroupCoordinator: Definition<{groupId: string}, {errorCode: number; coordinator: {nodeId: number}}>
    readonly DescribeGroups: Definition<
      {groupIds: readonly string[]},
      {
        groups: readonly {
          errorCode: number
          groupId: string
          state: string
          protocolType: string
          members: readonly {memberId: string; clientId: string; clientHost: string; memberMetadata: Buffer; memberAssignment: Buffer}[]
        }[]
      }
    >
    readonly ListGroups: Definition<Record<string, never>, {errorCode: number; groups: readonly {groupId: string; protocolType: string}[]}>
  }
  const module: {readonly requests: Definitions}
  export default module
}

declare module 'kafkajs/src/protocol/requests/apiKeys.js' {
  import type {Definitions} from 'kafkajs/src/protocol/requests/index.js'
  const keys: Readonly<Record<keyof Definitions, number>>
  export default keys
}

declare module 'kafkajs/src/protocol/error.js' {
  const module: {createErrorFromCode(code: number): Error & {readonly type: string}}
  export default module
}

declare module 'kafkajs/src/consumer/assignerProtocol.js' {
  const module: {
    readonly MemberMetadata: {decode(buffer: Buffer): {readonly topics: readonly string[]}}
    readonly MemberAssignment: {decode(buffer: Buffer): {readonly assignment: Readonly<Record<string, readonly number[]>>} | null}
  }
  export default module
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  export default class RequestQueue {
    readonly pending: readonly unknown[]
    scheduleCheckPendingRequests(): void
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  import type {Duplex} from 'node:stream'
  import type {Protocol} from 'kafkajs/src/protocol/requests/index.js'

  export interface Logger {
    namespace(): Logger
    info(): void
    warn(): void
    error(): void
    debug(): void
  }
  export interface ConnectionOptions {
    readonly host: string
    readonly port: number
    readonly clientId: string
    readonly logger: Logger
    readonly socketFactory: (options: {onConnect: () => void}) => Duplex
    readonly sasl: {readonly mechanism: string; readonly username: string; readonly password: string} | null
    readonly connectionTimeout: number
    readonly requestTimeout: number
  }
  export default class ConnectionPool {
    constructor(options: ConnectionOptions)
    send<Decoded>(protocol: Protocol<Decoded>): Promise<Decoded>
  }
}

declare module 'kafkajs/src/broker/index.js' {
  import type ConnectionPool from 'kafkajs/src/network/connectionPool.js'
  import type {Logger} from 'kafkajs/src/network/connectionPool.js'
  import type {Definition, Protocol} from 'kafkajs/src/protocol/requests/index.js'

  /** What the broker speaks, by API key. */
  export type ApiVersions = Readonly<Record<number, {readonly minVersion: number; readonly maxVersion: number}>>
  export default class Broker {
    constructor(options: {connectionPool: ConnectionPool; logger: Logger; authenticationTimeout: number; versions: ApiVersions | null})
    readonly versions: ApiVersions | null
    readonly lookupRequest: <Args, Decoded>(apiKey: number, definition: Definition<Args, Decoded>) => (args: Args) => Protocol<Decoded>
    connect(): Promise<void>
    disconnect(): Promise<void>
  }
}
