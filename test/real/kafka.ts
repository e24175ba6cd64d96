import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {createAuthority, type Pem, serverCertificate} from './certificates.ts'
import {ensureKafkaJars} from './kafka-jars.ts'
import {type Brokers, brokerProperties, type Listeners, nameOf} from './kafka-properties.ts'
import {freePort, lastLines, listens, type Output, processesIn, type Progress, run, type Running, waitUntil} from './processes.ts'

/** Users of the listener that wants credentials. Who comes by another listener may do everything. */
export const KAFKA_USERS = {
  /** May read offsets and groups. */
  reader: {username: 'reader', password: 'reads-and-no-more'},
  /** Is known, and may do nothing. */
  stranger: {username: 'stranger', password: 'may-do-nothing'},
} as const

/** Three brokers of Apache Kafka. Each topic and group lives on one of them alone, so that what it loses is known. */
export interface Kafka {
  readonly dir: string
  /** The folder of its jars, and those of its tools. */
  readonly jars: string
  /** `127.0.0.1:PORT` of each broker, for setting scenes; advertised as such. */
  readonly local: readonly string[]
  /**
   * The listeners that advertise themselves by a name that no resolver knows (`redpanda-0.redpanda.kafka.svc.cluster.local`), plain on 9092
   * and with TLS and credentials on 9093, by broker: where on loopback they are.
   */
  readonly cluster: readonly {readonly name: string; readonly plain: number; readonly secure: number}[]
  /** The certificate by which the secure listeners are known, PEM. */
  readonly ca: string
  /** Throws where a broker has ended by itself: whoever goes on would wait for it in vain. */
  mustRun(): void
  /** Kills a broker. */
  stopBroker(id: number): Promise<void>
  /** Resolves when it answers. */
  startBroker(id: number): Promise<void>
  /** Runs a class of Kafka's own tools to its end: `org.apache.kafka.tools.TopicCommand`. */
  tool(name: string, args: readonly string[], input?: string): Promise<Output>
  /** Starts a class of Kafka's own tools; ended with the brokers, or by `stopTool`. */
  startTool(name: string, args: readonly string[]): Promise<Running>
  stopTool(running: Running): Promise<void>
  stop(): Promise<void>
}

const IDS = [0, 1, 2] as const
const CLUSTER_ID = 'c2Fwb2NoZS10ZXN0LWthZg'
// Three of them, and a few tools, on two processors: a quick start counts for more than top speed.
const JAVA = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC']
const TOOL_MS = 50_000
const QUIET = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=error']

/** Starts three combined broker-controllers on free ports of loopback, in a temporary folder. Ready when each of them answers. */
export async function startKafka(progress: Progress): Promise<Kafka> {
  const jars = await ensureKafkaJars(progress)
  const dir = await mkdtemp(join(tmpdir(), 'sapoche-kafka-'))
  await mkdir(join(dir, 'logs'))
  const processes = processesIn(dir, progress, {removeFolder: true})
  const classpath = ['-cp', join(jars, '*')]
  const brokers = await listenersOf()
  const authority = await createAuthority('sapoche-test-kafka')
  const running: (Running | null)[] = IDS.map(() => null)

  async function stop(): Promise<void> {
    await processes.stopAll()
    await rm(dir, {recursive: true, force: true, maxRetries: 3})
  }
  async function launch(id: number): Promise<void> {
    running[id] = await processes.start(`broker-${id}`, 'java', ['-Xmx384m', ...JAVA, ...classpath, 'kafka.Kafka', propertiesFile(dir, id)])
  }
  async function answers(id: number): Promise<void> {
    await waitUntil(`broker ${id} answers`, () => listens(brokers[id]!.local), {needs: [running[id]!]})
  }

  try {
    const began = performance.now()
    await Promise.all(IDS.map((id) => prepare(dir, id, brokers, authority, classpath)))
    await Promise.all(IDS.map(launch))
    await Promise.all(IDS.map(answers))
    progress(`three Kafka brokers in ${((performance.now() - began) / 1000).toFixed(1)} s`)
  } catch (error) {
    await stop()
    throw error
  }
  const toolArgs = (name: string, args: readonly string[]): string[] => ['-Xmx256m', ...JAVA, ...QUIET, ...classpath, name, ...args]
  return {
    dir,
    jars,
    local: brokers.map(({local}) => `127.0.0.1:${local}`),
    cluster: IDS.map((id) => ({name: nameOf(id), plain: brokers[id].cluster, secure: brokers[id].secure})),
    ca: authority.cert,
    mustRun() {
      const dead = running.find((broker) => broker?.hasEnded() === true) ?? null
      if (dead !== null) throw new Error(`${dead.name} has ended by itself:\n${lastLines(dead.logFile)}`)
    },
    async stopBroker(id) {
      if (running[id] !== null) await processes.stop(running[id]!)
      running[id] = null
    },
    async startBroker(id) {
      await launch(id)
      await answers(id)
    },
    tool: (name, args, input) => run('java', toolArgs(name, args), {cwd: dir, timeout: TOOL_MS, ...(input === undefined ? {} : {input})}),
    startTool: (name, args) => processes.start(`${name.split('.').at(-1)}-${Math.random()}`, 'java', toolArgs(name, args)),
    stopTool: (tool) => processes.stop(tool),
    stop,
  }
}

async function listenersOf(): Promise<Brokers> {
  const one = async (): Promise<Listeners> => ({
    controller: await freePort(),
    internal: await freePort(),
    local: await freePort(),
    cluster: await freePort(),
    secure: await freePort(),
  })
  return [await one(), await one(), await one()]
}

function propertiesFile(dir: string, id: number): string {
  return join(dir, `broker-${id}.properties`)
}

async function prepare(dir: string, id: number, brokers: Brokers, authority: Pem, classpath: readonly string[]): Promise<void> {
  const pem = await serverCertificate(authority, [nameOf(id)])
  const keystore = join(dir, `broker-${id}.pem`)
  // Kafka reads keys in PKCS #8, which these are.
  await writeFile(keystore, `${pem.key}\n${pem.cert}\n`)
  const users = Object.values(KAFKA_USERS)
  await writeFile(propertiesFile(dir, id), brokerProperties({id, brokers, dir, keystore, users}))
  const scram = users.flatMap(({username, password}) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${username},password=${password}]`]),
  )
  const args = [
    ...JAVA,
    ...QUIET,
    ...classpath,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    CLUSTER_ID,
    '-c',
    propertiesFile(dir, id),
    ...scram,
  ]
  const {code, stdout, stderr} = await run('java', args, {timeout: TOOL_MS})
  if (code !== 0) throw new Error(`Kafka's storage could not be formatted:\n${stdout}${stderr}`)
}
