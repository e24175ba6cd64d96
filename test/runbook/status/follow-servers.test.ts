import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterEach, describe, expect, test} from 'vitest'
import {builtinCatalogue} from '../../../src/lib/catalogue/index.ts'
import {connectCluster, type ClusterClient} from '../../../src/lib/clients/kubernetes/index.ts'
import {followStatus, PACE, type Sight} from '../../../src/lib/runbook/status/follow.ts'
import type {Sandbox} from '../../../src/lib/sandbox/index.ts'
import {startTcpProxy, type TcpProxy} from '../../real/tcp-proxy.ts'
import {APPS, request, start} from '../../sandbox/client.ts'
import {WORKER} from './scripted-cluster.ts'

/** The embedded cluster behind a proxy that drops connections, followed by the real client. */
interface Scene {
  readonly sandbox: Sandbox
  readonly proxy: TcpProxy
  readonly client: ClusterClient
  readonly sights: AsyncGenerator<Sight>
  /** The first sight that is as wished for; the changes up to it are in `changes`. */
  until(wished: (sight: Sight) => boolean): Promise<Sight>
  readonly changes: string[]
  scale(replicas: number): Promise<void>
  close(): Promise<void>
}

let scene: Scene
afterEach(() => scene.close())

async function watching(quietMs = 60_000): Promise<Scene> {
  const sandbox = await start()
  const {hostname, port} = new URL(sandbox.url)
  const proxy = await startTcpProxy({host: hostname, port: Number(port)})
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-follow-'))
  const kubeconfig = path.join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, sandbox.kubeconfig().replace(sandbox.url, `https://${proxy.host}:${proxy.port}`))
  const now = (): number => Date.now()
  const client = await connectCluster({
    kubeconfig,
    namespace: 'sapoche',
    requestTimeoutMs: 10_000,
    env: {},
    homeDir: folder,
    interactive: false,
    onMessage: () => {},
    asGroups: [],
    signal: new AbortController().signal,
    now,
    random: () => 0,
  })
  const controller = new AbortController()
  const pace = {...PACE, gatherMs: 5, tickMs: 1000, quietMs}
  const sights = followStatus(
    {targets: [], strict: false},
    {cluster: client, catalogue: builtinCatalogue, look: null, now},
    controller.signal,
    pace,
  )
  const changes: string[] = []
  return {
    sandbox,
    proxy,
    client,
    sights,
    changes,
    async until(wished) {
      for (;;) {
        const {value} = await sights.next()
        if (value === undefined) throw new Error('it ended')
        changes.push(...value.changes.map(({name, from, to}) => `${name} ${from} -> ${to}`))
        if (wished(value)) return value
      }
    },
    async scale(replicas) {
      const body = {spec: {replicas}}
      await request(sandbox, 'PATCH', `${APPS}/deployments/${WORKER}`, {body, type: 'application/merge-patch+json'})
    },
    async close() {
      controller.abort()
      client.close()
      await proxy.close()
      await sandbox.close()
      rmSync(folder, {recursive: true})
    },
  }
}

const healthOf = ({report}: Sight): string => report.items.find(({name}) => name === WORKER)!.health
const broken = {kind: 'reset', afterBytes: 0} as const

describe('on a server', () => {
  test('a scaling is seen as it happens', async () => {
    scene = await watching()
    expect((await scene.until(() => true)).report).toMatchObject({verdict: 'ok', summary: {workloads: 38}})
    await scene.scale(0)
    await scene.until((sight) => healthOf(sight) === 'stopped')
    await scene.scale(1)
    const {report} = await scene.until((sight) => healthOf(sight) === 'ok')
    expect(report.verdict).toBe('ok')
    expect(scene.changes[0]).toBe('sapoche null -> ok')
    expect(scene.changes.filter((words) => words.startsWith(WORKER)).at(0)).toBe(`${WORKER} ok -> stopped`)
    expect(scene.changes.filter((words) => words.startsWith(WORKER)).at(-1)).toMatch(/-> ok$/)
  })

  test('a dropped connection: blind while nobody answers, then the truth, whatever happened meanwhile', async () => {
    scene = await watching(50)
    const first = await scene.until(() => true)
    scene.proxy.fail(broken)
    scene.proxy.resetConnections()
    const blind = await scene.until((sight) => sight.blind !== null)
    expect(blind.blind!.reason).toMatch(/^can't reach https:\S+: connection (reset|lost)$/)
    expect(blind.report).toMatchObject({verdict: first.report.verdict})
    await scene.scale(0)
    scene.proxy.fail(null)
    const seen = await scene.until((sight) => sight.blind === null && healthOf(sight) === 'stopped')
    expect(seen.report.verdict).toBe('critical')
    expect(scene.changes).toEqual([
      'sapoche null -> ok',
      'sapoche watching -> blind',
      'sapoche blind -> watching',
      `${WORKER} ok -> stopped`,
      'sapoche ok -> critical',
    ])
  })

  test('dropped connections that come back at once are not worth a word', async () => {
    scene = await watching()
    await scene.until(() => true)
    for (const replicas of [0, 1, 0]) {
      scene.proxy.resetConnections()
      await scene.scale(replicas)
      await scene.until((sight) => healthOf(sight) === (replicas === 0 ? 'stopped' : 'ok') && sight.blind === null)
    }
    expect(scene.changes.at(-1)).toBe('sapoche ok -> critical')
    expect(scene.changes.filter((words) => words.includes('blind'))).toEqual([])
  })
})
