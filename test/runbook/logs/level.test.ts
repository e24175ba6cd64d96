import {expect, test} from 'vitest'
import {LEVELS, rankOf, readLine} from '../../../src/lib/runbook/logs/level.ts'

const read = (line: string | Buffer) => {
  const bytes = Buffer.concat([Buffer.from('before '), Buffer.from(line as string)])
  const {level, messageStart, json, channel} = readLine(bytes, 7, bytes.length)
  return {level, message: json?.message ?? bytes.toString('utf8', messageStart), fields: json?.fields ?? null, channel}
}

test.each([
  ['[2026-11-22T03:12:07.114+00:00] production.ERROR: upstream timed out {"attempt":3} []', 'error', 'upstream timed out {"attempt":3} []'],
  ['[2026-11-22 03:12:07] kafka.WARNING: slow', 'warning', 'slow'],
  ['[2026-11-22 03:12:07] local.EMERGENCY: all is lost', 'emergency', 'all is lost'],
  ['E1122 03:12:07.114032 ServerIndex.cpp:88] disk full', 'error', 'ServerIndex.cpp:88] disk full'],
  ['W1122 03:12:07.114032             MAIN HttpServer.cpp:12] slow', 'warning', 'MAIN HttpServer.cpp:12] slow'],
  ['I1122 03:12:07.114032 main.cpp:12] Orthanc starts', 'info', 'main.cpp:12] Orthanc starts'],
  ['2026/11/22 03:12:07 [error] 31#31: *7 upstream timed out', 'error', '31#31: *7 upstream timed out'],
  ['2026/11/22 03:12:07 [crit] 31#31: no memory', 'critical', '31#31: no memory'],
  ['PHP Fatal error:  Uncaught Exception in /app/a.php:3', 'critical', 'PHP Fatal error:  Uncaught Exception in /app/a.php:3'],
  ['[22-Nov-2026 03:12:07 UTC] PHP Warning:  Undefined variable', 'warning', 'PHP Warning:  Undefined variable'],
  ['[22-Nov-2026 03:12:07] NOTICE: fpm is running, pid 1', 'notice', 'fpm is running, pid 1'],
  ['1:M 22 Nov 2026 03:12:07.114 # WARNING overcommit_memory is 0', 'warning', 'WARNING overcommit_memory is 0'],
  ['1:M 22 Nov 2026 03:12:07.114 * Ready to accept connections', 'notice', 'Ready to accept connections'],
  ['1:C 22 Nov 2026 03:12:07.114 . child', 'debug', 'child'],
  ['2026-11-22 03:12:07,114 ERROR order 81', 'error', 'order 81'],
  ['2026-11-22T03:12:07.114Z INFO order 81', 'info', 'order 81'],
  ['ERROR: order 81', 'error', 'order 81'],
  ['[warn] order 81', 'warning', 'order 81'],
  ['time=2026-11-22T03:12:07Z level=error msg="order 81"', 'error', 'time=2026-11-22T03:12:07Z level=error msg="order 81"'],
  ['[ERROR]: order 81', 'error', 'order 81'],
  ['Error: order 81', 'error', 'order 81'],
  ['Error while sending order 81', null, 'Error while sending order 81'],
  ['Order 81 received', null, 'Order 81 received'],
  ['errors: 0', null, 'errors: 0'],
  ['Information desk', null, 'Information desk'],
  [
    '10.0.0.1 - - [22/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 200 3',
    null,
    '10.0.0.1 - - [22/Nov/2026:03:12:07 +0000] "GET / HTTP/1.1" 200 3',
  ],
  ['', null, ''],
  ['{"message":"order 81","level":200,"level_name":"INFO","context":{"order":81}}', 'info', 'order 81'],
  ['{"msg":"order 81","level":50}', 'error', 'order 81'],
  ['{"message":"order 81","level":"warn"}', 'warning', 'order 81'],
  ['{"message":"order 81","severity":"CRITICAL"}', 'critical', 'order 81'],
  ['{"message":"order 81","level":550}', 'alert', 'order 81'],
  ['{"message":"order 81","level":7}', null, 'order 81'],
  ['{"order":81}', null, ''],
  ['{"message":"cut off', null, '{"message":"cut off'],
  ['{}', null, ''],
])('%s', (line, level, message) => {
  expect(read(line)).toMatchObject({level, message})
})

test('what is left of a JSON line are its fields', () => {
  expect(read('{"message":"done","level":400,"context":{"order":81},"n":[1]}').fields).toEqual({level: 400, context: {order: 81}, n: [1]})
})

test("Monolog's channel is told", () => {
  expect(read('[2026-11-22 03:12:07] kafka.WARNING: slow').channel).toBe('kafka')
})

test('a JSON line that is no UTF-8 stays as it is', () => {
  const line = Buffer.concat([Buffer.from('{"message":"a'), Buffer.from([0xff]), Buffer.from('","level":400}')])
  expect(read(line).fields).toBeNull()
})

test('levels have their order', () => {
  expect(LEVELS.map(rankOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})
