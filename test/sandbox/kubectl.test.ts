import {execFile, spawn} from 'node:child_process'
import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {promisify} from 'node:util'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {openTerminal, sizeWithin} from '../package/terminal.ts'
import {start} from './client.ts'

/** A real kubectl: the suite of the real servers names it. */
const KUBECTL = process.env['KUBECTL']

describe.skipIf(KUBECTL === undefined)('a real kubectl', () => {
  let sandbox: Sandbox
  let folder: string
  let options: string[]
  beforeAll(async () => {
    sandbox = await start('crashloop')
    folder = await mkdtemp(path.join(os.tmpdir(), 'sandbox-kubectl-'))
    const kubeconfig = path.join(folder, 'kubeconfig')
    await writeFile(kubeconfig, sandbox.kubeconfig())
    options = ['--kubeconfig', kubeconfig, '--cache-dir', path.join(folder, 'cache')]
  })
  afterAll(async () => {
    await sandbox.close()
    await rm(folder, {recursive: true})
  })

  const kubectl = async (...args: string[]): Promise<string> => {
    const {stdout} = await promisify(execFile)(KUBECTL ?? '', [...options, ...args])
    return stdout
  }

  test('get deployments,pods,services,events', async () => {
    const text = await kubectl('get', 'deployments,pods,services,events')
    expect(text).toMatch(/^deployment.apps\/worker-sapoche-pdf +0\/1 +1 +0 +120m$/m)
    expect(text).toMatch(/^pod\/worker-sapoche-pdf-\S+ +0\/1 +CrashLoopBackOff +6 \(3m\d+s ago\) +20m$/m)
    expect(text).toMatch(/^service\/st-bnkd-php +ClusterIP +10\.27\.183\.187 +<none> +9000\/TCP,80\/TCP +120m$/m)
    expect(text).toMatch(/ Warning +BackOff +pod\/worker-sapoche-pdf-\S+ +Back-off restarting failed container app/)
    expect(text.match(/^deployment\.apps\//gm)).toHaveLength(38)
  })

  test('-o json, -o wide, -o name, chunks, api-resources, version', async () => {
    const {items} = JSON.parse(await kubectl('get', 'pods', '-o', 'json')) as {items: {kind: string}[]}
    expect([items.length, items[0]?.kind]).toEqual([40, 'Pod'])
    expect(await kubectl('get', 'pods', '-o', 'wide')).toMatch(/IP +NODE +NOMINATED NODE +READINESS GATES/)
    expect((await kubectl('get', 'deployments', '-o', 'name', '--chunk-size', '7')).trim().split('\n')).toHaveLength(38)
    expect(await kubectl('api-resources')).toMatch(/^deployments +deploy +apps\/v1 +true +Deployment$/m)
    expect(await kubectl('version')).toContain('Server Version: v1.36.3')
    expect(await kubectl('get', 'all')).toContain('replicaset.apps/')
  })

  test('describe deployment, pod, service and node', async () => {
    const deployment = await kubectl('describe', 'deployment', 'worker-sapoche-pdf')
    expect(deployment).toContain('OldReplicaSets:  worker-sapoche-pdf-')
    expect(deployment).toMatch(/ScalingReplicaSet +\d+m +deployment-controller/)
    expect(await kubectl('describe', 'pods', '-l', 'app=worker-sapoche-pdf')).toMatch(/Reason: +CrashLoopBackOff[\s\S]*Exit Code: +255/)
    expect(await kubectl('describe', 'service', 'st-redis-sp')).toMatch(/Endpoints: +10\.40\.0\.\d+:6379/)
    expect(await kubectl('describe', 'node', 'node-a')).toContain('Non-terminated Pods:')
  })

  test('exec, with its exit code and input', async () => {
    expect(await kubectl('exec', 'deployment/worker-sapoche-default', '--', 'env')).toContain('QUEUE_CONNECTION=redis')
    expect(await kubectl('exec', 'deployment/redis-master-st-sp', '--', 'redis-cli', 'PING')).toBe('PONG\n')
    await expect(kubectl('exec', 'deployment/st-bnkd-php', '--', 'sh', '-c', 'echo out; exit 7')).rejects.toMatchObject({
      code: 7,
      stdout: 'out\n',
    })
    const piped = spawn(KUBECTL ?? '', [...options, 'exec', '-i', 'deployment/st-bnkd-php', '--', 'wc', '-c'])
    let counted = ''
    piped.stdout.on('data', (part: Buffer) => (counted += part.toString()))
    piped.stdin.end('x'.repeat(1_000_000))
    await new Promise((resolve) => piped.once('close', resolve))
    expect(counted).toBe('1000000\n')
  })

  test('exec -it: a terminal, its size, every change of it, and the exit code', async () => {
    const program = `"${KUBECTL}" ${options.map((option) => `"${option}"`).join(' ')}`
    const terminal = openTerminal('exec -it deployment/st-bnkd-php -- sh', {columns: 90, rows: 25, program})
    try {
      await terminal.shows((screen) => /[$#] ?$/.test(screen.trimEnd()))
      expect(await sizeWithin(terminal)).toBe('25 90')
      terminal.resize(70, 20)
      await expect.poll(() => sizeWithin(terminal)).toBe('20 70')
      terminal.type('exit 9\r')
      expect(await terminal.ended()).toBe(9)
    } finally {
      terminal.close()
    }
  })

  test('top pods and nodes, events', async () => {
    const top = (await kubectl('top', 'pods', '--sort-by', 'memory')).trim().split('\n')
    expect(top).toHaveLength(40)
    expect(top[1]).toMatch(/^\S+ +\d+m +\d+Mi *$/)
    expect((await kubectl('top', 'nodes')).trim().split('\n')).toHaveLength(4)
    expect(await kubectl('events', '--for', 'deployment/worker-sapoche-pdf')).toContain('ScalingReplicaSet')
  })

  test('get -w shows a pod that is replaced', async () => {
    const watching = spawn(KUBECTL ?? '', [...options, 'get', 'pods', '-w', '-l', 'app=consumer-ecg'])
    let seen = ''
    watching.stdout.on('data', (part: Buffer) => (seen += part.toString()))
    await expect.poll(() => seen, {timeout: 5000}).toMatch(/^consumer-ecg-\S+ +1\/1 +Running/m)
    await kubectl('delete', 'pod', '-l', 'app=consumer-ecg')
    await expect.poll(() => seen, {timeout: 5000}).toMatch(/Terminating[\s\S]*1\/1 +Running/)
    watching.kill()
  })

  test('rollout restart, status, history, undo, pause and resume', async () => {
    await kubectl('rollout', 'restart', 'deployment/consumer-dicom')
    expect(await kubectl('rollout', 'status', 'deployment/consumer-dicom', '--timeout', '10s')).toContain('successfully rolled out')
    expect(await kubectl('rollout', 'history', 'deployment/worker-sapoche-pdf')).toMatch(/^1 [\s\S]*^2 /m)
    await kubectl('rollout', 'undo', 'deployment/worker-sapoche-pdf')
    expect(await kubectl('rollout', 'status', 'deployment/worker-sapoche-pdf', '--timeout', '10s')).toContain('successfully rolled out')
    await kubectl('rollout', 'pause', 'deployment/consumer-dicom')
    await kubectl('set', 'image', 'deployment/consumer-dicom', 'app=registry.example/sapoche/consumer:1.6')
    await kubectl('rollout', 'resume', 'deployment/consumer-dicom')
    expect(await kubectl('rollout', 'status', 'deployment/consumer-dicom', '--timeout', '10s')).toContain('successfully rolled out')
  })

  test('scale, with its guard', async () => {
    await kubectl('scale', 'deployment/st-bnkd-php', '--replicas', '5', '--current-replicas', '3')
    await expect(kubectl('scale', 'deployment/st-bnkd-php', '--replicas', '4', '--current-replicas', '3')).rejects.toThrow(
      'Expected replicas to be 3, was 5',
    )
    expect(await kubectl('rollout', 'status', 'deployment/st-bnkd-php', '--timeout', '10s')).toContain('successfully rolled out')
  })

  test('events of one object', async () => {
    expect(await kubectl('events', '--for', 'deployment/worker-sapoche-pdf')).toContain('ScalingReplicaSet')
  })
})
