import {readFile, writeFile} from 'node:fs/promises'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {delimiter, join} from 'node:path'
import {connectApi} from './api.ts'
import {binariesIn} from './binaries.ts'
import {type Cluster, kubectlOf} from './cluster-handle.ts'

/** What a process that has not started the cluster has to know: the content of DIR/cluster.json. */
interface Description {
  readonly dir: string
  readonly binaries: string
  readonly server: string
  readonly caFile: string
  readonly token: string
  readonly nobodyToken: string
  readonly kubeconfig: string
  /** Where the owner of the processes listens. */
  readonly control: string
}

const ACTIONS = ['stopApiServer', 'startApiServer', 'restartApiServer', 'restartControllers', 'startMetrics'] as const
type Action = (typeof ACTIONS)[number]

/**
 * Lets other processes, which the tests are, stop and start the cluster's servers: they ask by HTTP, and the processes stay ours.
 * Writes DIR/cluster.json for `attachCluster` and says where.
 */
export async function shareCluster(cluster: Cluster): Promise<{readonly file: string; close(): void}> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const action = ACTIONS.find((name) => url.pathname === `/${name}`)
    const how = url.searchParams.get('how') === 'terminated' ? 'terminated' : 'killed'
    void (action === undefined ? Promise.reject(new Error('unknown action')) : cluster[action](how)).then(
      () => response.writeHead(204).end(),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
  await listen(server)
  const {dir, caFile, token, nobodyToken, kubeconfig} = cluster
  const description: Description = {
    dir,
    binaries: cluster.binaries.folder,
    server: cluster.server,
    caFile,
    token,
    nobodyToken,
    kubeconfig,
    control: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  }
  const file = join(dir, 'cluster.json')
  await writeFile(file, JSON.stringify(description), {mode: 0o600})
  return {file, close: () => server.close().closeAllConnections()}
}

/** The cluster of another process, by the file that `shareCluster` has written. */
export async function attachCluster(file: string): Promise<Cluster> {
  const {control, binaries: folder, ...known} = JSON.parse(await readFile(file, 'utf8')) as Description
  const ca = await readFile(known.caFile, 'utf8')
  const binaries = binariesIn(folder)
  const ask = async (action: Action, how = 'killed'): Promise<void> => {
    const answer = await fetch(`${control}/${action}?how=${how}`, {method: 'POST'})
    if (!answer.ok) throw new Error(`${action}: ${await answer.text()}`)
  }
  return {
    ...known,
    ca,
    binaries,
    api: connectApi({server: known.server, ca, token: known.token}),
    kubectl: kubectlOf(binaries, known.kubeconfig, known.dir),
    stopApiServer: (how) => ask('stopApiServer', how),
    startApiServer: () => ask('startApiServer'),
    restartApiServer: (how) => ask('restartApiServer', how),
    restartControllers: () => ask('restartControllers'),
    startMetrics: () => ask('startMetrics'),
  }
}

/**
 * The cluster that `test/real/run.ts` or `npm run cluster` has started: of several, the one of this worker of vitest alone. Throws where the
 * tests are run without.
 */
export function clusterOfTheRun(): Promise<Cluster> {
  const files = process.env['SAPOCHE_TEST_CLUSTERS']?.split(delimiter) ?? []
  const file = files[Number(process.env['VITEST_POOL_ID']) - 1]
  if (file === undefined) throw new Error('these tests need a cluster: npm run test:real')
  return attachCluster(file)
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}
