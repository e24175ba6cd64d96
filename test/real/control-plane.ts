import {mkdir, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {connectApi} from './api.ts'
import type {Binaries, Program} from './binaries.ts'
import {createCredentials} from './certificates.ts'
import {type Cluster, kubectlOf} from './cluster-handle.ts'
import {writeKubeconfig} from './kubeconfig.ts'
import {nodesAreReady, prepareKwok} from './kwok.ts'
import {startMetricsServer} from './metrics-server.ts'
import {freePort, listens, orAbort, processesIn, type Processes, type Progress, type Running, waitUntil} from './processes.ts'
import {apiServerArguments, controllerManagerArguments, etcdArguments, kwokArguments, schedulerArguments} from './server-arguments.ts'

export interface ControlPlane extends Cluster {
  /** Ends everything that was started and removes the folder if it was made here. */
  stop(): Promise<void>
}

export interface ControlPlaneOptions {
  readonly binaries: Binaries
  readonly progress: Progress
  /** The run's folder; a new temporary one, removed at the end, unless told. */
  readonly dir?: string
  /** Stops the start. */
  readonly signal?: AbortSignal
}

/**
 * A real control plane on free ports of loopback: etcd, API server with RBAC, controller manager, scheduler, and kwok in the place of
 * kubelets. Ready when its nodes are. On failure nothing is left behind, and the error holds the end of the log.
 */
export async function startControlPlane({binaries, progress, dir: wanted, signal}: ControlPlaneOptions): Promise<ControlPlane> {
  const dir = wanted ?? (await mkdtemp(join(tmpdir(), 'sapoche-real-')))
  await mkdir(join(dir, 'logs'), {recursive: true})
  const processes = processesIn(dir, progress, {removeFolder: wanted === undefined})
  let stopped = false
  async function stop(): Promise<void> {
    if (stopped) return
    stopped = true
    await processes.stopAll()
    if (wanted === undefined) await rm(dir, {recursive: true, force: true, maxRetries: 3})
  }
  const start: Start = (program, args) => processes.start(program, binaries.path(program), args)
  try {
    const began = performance.now()
    const cluster = await orAbort(signal, startServers(dir, binaries, processes, start))
    progress(`control plane ready in ${((performance.now() - began) / 1000).toFixed(1)} s: ${cluster.server}`)
    const close = async (): Promise<void> => {
      cluster.api.close()
      await stop()
    }
    return {...cluster, stop: close}
  } catch (error) {
    await stop()
    throw error
  }
}

type Start = (program: Program, args: readonly string[]) => Promise<Running>

async function startServers(dir: string, binaries: Binaries, processes: Processes, start: Start): Promise<Cluster> {
  const credentials = await createCredentials(join(dir, 'credentials'))
  const {ca, caFile, token, nobodyToken} = credentials
  const ports = {etcd: await freePort(), etcdPeers: await freePort(), api: await freePort(), kwok: await freePort()}
  const server = `https://127.0.0.1:${ports.api}`
  const kubeconfig = await writeKubeconfig(join(dir, 'kubeconfig'), {server, ca, token})
  const api = connectApi({server, ca, token})

  const etcd = await start('etcd', etcdArguments(dir, ports))
  const startReadyApiServer = async (): Promise<Running> => {
    const started = await start('kube-apiserver', apiServerArguments(credentials, ports))
    const isReady = async (): Promise<boolean> => (await api.request('GET', '/readyz')).status === 200
    await waitUntil('the API server is ready', isReady, {needs: [etcd, started]})
    return started
  }
  let apiServer = await startReadyApiServer()
  const stopApiServer = (how: 'killed' | 'terminated' = 'killed'): Promise<void> =>
    processes.stop(apiServer, how === 'killed' ? 'SIGKILL' : 'SIGTERM', 30_000)
  const startApiServer = async (): Promise<void> => {
    apiServer = await startReadyApiServer()
  }

  const startControllers = async (): Promise<Running[]> => [
    await start('kube-controller-manager', controllerManagerArguments(credentials, kubeconfig)),
    await start('kube-scheduler', schedulerArguments(kubeconfig)),
  ]
  let controllers = await startControllers()
  const running = [etcd, apiServer, ...controllers]
  await prepareKwok(api, binaries, running)
  const startKwok = async (): Promise<Running> => {
    const started = await start('kwok', kwokArguments(credentials, kubeconfig, ports))
    await waitUntil('kwok listens', () => listens(ports.kwok), {needs: [started]})
    return started
  }
  let kwok = await startKwok()
  await waitUntil('the nodes are ready', () => nodesAreReady(api), {needs: [...running, kwok]})

  let metrics: Promise<void> | undefined
  return {
    dir,
    binaries,
    server,
    ca,
    caFile,
    token,
    nobodyToken,
    kubeconfig,
    api,
    kubectl: kubectlOf(binaries, kubeconfig, dir),
    stopApiServer,
    startApiServer,
    async restartApiServer(how) {
      await stopApiServer(how)
      await startApiServer()
    },
    async restartControllers() {
      await Promise.all([...controllers, kwok].map((each) => processes.stop(each)))
      controllers = await startControllers()
      kwok = await startKwok()
    },
    startMetrics: () => (metrics ??= startMetricsServer({api, kubeconfig, dir, start: (args) => start('metrics-server', args)})),
  }
}
