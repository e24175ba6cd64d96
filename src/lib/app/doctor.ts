import {builtinCatalogue, type Catalogue} from '../catalogue/index.ts'
import type {Terminal} from '../cli/terminal.ts'
import type {Access} from '../clients/reach/types.ts'
import type {ServerHint} from '../runbook/bindings/index.ts'
import type {DoctorSources, ServerGates, ServerTarget} from '../runbook/doctor/index.ts'
import {journalFile} from '../runbook/journal/index.ts'
import {type ClusterOptions, connectOptions, openCatalogue, openSandbox, type Session, type Surroundings} from './index.ts'
import {podAccess} from './pod-access.ts'
import {type ServerKind, Servers, timeLimitOf, type ServerOptions} from './servers.ts'

/** What an examination takes, each part opened by itself. `close` lets go of all that was opened. */
export async function doctorSources(
  options: ClusterOptions & ServerOptions,
  surroundings: Surroundings & {readonly terminal: Terminal},
  program: {readonly version: string; readonly node: string; readonly platform: string},
): Promise<DoctorSources & {close(): Promise<void>}> {
  const {environment, terminal} = surroundings
  const {variables, home, now} = environment
  const {isTerminal, width, colour} = terminal.stdout
  // A catalogue that is none is a hop that fails: the embedded cluster then has the one that is shipped.
  const catalogueOfSandbox = options.sandbox === undefined ? null : await openCatalogue(options, environment).catch(() => builtinCatalogue)
  const sandbox = catalogueOfSandbox === null ? null : await openSandbox(options.sandbox ?? '', catalogueOfSandbox, environment)
  const connection = (catalogue: Catalogue) => connectOptions(options, 'doctor', surroundings, {catalogue, sandbox})
  let last: {close(): void} | null = null
  return {
    program: {...program, terminal: {isTerminal, width, colour}, journal: sandbox === null ? journalFile(variables, home) : null},
    now,
    openCatalogue: () => openCatalogue(options, environment),
    async findWay(catalogue) {
      const {wayToCluster} = await import('../clients/kubernetes/way.ts')
      return wayToCluster(connection(catalogue))
    },
    async openCluster(catalogue) {
      const [{connectCluster}, {readOnce}] = await Promise.all([
        import('../clients/kubernetes/index.ts'),
        import('../clients/kubernetes/once.ts'),
      ])
      // Each look takes every hop anew.
      last?.close()
      const client = await connectCluster(connection(catalogue))
      last = client
      const cluster = readOnce(client)
      const session = {cluster, catalogue, now: () => cluster.serverClock()?.now ?? now(), close: async () => cluster.close()}
      const servers = serverGates(session, options, surroundings)
      return {cluster, version: (within) => client.version(within), servers, access: await podAccess(client)}
    },
    async close() {
      last?.close()
      await sandbox?.close()
    },
  }
}

/** The ways to the servers behind a cluster; their libraries are loaded when they are taken. */
function serverGates(session: Session, options: ClusterOptions & ServerOptions, {environment, signal: life}: Surroundings): ServerGates {
  const servers = new Servers(session, options, environment, life)
  const timeoutMs = timeLimitOf(options)
  const places = session.catalogue.servers
  const sourceOf = (kind: ServerKind, hint: ServerHint | null): string =>
    hint === null || places[kind].address !== null ? `servers.${kind} of the catalogue` : `${hint.source} of ${hint.workload}`
  return {
    async redis(hint) {
      const [{openQueueReader}, access] = await Promise.all([import('../clients/redis/index.ts'), servers.redis(hint)])
      return {
        ...(await targetOf(access, sourceOf('redis', hint), timeoutMs)),
        async info(signal) {
          const reader = await openQueueReader(access, {timeoutMs, signal})
          try {
            const layout = {database: 0, prefix: '', isFound: false, isComplete: false, names: [], otherPrefixes: [], horizonPrefix: null}
            return (await reader.read({layout, queues: [], keys: [], asOf: 0, recentSince: null}, signal)).info
          } finally {
            reader.close()
          }
        },
      }
    },
    async kafka(hint) {
      const [{contactBrokers}, access] = await Promise.all([import('../clients/kafka/contact.ts'), servers.kafka(hint)])
      const contact = (signal: AbortSignal) => contactBrokers(access, {requestTimeoutMs: timeoutMs, signal, now: environment.now})
      return {...(await targetOf(access, sourceOf('kafka', hint), timeoutMs)), contact}
    },
    async orthanc() {
      const [{openOrthancReader}, access] = await Promise.all([import('../clients/orthanc/index.ts'), servers.orthanc()])
      return {
        ...(await targetOf(access, sourceOf('orthanc', null), timeoutMs)),
        async alive(signal) {
          const reader = openOrthancReader(access, {timeoutMs, clock: environment.now})
          try {
            return await reader.alive('nobody', signal)
          } finally {
            reader.close()
          }
        },
      }
    },
  }
}

async function targetOf(access: Access, source: string, withinMs: number): Promise<ServerTarget> {
  const {openConnection, whoOf} = await import('../clients/reach/index.ts')
  const {network, addresses, credentials} = access
  return {
    where: `${network.describe(addresses[0])}${addresses.length === 1 ? '' : ` and ${addresses.length - 1} more`}`,
    network: network.kind,
    source,
    who: whoOf(credentials),
    async touch(signal) {
      const connection = await openConnection({...access, tls: null}, addresses[0], {signal, withinMs})
      connection.destroy()
    },
  }
}
