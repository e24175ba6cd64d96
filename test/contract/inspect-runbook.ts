import {describe, expect, test} from 'vitest'
import {freePort} from '../real/processes.ts'
import {stepsOf} from './inspect-steps.ts'
import type {InspectTarget} from './inspect-target.ts'
import {readmeRows, RUNBOOK} from './runbook.ts'

/** What a run needs besides, and what it shows. */
interface Expected {
  readonly shows: RegExp
  /** Flags for a run without a person. */
  readonly flags?: readonly string[]
  readonly input?: string
  /** Goes on until Ctrl-C, which is pressed when it shows that, and then ends with this code. */
  readonly endless?: number
  /** Commands that go before, and those that bring the cluster back to its baseline: each line is run on that. */
  readonly before?: readonly string[]
  readonly after?: readonly string[]
}

const ORDER: Expected = {shows: /order/, endless: 130}
const YES = ['--yes']

/** By the command of the README. */
const EXPECTED: Readonly<Record<string, Expected>> = {
  status: {shows: /^OK {2}38 workloads: 36 active, 2 inactive as expected; 40\/40 pods ready$/m},
  'pods consumers': {shows: /^13\/13 pods ready$/m},
  'pods workers': {shows: /^16\/16 pods ready$/m},
  "pods 'st-bnkd*' redis-master-st-sp sapoche-be--scheduler--stag": {shows: /^8\/8 pods ready$/m},
  'logs -f consumer-lis-testresult': ORDER,
  'logs -f worker-sapoche-pdf': ORDER,
  'logs -f st-bnkd-php': ORDER,
  'logs -f st-bnkd-php-nginx': ORDER,
  'logs -f orthanc-read-api': ORDER,
  'logs worker-sapoche-pdf --tail 100': {shows: /order/},
  'scale st-bnkd-php --replicas 5': {shows: /st-bnkd-php +3 -> 5 +scaled/, flags: YES, after: ['scale st-bnkd-php --to-baseline']},
  'scale worker-sapoche-pdf --replicas 2': {
    shows: /worker-sapoche-pdf +1 -> 2 +scaled/,
    flags: YES,
    after: ['scale worker-sapoche-pdf --to-baseline'],
  },
  'scale worker-sapoche-pdf --replicas 3 --for 30m': {
    shows: /worker-sapoche-pdf +1 -> 3 +scaled/,
    flags: [...YES, '--detach'],
    after: ['scale worker-sapoche-pdf --to-baseline'],
  },
  'restart st-bnkd-php': {shows: /st-bnkd-php +.*restarted/, flags: YES},
  'restart consumer-lis-testresult': {shows: /consumer-lis-testresult +.*restarted/, flags: YES},
  'top --sort-by memory': {shows: /CPU and .* memory in \d+ containers/},
  'top --sort-by cpu': {shows: /CPU and .* memory in \d+ containers/},
  'status -o wide': {shows: /NAME +READY +HEALTH/, flags: ['--fail-on', 'never']},
  'events --limit 20': {
    shows: /ScalingReplicaSet +st-bnkd-php/,
    before: ['scale st-bnkd-php --replicas 4', 'scale st-bnkd-php --to-baseline'],
  },
  'env consumer-lis-testresult --match QUEUE': {shows: /^ {2}QUEUE_CONNECTION {2}redis$/m},
  'queue-depth --queue queue_name': {shows: /no such key/},
  "pods 'st-bnkd-php*'": {shows: /^6\/6 pods ready$/m},
  'shell st-bnkd-php': {shows: /^in the pod$/m, input: 'echo in the pod\nexit\n'},
  'forward orthanc-read-api-service 8042:80': {
    shows: /^http:\/\/127\.0\.0\.1:\d+ -> service orthanc-read-api-service port 80 /,
    endless: 0,
  },
}

/** The README's tables against the runbook and against a cluster at the runbook's baseline. */
export function runbookSuite(opened: () => InspectTarget): void {
  const rows = readmeRows()
  const {done} = stepsOf(opened)
  const all = async (commands: readonly string[]): Promise<void> => {
    for (const command of commands) await done(...command.split(' '), ...YES)
  }

  test('the tables of the README hold every kubectl line of the runbook', () => {
    expect(rows.map(({left}) => left)).toEqual(RUNBOOK)
  })

  describe('each of their commands', () => {
    const lines = rows.filter(({left}) => left.startsWith('kubectl ')).map(({left, right}) => [left, right.replace(/^sapoche /, '')])
    test.each(lines)('%s: %s', async (_, command = '') => {
      const expected = EXPECTED[command]
      if (expected === undefined) throw new Error(`nothing is known of what "${command}" shows`)
      const {shows, flags = [], input = '', endless, before = [], after = []} = expected
      // Nothing but names with asterisks is quoted. Port 8042 may be taken on this machine.
      const port = await freePort()
      const words = command.split(' ').map((word) => word.replaceAll("'", ''))
      const args = [...words, ...flags].map((word) => word.replace(/^8042:/, `${port}:`))
      await all(before)
      try {
        if (endless === undefined) {
          const {code, stdout, stderr} = await opened().sapoche(args, {input})
          expect({code, stderr}).toEqual({code: 0, stderr: ''})
          expect(stdout).toMatch(shows)
        } else {
          const started = opened().start(args)
          await started.shows(shows)
          started.interrupt()
          expect(await started.ended).toBe(endless)
        }
      } finally {
        await all(after)
      }
    })
  })
}
