import {describe, expect, test} from 'vitest'
import type {SapocheError} from '../../../src/lib/errors/index.ts'
import {gatherEvidence} from '../../../src/lib/runbook/operation/evidence.ts'
import {served, type Served} from '../served.ts'
import {ago, pod} from './objects.ts'

const CRASHED = pod({suffix: 'wx81p', state: 'crashloop', restarts: 3})
const event = (reason: string, seconds: number, more: object = {}): object => ({
  metadata: {name: `${reason}-${seconds}`},
  type: 'Warning',
  reason,
  message: `${reason} happened`,
  lastTimestamp: ago(seconds),
  involvedObject: {kind: 'Pod', name: CRASHED.name, uid: CRASHED.uid},
  ...more,
})

/** An API server with these events, and with a log of the container. */
function world(events: readonly object[], log: {status: number; text: string} = {status: 200, text: ''}): Promise<Served> {
  return served(
    {events: events as never},
    {
      handle: (asked) => {
        if (!asked.path.endsWith('/log')) return false
        if (log.status === 200) asked.response.writeHead(200, {'content-type': 'text/plain'}).end(log.text)
        else asked.status(log.status, {message: log.text})
        return true
      },
    },
  )
}

async function gather(source: Served, withLogs: boolean, of = CRASHED) {
  const warned: SapocheError[] = []
  const evidence = await gatherEvidence(source.cluster, of, 'app', withLogs, (error) => warned.push(error))
  return {evidence, warned, logs: source.requests.filter(({path}) => path.endsWith('/log'))}
}

describe('what is shown of a pod that fails', () => {
  test('its last five events, oldest first', async () => {
    const names = ['Scheduled', 'Pulled', 'Created', 'Started', 'Unhealthy', 'BackOff']
    const events = names.map((name, index) => event(name, 60 - index, name === 'BackOff' ? {count: 3} : {}))
    const {evidence, warned} = await gather(await world(events.toReversed()), false)
    expect(evidence).toEqual({
      pod: CRASHED.name,
      container: 'app',
      events: [
        'Warning Pulled: Pulled happened',
        'Warning Created: Created happened',
        'Warning Started: Started happened',
        'Warning Unhealthy: Unhealthy happened',
        'Warning BackOff (x3): BackOff happened',
      ],
      logs: null,
    })
    expect(warned).toEqual([])
  })

  test('no log line is even read, unless asked for', async () => {
    const {evidence, logs} = await gather(await world([], {status: 200, text: 'patient\n'}), false)
    expect({evidence: evidence.logs, logs}).toEqual({evidence: null, logs: []})
  })

  test('the last lines of the run that failed', async () => {
    const {evidence, logs} = await gather(await world([], {status: 200, text: 'first\nlast\n'}), true)
    expect(evidence.logs).toEqual(['first', 'last'])
    expect(logs.map(({query}) => Object.fromEntries(query))).toEqual([
      {container: 'app', tailLines: '20', limitBytes: '65536', previous: 'true'},
    ])
  })

  test('a container that runs is read as it is; one that never ran has none', async () => {
    const running = await gather(await world([], {status: 200, text: ''}), true, pod({state: 'unready'}))
    expect({lines: running.evidence.logs, previous: running.logs[0]?.query.get('previous')}).toEqual({lines: [], previous: null})
    const never = await gather(await world([]), true, pod({state: 'config'}))
    expect({lines: never.evidence.logs, asked: never.logs}).toEqual({lines: null, asked: []})
  })

  test('what can not be read is left out, and told', async () => {
    const {evidence, warned} = await gather(await world([event('BackOff', 1)], {status: 500, text: 'the kubelet is silent'}), true)
    expect(evidence).toMatchObject({events: ['Warning BackOff: BackOff happened'], logs: null})
    expect(warned.map(({message}) => message)).toEqual([expect.stringContaining('the kubelet is silent')])
  })
})
