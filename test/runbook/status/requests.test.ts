import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, beforeEach, expect, test, vi} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {startSandbox, type Sandbox} from '../../../src/lib/sandbox/index.ts'
import {run, type Run} from '../../package/program.ts'
import {writeKubeconfig} from '../../real/kubeconfig.ts'
import {type Proxy, startProxy} from '../../real/proxy.ts'

const EVENTS = '/api/v1/namespaces/sapoche/events?fieldSelector=<selector>&limit=500'

/** One list each; the cost of `status` is these and nothing else. */
const LISTS = [
  '/api/v1/namespaces/sapoche/pods?limit=500',
  '/api/v1/namespaces/sapoche/services?limit=500',
  '/api/v1/nodes?limit=500',
  '/apis/apps/v1/namespaces/sapoche/daemonsets?limit=500',
  '/apis/apps/v1/namespaces/sapoche/deployments?limit=500',
  '/apis/apps/v1/namespaces/sapoche/replicasets?limit=500',
  '/apis/apps/v1/namespaces/sapoche/statefulsets?limit=500',
  '/apis/autoscaling/v2/namespaces/sapoche/horizontalpodautoscalers?limit=500',
  '/apis/batch/v1/namespaces/sapoche/cronjobs?limit=500',
  '/apis/batch/v1/namespaces/sapoche/jobs?limit=500',
  '/apis/discovery.k8s.io/v1/namespaces/sapoche/endpointslices?limit=500',
  '/apis/keda.sh/v1alpha1/namespaces/sapoche/scaledobjects?limit=500',
  EVENTS,
].toSorted()

let sandbox: Sandbox
let folder: string
let proxy: Proxy
let kubeconfig: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-requests-'))
  sandbox = await startSandbox({scenario: 'baseline', catalogue: builtinCatalogue, now: Date.now})
})

beforeEach(async () => {
  proxy = await startProxy({server: sandbox.url, ca: sandbox.caPem})
  kubeconfig = await writeKubeconfig(path.join(folder, 'kubeconfig'), {server: proxy.server, ca: proxy.ca, token: sandbox.token})
  return () => proxy.close()
})

afterAll(async () => {
  await sandbox.close()
  await rm(folder, {recursive: true, force: true})
})

const status = (args: readonly string[] = [], options: Parameters<typeof run>[1] = {}): Promise<Run> =>
  run(['status', ...args], {...options, env: {KUBECONFIG: kubeconfig}})

const asked = (): string[] =>
  proxy.requests.map(({path: asked}) => asked.replace(/fieldSelector=[^&]*/, 'fieldSelector=<selector>')).toSorted()

test.each([
  {args: []},
  {args: ['worker-sapoche-pdf', '-o', 'json']},
  {args: ['consumers', '--except', 'consumer-lis-testresult', '--problems']},
])('status $args asks for one page of thirteen lists, and for nothing else', async ({args}) => {
  const {code, stderr} = await status(args)
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  expect(asked()).toEqual(LISTS)
})

test('all lists are in flight before the first answer, side by side over HTTP/2', async () => {
  proxy.fail({kind: 'hang'})
  const {code} = await status(['--request-timeout', '60s'], {
    started: (child) => void vi.waitFor(() => expect(asked()).toEqual(LISTS), {timeout: 15_000}).finally(() => child.kill('SIGINT')),
  })
  expect(code).toBe(130)
  expect(asked()).toEqual(LISTS)
  expect(new Set(proxy.requests.map(({httpVersion}) => httpVersion))).toEqual(new Set(['2.0']))
})

test('--deep asks for the same once more for nobody: ConfigMaps, the way to the servers, and the namespace of the brokers come to it', async () => {
  const {code, stderr} = await status(['--deep'])
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  const further = asked().filter((path) => !LISTS.includes(path))
  expect(asked().filter((path) => LISTS.includes(path))).toEqual(LISTS)
  const kinds = new Set(further.map((path) => path.replace(/pods\/[^/]+\//, 'pods/<pod>/').replace(/configmaps\/.*/, 'configmaps/<name>')))
  expect([...kinds].toSorted()).toEqual([
    '/api/v1/namespaces/kafka/pods/<pod>/portforward?ports=9092',
    '/api/v1/namespaces/kafka/pods?limit=500',
    '/api/v1/namespaces/kafka/services?limit=500',
    '/api/v1/namespaces/sapoche/configmaps/<name>',
    '/api/v1/namespaces/sapoche/pods/<pod>/portforward?ports=6379',
    '/api/v1/namespaces/sapoche/pods/<pod>/portforward?ports=80',
    '/api/v1/namespaces/sapoche/pods/<pod>/portforward?ports=8042',
  ])
  const reads = further.filter((path) => !path.includes('/portforward'))
  expect(new Set(reads).size).toBe(reads.length)
})
