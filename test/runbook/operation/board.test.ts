import {describe, expect, test} from 'vitest'
import type {ClusterReader, Decode, Resource, WatchEvent} from '../../../src/lib/clients/kubernetes/types.ts'
import {RefusedError} from '../../../src/lib/errors/index.ts'
import {Board} from '../../../src/lib/runbook/operation/board.ts'
import {rawDeployment} from './objects.ts'

type Raw = {readonly [key: string]: unknown}
type RawEvent = WatchEvent<Raw>

/** Events of three watches, as the test sends them; an error ends a watch. */
class Script {
  readonly #queues = new Map<string, (RawEvent | Error)[]>()
  readonly #wakes = new Map<string, () => void>()

  send(resource: 'deployments' | 'replicasets' | 'pods', ...events: (RawEvent | Error)[]): void {
    this.#queues.set(resource, [...(this.#queues.get(resource) ?? []), ...events])
    this.#wakes.get(resource)?.()
  }

  /** The part of a reader that a board uses. */
  get reader(): ClusterReader {
    const next = async (name: string, signal: AbortSignal): Promise<RawEvent | Error | null> => {
      for (;;) {
        const event = this.#queues.get(name)?.shift()
        if (event !== undefined) return event
        if (signal.aborted) return null
        await new Promise<void>((resolve) => {
          this.#wakes.set(name, resolve)
          signal.addEventListener('abort', () => resolve(), {once: true})
        })
      }
    }
    async function* watch<T>(
      {name}: Resource,
      decode: Decode<T>,
      {signal = never}: {signal?: AbortSignal} = {},
    ): AsyncGenerator<WatchEvent<T>> {
      for (;;) {
        const event = await next(name, signal)
        if (event === null) return
        if (event instanceof Error) throw event
        if (event.type === 'listed') yield {type: 'listed', items: event.items.map(decode)}
        else if (event.type === 'blind' || event.type === 'resumed') yield event
        else yield {type: event.type, object: decode(event.object)}
      }
    }
    return {watch} as unknown as ClusterReader
  }
}

const never = new AbortController().signal
const owned = (kind: string, name: string, owner: string): Raw => ({
  metadata: {name, uid: `uid-${name}`, ownerReferences: [{kind, name: owner, uid: `uid-${owner}`, controller: true}]},
})
const webSet = owned('Deployment', 'web-1', 'web')
const webPod = owned('ReplicaSet', 'web-1-a', 'web-1')

async function opened(): Promise<{script: Script; board: Board}> {
  const script = new Script()
  script.send('deployments', {type: 'listed', items: [rawDeployment(), rawDeployment({name: 'other'})]})
  script.send('replicasets', {type: 'listed', items: [webSet, owned('Deployment', 'other-1', 'other')]})
  script.send('pods', {type: 'listed', items: [webPod, owned('StatefulSet', 'store-0', 'store')]})
  return {script, board: await Board.open(script.reader, never)}
}

describe('the namespace as it is now', () => {
  test('who owns what', async () => {
    const {board} = await opened()
    const web = board.deployment('web')!
    expect(board.podsOf(web).map(({name}) => name)).toEqual(['web-1-a'])
    expect(board.deploymentOf(board.pods()[0]!)?.name).toBe('web')
    expect(board.deploymentOf(board.pods()[1]!)).toBeNull()
    expect(board.names()).toEqual({
      workloads: ['web', 'other'],
      pods: [
        {name: 'web-1-a', workload: 'web'},
        {name: 'store-0', workload: null},
      ],
    })
    board.close()
  })

  test('changes come in, and wake who waits', async () => {
    const {script, board} = await opened()
    const changed = board.change(60_000, never)
    script.send('pods', {type: 'added', object: owned('ReplicaSet', 'web-1-b', 'web-1')}, {type: 'deleted', object: webPod})
    script.send('deployments', {type: 'modified', object: rawDeployment({replicas: 2})})
    await changed
    const web = board.deployment('web')!
    expect({replicas: web.replicas, pods: board.podsOf(web).map(({name}) => name)}).toEqual({replicas: 2, pods: ['web-1-b']})
    board.close()
  })

  test('a new list replaces what was known', async () => {
    const {script, board} = await opened()
    const changed = board.change(60_000, never)
    script.send('deployments', {type: 'listed', items: [rawDeployment({name: 'new'})]})
    await changed
    expect(board.deployments().map(({name}) => name)).toEqual(['new'])
    board.close()
  })

  test('blind in one place is blind, whatever the others say', async () => {
    const {script, board} = await opened()
    for (const [resource, event, blind] of [
      ['pods', {type: 'blind', reason: 'connection reset'}, 'connection reset'],
      ['deployments', {type: 'modified', object: rawDeployment()}, 'connection reset'],
      ['pods', {type: 'resumed'}, null],
    ] as const) {
      const changed = board.change(60_000, never)
      script.send(resource, event)
      await changed
      expect(board.blind).toBe(blind)
    }
    board.close()
  })

  test('refused later: whoever waits hears of it, then and afterwards', async () => {
    const {script, board} = await opened()
    const changed = board.change(60_000, never)
    script.send('replicasets', new RefusedError('not allowed to watch replicasets'))
    await expect(changed).rejects.toThrow('not allowed to watch replicasets')
    await expect(board.change(60_000, never)).rejects.toThrow('not allowed to watch replicasets')
    board.close()
  })

  test('refused at first, or interrupted: it does not open', async () => {
    const refused = new Script()
    refused.send('pods', new RefusedError('not allowed to list pods'))
    await expect(Board.open(refused.reader, never)).rejects.toThrow('not allowed to list pods')
    const interrupt = new AbortController()
    const opening = Board.open(new Script().reader, interrupt.signal)
    interrupt.abort(new Error('interrupted'))
    await expect(opening).rejects.toThrow('interrupted')
  })

  test('an interruption and the end of patience wake as well', async () => {
    const {board} = await opened()
    const interrupt = new AbortController()
    const changed = board.change(60_000, interrupt.signal)
    interrupt.abort()
    await changed
    await board.change(60_000, interrupt.signal)
    await board.change(1, never)
    board.close()
  })
})
