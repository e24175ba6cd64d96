import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, test} from 'vitest'
import {ROOT, run} from './program.ts'

const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
const [, part = ''] = /words: a test runs every line -->\n([^]*)\n.*wordsstop/.exec(readme) ?? []
/** What the runbook says in words, and the README's command for it. */
const rows = [...part.matchAll(/^\| (.+?) \| `sapoche (.+)` \|$/gm)].map(([, words = '', command = '']) => [words, command])

/** What shows that a command speaks of what the words are about. */
const SHOWS: Readonly<Record<string, RegExp>> = {
  'trace --from gateway': /st-bnkd-php-nginx[^]*st-bnkd-php \([^]*st-redis-sp[^]*OK {2}gateway passes/,
  'trace --from events': /consumers \(process\) +ok +13\/13 ready, lag 0[^]*workers[^]*OK {2}events passes/,
  trace: /orthanc-read-api-service +NodePort +10\.27\.18\.84 +80:30635 +1 +ok/,
  'consumer-lag': /OK {2}14 groups/,
  'queue-depth': /redis {2}info {2}master/,
  'status consumers --deep': /consumer-lis-testresult +1\/1 {2}ok +0\n/,
  'logs all': /(?=[^]*  consumer-dicom )(?=[^]*  worker-sapoche-pdf )(?=[^]*  st-bnkd-php )[^]*  orthanc-read-api /,
  'logs all --level error': /^[\d:.]+  consumer-[^ ]+ .* ERROR /m,
  'audit-inactive --deep': /consumer-revenue {2}inactive as expected[^]*nothing waits in group consumer-revenue/,
  'orthanc-probe': /OK/,
  doctor: /OK/,
}

/** No test has to wait for the usual window. */
const HURRY: Readonly<Record<string, readonly string[]>> = {'consumer-lag': ['--window', '1s']}

describe('what the runbook says in words', () => {
  test('has a command each', () => expect(rows.map(([, command]) => command)).toEqual(Object.keys(SHOWS)))

  test.each(rows)('%s: %s', async (_, command = '') => {
    const {code, stdout, stderr} = await run([...command.split(' '), ...(HURRY[command] ?? []), '--sandbox'], {env: {}})
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(stdout).toMatch(SHOWS[command]!)
  })
})
