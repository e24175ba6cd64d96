import {once} from 'node:events'
import type {IncomingMessage} from 'node:http'
import {connect as connectHttp2} from 'node:http2'
import {get as httpsGet} from 'node:https'
import {type AddressInfo, connect, createServer} from 'node:net'
import {createInterface} from 'node:readline'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import {connectApi} from './api.ts'
import type {Cluster} from './cluster-handle.ts'
import {giveExec, giveLog, givePort} from './containers.ts'
import {clusterOfTheRun} from './control.ts'
import {
  deleteDeployment,
  failPod,
  loseNode,
  type Pod,
  type PodFault,
  podsOf,
  replaceDeployment,
  restore,
  restoreNode,
  rollOut,
  waitForPods,
  withFault,
} from './faults.ts'
import {writeKubeconfig} from './kubeconfig.ts'
import {deployment, renamed} from './manifests.ts'
import {freePort, waitUntil} from './processes.ts'
import {type Proxy, startProxy} from './proxy.ts'
import {createUser} from './users.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await clusterOfTheRun()
})
afterAll(() => cluster.api.close())

const DEPLOYMENTS = '/apis/apps/v1/namespaces/sapoche/deployments'
const PODS = '/api/v1/namespaces/sapoche/pods'
const WORKER = 'worker-sapoche-pdf'

const condition = (pod: Pod, type: string): string | undefined => pod.status.conditions?.find((found) => found.type === type)?.status
const waiting = (pod: Pod): (string | undefined)[] =>
  [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].map(({state}) => state?.waiting?.reason)

describe('the runbook is there', () => {
  test('38 deployments, of which 36 are active, and 40 ready pods', async () => {
    const {items: deployments} = await cluster.api.get<{items: {spec: {replicas: number}}[]}>(DEPLOYMENTS)
    const {items: pods} = await cluster.api.get<{items: Pod[]}>(PODS)
    expect(deployments).toHaveLength(38)
    expect(deployments.filter(({spec}) => spec.replicas > 0)).toHaveLength(36)
    expect(pods.filter((pod) => condition(pod, 'Ready') === 'True')).toHaveLength(40)
    expect(pods).toHaveLength(40)
  })

  test('six services with their cluster IPs, ports and node ports, as kubectl sees them', async () => {
    const {stdout, stderr, code} = await cluster.kubectl(['get', 'services', '--namespace=sapoche', '--no-headers'])
    expect({stderr, code}).toEqual({stderr: '', code: 0})
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/))
    expect(rows.map(([name, type, ip, , ports]) => `${name} ${type} ${ip} ${ports}`)).toEqual([
      'diag-design-system-nginx NodePort 10.27.254.171 80:30788/TCP',
      'diag-dicom-viewer-nginx NodePort 10.27.16.173 80:30120/TCP',
      'orthanc-read-api-service NodePort 10.27.18.84 80:30635/TCP',
      'st-bnkd-php ClusterIP 10.27.183.187 9000/TCP,80/TCP',
      'st-redis-sp ClusterIP 10.27.62.167 6379/TCP',
      'st-sapoche-nginx ClusterIP 10.27.41.39 80/TCP',
    ])
  })

  test('kubectl and server say their version', async () => {
    const {stdout, code} = await cluster.kubectl(['version'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/Client Version: v1\.36\.\d+[^]*Server Version: v1\.36\.\d+/)
  })
})

describe('who may do what', () => {
  const statusOf = async (token: string | undefined, path: string): Promise<number> => {
    const api = connectApi({server: cluster.server, ca: cluster.ca, token})
    const {status} = await api.request('GET', path)
    api.close()
    return status
  }

  test('a token without rights gets 403, an unknown one 401', async () => {
    expect(await statusOf(cluster.token, PODS)).toBe(200)
    expect(await statusOf(cluster.nobodyToken, PODS)).toBe(403)
    expect(await statusOf('unknown', PODS)).toBe(401)
  })

  test('a user has the rights of his Role and no others', async () => {
    const user = await createUser(cluster, {
      rules: [{apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list']}],
      clusterRules: [{apiGroups: [''], resources: ['nodes'], verbs: ['list']}],
    })
    const allowed = ['get deployments.apps -n sapoche', 'get nodes']
    const refused = ['get pods -n sapoche', 'get deployments.apps -n default', `delete deployment ${WORKER} -n sapoche`]
    const codes = async (commands: string[]): Promise<number[]> =>
      (await Promise.all(commands.map((command) => cluster.kubectl(command.split(' '), {kubeconfig: user.kubeconfig})))).map(
        ({code}) => code,
      )
    expect(await codes(allowed)).toEqual([0, 0])
    expect(await codes(refused)).toEqual([1, 1, 1])
    user.api.close()
  })
})

describe('faults', () => {
  afterEach(() => restore(cluster.api))

  const states: readonly [PodFault, string][] = [
    [{state: 'crashloop'}, 'CrashLoopBackOff'],
    [{state: 'oom'}, 'CrashLoopBackOff'],
    [{state: 'imagepull'}, 'ImagePullBackOff'],
    [{state: 'errimagepull'}, 'ErrImagePull'],
    [{state: 'imagename'}, 'InvalidImageName'],
    [{state: 'imagenever'}, 'ErrImageNeverPull'],
    [{state: 'config'}, 'CreateContainerConfigError'],
    [{state: 'create'}, 'CreateContainerError'],
    [{state: 'run'}, 'RunContainerError'],
    [{state: 'creating'}, 'ContainerCreating'],
  ]
  test('each state in which a container waits', async () => {
    for (const [fault, reason] of states) {
      const name = `fault-${fault.state}`
      await replaceDeployment(cluster.api, withFault(renamed(deployment(WORKER), name), fault))
      const [pod] = await waitForPods(cluster.api, name, reason, (pods) => pods.some((found) => waiting(found).includes(reason)))
      expect(pod && condition(pod, 'Ready')).toBe('False')
    }
  })

  test('one container of a pod is not ready', async () => {
    await replaceDeployment(cluster.api, withFault(deployment('orthanc-read-api'), {state: 'unready', container: 'metrics-sidecar'}))
    const [pod] = await waitForPods(cluster.api, 'orthanc-read-api', 'running', ([found]) => found?.status.phase === 'Running')
    expect(pod?.status.containerStatuses?.map(({name, ready}) => [name, ready])).toEqual([
      ['orthanc', true],
      ['metrics-sidecar', false],
    ])
    expect(pod && [condition(pod, 'Ready'), condition(pod, 'ContainersReady')]).toEqual(['False', 'False'])
  })

  test('a failing init container holds up what comes after it', async () => {
    const broken = withFault(deployment(WORKER), {state: 'crashloop', container: 'migrate'})
    if (broken.spec?.template.spec) {
      broken.spec.template.spec.initContainers = [
        {name: 'fetch', image: 'fetch:1'},
        {name: 'migrate', image: 'migrate:1'},
        {name: 'proxy', image: 'proxy:1', restartPolicy: 'Always'},
      ]
    }
    await replaceDeployment(cluster.api, broken)
    const [pod] = await waitForPods(cluster.api, WORKER, 'has a status', ([found]) => found?.status.containerStatuses !== undefined)
    expect(pod?.status.phase).toBe('Pending')
    expect(pod && waiting(pod)).toEqual([undefined, 'CrashLoopBackOff', 'PodInitializing', 'PodInitializing'])
  })

  test('a readiness gate that is not ready, over ready containers', async () => {
    const gated = withFault(deployment(WORKER), {state: 'gate'})
    if (gated.spec?.template.spec) gated.spec.template.spec.readinessGates = [{conditionType: 'sapoche.test/gate'}]
    await replaceDeployment(cluster.api, gated)
    const [pod] = await waitForPods(cluster.api, WORKER, 'running', ([found]) => found?.status.phase === 'Running')
    expect(pod && [condition(pod, 'ContainersReady'), condition(pod, 'sapoche.test/gate'), condition(pod, 'Ready')]).toEqual([
      'True',
      'False',
      'False',
    ])
  })

  test('a pod runs for a while before it is ready', async () => {
    await replaceDeployment(cluster.api, withFault(deployment(WORKER), {delay: '2s'}))
    const [slow] = await waitForPods(cluster.api, WORKER, 'running', ([found]) => found?.status.phase === 'Running')
    expect(slow && condition(slow, 'Ready')).toBe('False')
    const [ready] = await waitForPods(
      cluster.api,
      WORKER,
      'ready',
      ([found]) => found !== undefined && condition(found, 'Ready') === 'True',
    )
    expect(ready?.metadata.uid).toBe(slow?.metadata.uid)
  })

  test('a rolling update to a doomed pod leaves the old one serving', async () => {
    await rollOut(cluster.api, WORKER, {state: 'crashloop'})
    const pods = await waitForPods(cluster.api, WORKER, 'one doomed', (found) =>
      found.some((pod) => waiting(pod).includes('CrashLoopBackOff')),
    )
    expect(new Set(pods.map((pod) => condition(pod, 'Ready')))).toEqual(new Set(['False', 'True']))
    expect(pods).toHaveLength(2)
  })

  test('an evicted pod stays as a leftover beside its successor', async () => {
    const [pod] = await podsOf(cluster.api, WORKER)
    await failPod(cluster.api, pod?.metadata.name ?? '')
    const pods = await waitForPods(cluster.api, WORKER, 'a successor', (found) => found.some((one) => condition(one, 'Ready') === 'True'))
    expect(new Set(pods.map(({status}) => `${status.phase} ${status.reason}`))).toEqual(new Set(['Failed Evicted', 'Running undefined']))
    expect(pods).toHaveLength(2)
  })

  test.each([
    ['False', 'True'],
    ['Unknown', 'False'],
  ] as const)('a node whose readiness is %s; its pods are Ready=%s', async (ready, podReady) => {
    const [pod] = await podsOf(cluster.api, WORKER)
    const node = pod?.spec.nodeName ?? ''
    await loseNode(cluster.api, node, ready)
    expect((await cluster.kubectl(['get', 'node', node, '--no-headers'])).stdout).toMatch(/ NotReady /)
    const [lost] = await podsOf(cluster.api, WORKER)
    expect(lost && condition(lost, 'Ready')).toBe(podReady)
    await restoreNode(cluster.api, node)
    const [back] = await podsOf(cluster.api, WORKER)
    expect(back && condition(back, 'Ready')).toBe('True')
    expect(back?.metadata.uid).toBe(pod?.metadata.uid)
  })

  test('a pod takes its time to stop', async () => {
    const isReady = (found: Pod): boolean => condition(found, 'Ready') === 'True'
    await replaceDeployment(cluster.api, withFault(deployment(WORKER), {'stop-delay': '3s'}))
    const [old] = await waitForPods(cluster.api, WORKER, 'ready', (pods) => pods.some(isReady))
    const isOld = ({metadata}: Pod): boolean => metadata.uid === old?.metadata.uid
    await cluster.api.delete(`${PODS}/${old?.metadata.name}`)
    const pods = await waitForPods(cluster.api, WORKER, 'a successor', (found) => found.some((pod) => isReady(pod) && !isOld(pod)))
    expect(pods.find(isOld)?.metadata).toHaveProperty('deletionTimestamp')
    await waitForPods(cluster.api, WORKER, 'the old one gone', (found) => !found.some(isOld))
  })

  test('a Job comes to its end, and one that fails, fails', async () => {
    const job = (name: string, labels: Record<string, string>): object => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {name},
      spec: {
        backoffLimit: 0,
        template: {metadata: {labels: {app: name, ...labels}}, spec: {restartPolicy: 'Never', containers: [{name: 'app', image: 'job:1'}]}},
      },
    })
    const jobs = '/apis/batch/v1/namespaces/sapoche/jobs'
    await cluster.api.create(jobs, job('good', {}))
    await cluster.api.create(jobs, job('bad', {'sapoche.test/state': 'failed'}))
    await waitForPods(cluster.api, 'good', 'succeeded', ([found]) => found?.status.phase === 'Succeeded')
    await waitForPods(cluster.api, 'bad', 'failed', ([found]) => found?.status.phase === 'Failed')
  })

  test('what was broken is restored', async () => {
    await deleteDeployment(cluster.api, 'consumer-ecg')
    await cluster.kubectl(['scale', 'deployment', WORKER, '--namespace=sapoche', '--replicas=3'])
    await cluster.api.create(DEPLOYMENTS, renamed(deployment(WORKER), 'stranger'))
    await restore(cluster.api)
    const {items} = await cluster.api.get<{items: {metadata: {name: string}; status: {availableReplicas?: number}}[]}>(DEPLOYMENTS)
    expect(items).toHaveLength(38)
    expect(items.reduce((sum, {status}) => sum + (status.availableReplicas ?? 0), 0)).toBe(40)
  })
})

describe('the API server goes away and comes back', () => {
  afterAll(() => cluster.restartControllers())

  test.each(['killed', 'terminated'] as const)('%s: the watch ends, the same objects are there afterwards', async (how) => {
    const before = await cluster.api.get<{items: Pod[]}>(PODS)
    const watch = cluster.api.watch(PODS)
    await watch.next()
    const ended = (async () => {
      // oxlint-disable-next-line no-empty
      for await (const event of watch) void event
      return 'ended'
    })().catch(() => 'broken')
    await cluster.stopApiServer(how)
    const refused = cluster.api.get(PODS).catch((error: Error) => error.message)
    const outcome = [await ended, await refused]
    await cluster.startApiServer()
    expect(outcome).toEqual([how === 'killed' ? 'broken' : 'ended', expect.stringContaining('ECONNREFUSED')])
    const after = await cluster.api.get<{items: Pod[]}>(PODS)
    expect(after.items.map(({metadata}) => metadata.uid)).toEqual(before.items.map(({metadata}) => metadata.uid))
    // The controllers, the scheduler and kwok have found their way back.
    await replaceDeployment(cluster.api, deployment(WORKER))
    await restore(cluster.api)
  })
})

describe('proxies', () => {
  let proxy: Proxy
  afterEach(() => proxy.close())

  test('one that speaks only HTTP/1.1 carries kubectl, and refuses a client that speaks only HTTP/2', async () => {
    proxy = await startProxy({...cluster, protocols: ['http/1.1']})
    const kubeconfig = await writeKubeconfig(`${cluster.dir}/kubeconfig-proxy`, {...cluster, server: proxy.server, ca: proxy.ca})
    const {stdout, code} = await cluster.kubectl(['get', 'deployments', '--no-headers'], {kubeconfig})
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(38)
    expect(new Set(proxy.requests.map(({httpVersion}) => httpVersion))).toEqual(new Set(['1.1']))
    const session = connectHttp2(proxy.server, {ca: proxy.ca})
    await expect(new Promise((resolve, reject) => session.on('connect', resolve).on('error', reject))).rejects.toThrow(/protocol/)
  })

  test('one that speaks HTTP/2 carries kubectl too', async () => {
    proxy = await startProxy(cluster)
    const kubeconfig = await writeKubeconfig(`${cluster.dir}/kubeconfig-proxy`, {...cluster, server: proxy.server, ca: proxy.ca})
    const {stdout, code} = await cluster.kubectl(['get', 'deployments', '--no-headers'], {kubeconfig})
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(38)
    expect(proxy.requests.map(({httpVersion}) => httpVersion)).toContain('2.0')
  })
})

describe('what containers do', () => {
  const time = (second: number): string => `2026-11-22T03:12:${String(second).padStart(2, '0')}.123456789Z`
  const output = async (args: string): Promise<string> => {
    const {stdout, stderr, code} = await cluster.kubectl(args.split(' '), {timeout: 10_000})
    return code === 0 ? stdout : `${code} ${stderr}`
  }
  let pod: string
  beforeAll(async () => {
    pod = (await podsOf(cluster.api, 'orthanc-read-api'))[0]?.metadata.name ?? ''
  })
  afterAll(async () => {
    // What kwok was told of it goes before what later tests say of all pods.
    await cluster.api.delete(`${PODS}/${pod}`)
    await restore(cluster.api)
  })

  test('logs of each container, of the one before, and as they come', async () => {
    const log = await giveLog(cluster, {pod, container: 'orthanc'}, [{time: time(1), text: 'one'}], [{time: time(0), text: 'zero'}])
    await giveLog(cluster, {pod, container: 'metrics-sidecar'}, [{time: time(2), stream: 'stderr', text: 'beside'}])
    const logs = `logs -n sapoche ${pod} -c`
    await waitUntil('kwok knows the logs', async () => (await output(`${logs} metrics-sidecar`)) === 'beside\n', {timeout: 10_000})
    expect(await output(`${logs} orthanc --timestamps`)).toBe(`${time(1)} one\n`)
    expect(await output(`${logs} orthanc --previous`)).toBe('zero\n')
    expect(await output(`${logs} metrics-sidecar --previous`)).toMatch(/^1 .*failed to read log file/)
    const path = `${PODS}/${pod}/log?container=orthanc&follow=true`
    const request = httpsGet(new URL(path, cluster.server), {ca: cluster.ca, headers: {authorization: `Bearer ${cluster.token}`}})
    const [answer] = (await once(request, 'response')) as [IncomingMessage]
    const lines = createInterface({input: answer})[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('one')
    await log.append([{time: time(3), text: 'two'}])
    expect((await lines.next()).value).toBe('two')
    request.destroy()
  })

  test('exec runs here, with the environment of the container', async () => {
    await giveExec(cluster, {pod}, {REDIS_QUEUE: 'pdf'})
    const command = ['exec', '-n', 'sapoche', pod, '-c', 'orthanc', '--', 'sh', '-c', 'echo $REDIS_QUEUE']
    await waitUntil('kwok knows what to run', async () => (await cluster.kubectl(command)).stdout === 'pdf\n', {timeout: 10_000})
  })

  test('a port of a pod is a server on loopback', async () => {
    const server = createServer((socket) => socket.end('hello'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await givePort(cluster, {pod}, 8042, (server.address() as AddressInfo).port)
    const port = await freePort()
    const enough = new AbortController()
    const forward = cluster.kubectl(['port-forward', '-n', 'sapoche', pod, `${port}:8042`], {signal: enough.signal})
    const greeting = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const client = connect(port, '127.0.0.1')
        client.on('data', (chunk) => {
          resolve(chunk.toString())
          client.destroy()
        })
        client.on('close', () => reject(new Error('closed'))).on('error', reject)
      })
    await waitUntil('the port is forwarded', async () => (await greeting()) === 'hello', {timeout: 20_000})
    server.close()
    enough.abort()
    expect((await forward).stdout).toContain('Handling connection')
  })
})

test('metrics-server has figures of every pod', {timeout: 150_000}, async () => {
  await cluster.startMetrics()
  const {stdout, code} = await cluster.kubectl(['top', 'pods', '--namespace=sapoche', '--no-headers'])
  expect(code).toBe(0)
  const rows = stdout.trimEnd().split('\n')
  expect(rows).toHaveLength(40)
  expect(rows.every((row) => /\d+m +\d+Mi/.test(row))).toBe(true)
})
