import {spawn} from 'node:child_process'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {afterAll, beforeAll, expect, test} from 'vitest'
import type {StatusChange} from '../../src/lib/runbook/status/schema.ts'
import {PROGRAM} from '../package/program.ts'
import type {Cluster} from '../real/cluster-handle.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {startProxy} from '../real/proxy.ts'
import type {Person, Target} from './target.ts'

/** An API server that can be taken away and brought back. */
export interface Outage {
  readonly kubeconfig: string
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

/** Who looks on. */
export const WATCHER: Person = {
  name: 'watcher',
  rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch']}],
  clusterRules: [],
}

/** What can't be restarted stands behind a proxy that breaks off everything, and lets nothing through. */
export async function proxyOutage(target: Target, token: string): Promise<Outage> {
  const proxy = await startProxy({server: target.server, ca: target.ca})
  return {
    kubeconfig: await writeKubeconfig(path.join(target.folder, 'kubeconfig-outage'), {server: proxy.server, ca: proxy.ca, token}),
    async down() {
      proxy.fail({kind: 'answer', status: 503})
      proxy.resetConnections()
    },
    async up() {
      proxy.heal()
    },
    close: () => proxy.close(),
  }
}

/** The real one is killed, and started again. */
export function realOutage(cluster: Cluster): Outage {
  return {
    kubeconfig: cluster.kubeconfig,
    down: () => cluster.stopApiServer('killed'),
    up: () => cluster.startApiServer(),
    close: () => cluster.restartControllers(),
  }
}

/** `sapoche status` while the API server is restarted in the middle. */
export function outageSuite(open: () => Promise<{target: Target; outage: Outage}>): void {
  let target: Target
  let outage: Outage
  beforeAll(async () => {
    ;({target, outage} = await open())
  })
  afterAll(async () => {
    await outage.close()
    await target.close()
  })

  test('unreachable is 69 and never a verdict; afterwards all is as before', async () => {
    const status = () => target.sapoche(['status', 'frontend', '--json', '--kubeconfig', outage.kubeconfig])
    expect((await status()).code).toBe(0)
    await outage.down()
    try {
      const gone = await status()
      expect(gone.code).toBe(69)
      expect(JSON.parse(gone.stdout)).toMatchObject({kind: 'Error', error: {code: 'unreachable', exitCode: 69}})
    } finally {
      await outage.up()
    }
    expect((await status()).code).toBe(0)
  })

  test('--watch says that it is blind, sees again, and ends with the last verdict', async () => {
    const args = [PROGRAM, 'status', 'frontend', '--watch', '-o', 'json', '--kubeconfig', outage.kubeconfig]
    const watching = spawn(process.execPath, args, {stdio: ['ignore', 'pipe', 'pipe']})
    const closed = new Promise<number | null>((resolve) => watching.once('close', resolve))
    const changes = createInterface({input: watching.stdout})[Symbol.asyncIterator]()
    const until = async (enough: (change: StatusChange) => boolean): Promise<void> => {
      for (;;) {
        const {value, done} = await changes.next()
        if (done) throw new Error('the watch ended')
        if (enough(JSON.parse(value) as StatusChange)) return
      }
    }
    let isDown = false
    try {
      await until(({objectKind}) => objectKind === 'Namespace')
      isDown = true
      await outage.down()
      await until(({objectKind, to}) => objectKind === 'Watch' && to === 'blind')
      await outage.up()
      isDown = false
      await until(({objectKind, to}) => objectKind === 'Watch' && to === 'watching')
      watching.kill('SIGINT')
      expect(await closed).toBe(0)
    } finally {
      watching.kill('SIGKILL')
      // A second server beside one that runs would find its port taken, and end.
      if (isDown) await outage.up()
    }
  })
}
