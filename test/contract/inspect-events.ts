import {expect, test} from 'vitest'
import type {EventRecord, EventsReport} from '../../src/lib/runbook/events/schema.ts'
import {openTerminal} from '../package/terminal.ts'
import {podsOf} from '../real/faults.ts'
import {CORE, stepsOf} from './inspect-steps.ts'
import type {InspectTarget} from './inspect-target.ts'
import {reportOf} from './scene.ts'

/** Events, listed and followed. */
export function eventsSuite(opened: () => InspectTarget): void {
  const {read, done} = stepsOf(opened)

  /** Writes an event about a pod of a workload, as components do. */
  async function tell(workload: string, name: string, event: object): Promise<void> {
    const [pod] = await podsOf(opened().api, workload)
    await opened().api.create(`${CORE}/events`, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {name: `${workload}.${process.pid}-${name}`, namespace: 'sapoche'},
      involvedObject: {apiVersion: 'v1', kind: 'Pod', namespace: 'sapoche', name: pod?.metadata.name, uid: pod?.metadata.uid},
      type: 'Warning',
      reason: 'Contract',
      ...event,
    })
  }

  test('the workload of each, the newest last', async () => {
    await done('restart', 'worker-sapoche-event-tracking', '--yes')
    const {items, summary} = await read<EventsReport>('EventsReport', 'events', 'worker-sapoche-event-tracking')
    expect(summary.events).toBe(items.length)
    expect(new Set(items.map(({workload}) => workload))).toEqual(new Set(['worker-sapoche-event-tracking']))
    expect(new Set(items.map(({object}) => object.kind))).toEqual(new Set(['Deployment', 'ReplicaSet', 'Pod']))
    const times = items.map(({at}) => at ?? '')
    expect(times).toEqual([...times].sort())
  })

  test('a series by its last time; none are merged, and --limit counts rows', async () => {
    const workload = 'worker-booking'
    const at = (seconds: number): string => `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}.000000Z`
    const alike = {message: 'twice the same', firstTimestamp: at(10), lastTimestamp: at(10), count: 1}
    await tell(workload, 'a', alike)
    await tell(workload, 'b', alike)
    await tell(workload, 'series', {
      message: 'again and again',
      action: 'Trying',
      eventTime: at(-600),
      series: {count: 12, lastObservedTime: at(20)},
      reportingComponent: 'contract',
      reportingInstance: 'contract-1',
    })
    const {items} = await read<EventsReport>('EventsReport', 'events', workload, '--limit', '3')
    expect(items).toMatchObject([
      {message: 'twice the same', count: 1, workload},
      {message: 'twice the same', count: 1, workload},
      {message: 'again and again', count: 12, workload, source: 'contract'},
    ])
    const {summary} = await read<EventsReport>('EventsReport', 'events', workload, '--warnings')
    expect(summary.events).toBe(summary.warnings)
    // In a pipe a line each.
    const {stdout} = await opened().sapoche(['events', workload, '--limit', '3'])
    expect(stdout.split('\n').filter((line) => line.includes('Contract'))).toHaveLength(3)
    expect(stdout).toMatch(/Warning +Contract .* again and again \(x12 over /)
  })

  test('--follow on a terminal: events, and nothing of what was waited for', async () => {
    const at = new Date().toISOString()
    await tell('worker-booking', 'seen', {message: 'seen', firstTimestamp: at, lastTimestamp: at, count: 1})
    const terminal = openTerminal('events worker-booking --follow --limit 1', {columns: 200, env: {KUBECONFIG: opened().kubeconfig}})
    const line = /^\d\d:\d\d:\d\d  (Normal |Warning)  .*$/
    try {
      await terminal.shows((screen) => screen.split('\n').some((each) => line.test(each)))
      terminal.type('\u0003')
      expect(await terminal.ended()).toBe(130)
      const [begun, ...events] = terminal.lines().filter(Boolean)
      expect(begun).toBe('begun')
      for (const each of events.slice(0, -1)) expect(each).toMatch(line)
    } finally {
      terminal.close()
    }
  })

  test('--follow goes on after its connection was cut: every event once', async () => {
    const {proxy, kubeconfig} = await opened().throughProxy()
    const started = opened().start(['events', 'consumer-ecg', '--follow', '-o', 'json'], kubeconfig)
    const messages = (): string[] =>
      started
        .stdout()
        .split('\n')
        .filter(Boolean)
        .map((line) => reportOf<EventRecord>({code: 0, signal: null, stdout: line, stderr: ''}, 'EventRecord').message)
        .filter((message) => message.startsWith('number '))
    const seen = (...numbers: readonly number[]): Promise<void> =>
      expect.poll(messages, {timeout: 15_000}).toEqual(numbers.map((number) => `number ${number}`))
    const number = (each: number): Promise<void> => {
      const at = new Date().toISOString()
      return tell('consumer-ecg', String(each), {message: `number ${each}`, firstTimestamp: at, lastTimestamp: at, count: 1})
    }
    await number(1)
    await seen(1)
    proxy.resetConnections()
    await number(2)
    await seen(1, 2)
    await number(3)
    await seen(1, 2, 3)
    started.interrupt()
    expect(await started.ended).toBe(130)
  })
}
