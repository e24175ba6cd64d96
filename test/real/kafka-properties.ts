import {join} from 'node:path'

/** Ports on loopback of one broker. */
export interface Listeners {
  readonly controller: number
  /** For the brokers among themselves. */
  readonly internal: number
  /** For those who set scenes. */
  readonly local: number
  /** Advertised by a name that resolves inside the cluster alone. */
  readonly cluster: number
  /** The same, with TLS and credentials. */
  readonly secure: number
}

export type Brokers = readonly [Listeners, Listeners, Listeners]

/** What pods of a headless service `redpanda` in the namespace `kafka` are called. */
export function nameOf(id: number): string {
  return `redpanda-${id}.redpanda.kafka.svc.cluster.local`
}

export interface BrokerOptions {
  readonly id: number
  readonly brokers: Brokers
  readonly dir: string
  /** PEM file with private key and certificate. */
  readonly keystore: string
  readonly users: readonly {readonly username: string; readonly password: string}[]
}

/** The configuration of one combined broker and controller. */
export function brokerProperties({id, brokers, dir, keystore, users}: BrokerOptions): string {
  const {controller, internal, local, cluster, secure} = brokers[id]!
  const at = (name: string, port: number, host = '127.0.0.1'): string => `${name}://${host}:${port}`
  const listeners = [
    at('CONTROLLER', controller),
    at('INTERNAL', internal),
    at('LOCAL', local),
    at('CLUSTER', cluster),
    at('SECURE', secure),
  ]
  const advertised = [at('INTERNAL', internal), at('LOCAL', local), at('CLUSTER', 9092, nameOf(id)), at('SECURE', 9093, nameOf(id))]
  const plainUsers = users.map(({username, password}) => `user_${username}="${password}"`).join(' ')
  const login = (module: string, options = ''): string => `org.apache.kafka.common.security.${module} required${options};`
  const properties: Readonly<Record<string, string | number | boolean>> = {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': brokers.map(({controller: port}, other) => `${other}@127.0.0.1:${port}`).join(','),
    listeners: listeners.join(','),
    'advertised.listeners': advertised.join(','),
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT,LOCAL:PLAINTEXT,CLUSTER:PLAINTEXT,SECURE:SASL_SSL',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(dir, `data-${id}`),
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keystore,
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': login('plain.PlainLoginModule', ` ${plainUsers}`),
    'listener.name.secure.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
    'listener.name.secure.scram-sha-512.sasl.jaas.config': login('scram.ScramLoginModule'),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS',
    // One copy of everything: who loses a broker loses what it holds, and nothing else.
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 6,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 3,
    'num.partitions': 3,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    // How soon the others notice that one is gone.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'num.network.threads': 2,
    'num.io.threads': 2,
    'log.cleaner.enable': false,
  }
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}
