import {expect, test} from 'vitest'
import {isContinuation} from '../../../src/lib/runbook/logs/records.ts'

const judge = (line: string): boolean => isContinuation(Buffer.from(line), 0, Buffer.byteLength(line))

test.each([
  '#0 /app/src/Ecg/Client.php(88): send()',
  '#12 {main}',
  'Stack trace:',
  '[stacktrace]',
  '[previous exception] [object] (RuntimeException(code: 0): x at /app/a.php:3)',
  'Next App\\Exceptions\\Timeout: gave up in /app/a.php:3',
  'Caused by: java.io.IOException: broken pipe',
  '    at Object.<anonymous> (/app/index.js:3:9)',
  '\tat org.example.Main.main(Main.java:3)',
  '  thrown in /app/a.php on line 3',
  '  "order": 81,',
  '}',
  '"} ',
  '"}',
  '}, ',
  ']',
])('goes on: %s', (line) => {
  expect(judge(line)).toBe(true)
})

test.each([
  '',
  'order 81 received',
  '# Server started',
  '#bookings done',
  '[2026-11-22T03:12:07.114+00:00] production.ERROR: text',
  '{"message":"text"}',
  '"quoted" text',
  '[error] text',
  'Starting',
  'Next: order 82',
  'Stack traces are off',
  '} else {',
])('begins: %s', (line) => {
  expect(judge(line)).toBe(false)
})

test('a look beyond the line finds nothing', () => {
  expect(isContinuation(Buffer.from('a\n  b'), 1, 1)).toBe(false)
})
