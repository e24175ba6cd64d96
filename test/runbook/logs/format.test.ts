import {Ajv} from 'ajv'
import {describe, expect, test} from 'vitest'
import {z} from 'zod'
import {type FormatOptions, jsonWriter, rawWriter, type RecordWriter, textWriter} from '../../../src/lib/runbook/logs/format.ts'
import {LineQueue} from '../../../src/lib/runbook/logs/lines.ts'
import {OutputBuffer} from '../../../src/lib/runbook/logs/output.ts'
import {Position} from '../../../src/lib/runbook/logs/position.ts'
import {nameOf, Prefixes} from '../../../src/lib/runbook/logs/prefix.ts'
import {logLine} from '../../../src/lib/runbook/logs/schema.ts'
import type {Container} from '../../../src/lib/runbook/logs/source.ts'

const ECG: Container = {
  pod: 'consumer-ecg-7c9f8d-7hx2w',
  name: 'app',
  workload: 'consumer-ecg',
  category: 'consumers',
  node: 'node-a',
  isOnly: true,
}
const LIS: Container = {...ECG, pod: 'consumer-lis-testresult-5d4c-4ph9k', workload: 'consumer-lis-testresult'}
const ORTHANC: Container = {...ECG, pod: 'orthanc-read-api-cdcf-k5rqr', name: 'nginx', workload: 'orthanc-read-api', isOnly: false}
const STRAY: Container = {...ECG, pod: 'debug', workload: null, category: null, node: null}
const PLAIN: FormatOptions = {timestamps: false, prefix: true, isTerminal: false, colour: false}

/** What a writer makes of lines, each with its stamp. */
async function written(writer: RecordWriter, lines: readonly (string | Buffer)[], container = ECG): Promise<Buffer> {
  const pieces: Buffer[] = []
  const output = new OutputBuffer(async (bytes) => void pieces.push(Buffer.from(bytes)))
  const queue = new LineQueue(new Position({seconds: 0, nanos: 0}))
  queue.begin(null, false)
  for (const line of lines) queue.push(Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]))
  while (!queue.isEmpty) writer({container, queue}, output)
  await output.flush()
  return Buffer.concat(pieces)
}

const stamped = (text: string | Buffer, time = '2026-11-22T03:12:07.114032001Z'): Buffer =>
  Buffer.concat([Buffer.from(`${time} `), Buffer.from(text as string)])

const text = async (lines: readonly (string | Buffer)[], options: Partial<FormatOptions> = {}, container = ECG): Promise<string> => {
  const prefixes = new Prefixes(['consumer-ecg', 'consumer-lis-testresult'], options.colour ?? false)
  for (const each of [ECG, LIS, container]) prefixes.widenFor(each)
  return (await written(textWriter({...PLAIN, ...options}, prefixes), lines, container)).toString()
}

const ODD = Buffer.from([0xff, 0x1b, 0x5b, 0x33, 0x31, 0x6d, 0x00, 0xc3, 0x28, 0x0d])
const TRACE = [
  '[2026-11-22T03:12:07.114+00:00] production.ERROR: upstream timed out after 30 s [] []',
  'Stack trace:',
  '#0 src/Ecg/Client.php(88)',
]

describe('raw', () => {
  test('byte for byte as it was written', async () => {
    const long = 'x'.repeat(3_000_000)
    const lines = [ODD, Buffer.from(''), Buffer.from(long), Buffer.from('  b ')]
    const expected = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
    const output = await written(
      rawWriter(PLAIN),
      lines.map((line) => stamped(line)),
    )
    expect(output.equals(expected)).toBe(true)
  })

  test('with the server’s stamps', async () => {
    const output = await written(rawWriter({...PLAIN, timestamps: true}), [stamped('a', '2026-11-22T05:12:07.1+02:00')])
    expect(output.toString()).toBe('2026-11-22T05:12:07.1+02:00 a\n')
  })

  test('on a terminal without what could command it', async () => {
    const output = await written(rawWriter({...PLAIN, isTerminal: true}), [
      stamped(Buffer.concat([ODD, Buffer.from('\u001b]0;title\u0007 ok\t.')])),
    ])
    expect(output.toString()).toBe('\uFFFD\uFFFD( ok\t.\n')
  })
})

describe('text', () => {
  test('time, workload without what all have in common, pod, level, message; a trace stands under its message', async () => {
    expect(await text(TRACE.map((line) => stamped(line)))).toBe(
      [
        '03:12:07.114  ecg             7hx2w  ERROR   upstream timed out after 30 s',
        '                                             Stack trace:',
        '                                             #0 src/Ecg/Client.php(88)',
        '',
      ].join('\n'),
    )
  })

  test.each<[string, string, Partial<FormatOptions>, string]>([
    ['a line without a level', 'order 81 received', {}, '03:12:07.114  ecg             7hx2w  order 81 received'],
    ['whole stamps', 'INFO order 81', {timestamps: true}, '2026-11-22T03:12:07.114032001Z  ecg             7hx2w  INFO    order 81'],
    ['no prefix', 'INFO order 81', {prefix: false}, '03:12:07.114  INFO    order 81'],
    [
      'JSON with a context',
      '{"message":"done","level_name":"WARNING","context":{"order":81},"extra":{},"channel":"x","datetime":"2026"}',
      {prefix: false},
      '03:12:07.114  WARN    done {"order":81}',
    ],
    ['JSON without a message', '{"order":81,"level":"info","n":1}', {prefix: false}, '03:12:07.114  INFO    {"order":81,"n":1}'],
    ['JSON with nothing else', '{"message":"done"}', {prefix: false}, '03:12:07.114  done'],
    ['a message of several lines', '{"message":"a\\nb"}', {prefix: false}, '03:12:07.114  a b'],
    [
      'a context that Monolog wrote',
      '[2026-11-22 03:12:07] q.INFO: done {"order":81} []',
      {prefix: false},
      '03:12:07.114  INFO    done {"order":81}',
    ],
  ])('%s', async (_, line, options, expected) => {
    expect(await text([stamped(line)], options)).toBe(`${expected}\n`)
  })

  test('containers of a pod that has several are named; a pod without a workload stands for itself', async () => {
    expect(await text([stamped('a')], {}, ORTHANC)).toBe('03:12:07.114  orthanc-read-api  k5rqr/nginx  a\n')
    expect(await text([stamped('a')], {}, STRAY)).toBe('03:12:07.114  debug           7hx2w  a\n'.replace('7hx2w', '     '))
  })

  test('bytes pass unharmed through a pipe', async () => {
    const prefixes = new Prefixes([], false)
    const output = await written(textWriter({...PLAIN, prefix: false}, prefixes), [stamped(ODD)])
    expect(output.subarray(14, -1)).toEqual(ODD)
  })

  test('nothing that a line brings commands a terminal', async () => {
    const lines = ['\u001b[2Jgone', '{"message":"\\u001b]0;x\\u0007title"}', 'failed', '  \u001b[31mred']
    const shown = await text(
      lines.map((line) => stamped(line)),
      {isTerminal: true, colour: false},
    )
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
    expect(shown).toContain('gone')
  })

  test('the colour of a workload is always the same, and says nothing alone', async () => {
    const [first, second, other] = await Promise.all([
      text([stamped('a')], {colour: true}),
      text([stamped('a')], {colour: true}),
      text([stamped('a')], {colour: true}, LIS),
    ])
    // oxlint-disable-next-line no-control-regex -- colours are what is looked for
    const colours = (line: string): string[] => line.match(/\u001b\[\d+m/g) ?? []
    expect(first).toBe(second)
    expect(colours(first)).not.toEqual(colours(other))
    expect(first).toContain('ecg')
  })

  test('a line without a stamp has the time of the one before', async () => {
    expect(await text([stamped('a'), 'unable to retrieve container logs'], {prefix: false})).toBe(
      '03:12:07.114  a\n03:12:07.000  unable to retrieve container logs\n',
    )
  })
})

describe('JSON', () => {
  const json = async (lines: readonly (string | Buffer)[], container = ECG): Promise<unknown[]> =>
    (await written(jsonWriter(), lines, container))
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)

  const WHERE = {category: 'consumers', deployment: 'consumer-ecg', pod: ECG.pod, container: 'app', node: 'node-a'}

  test('a record a line', async () => {
    expect(await json(TRACE.map((line) => stamped(line)))).toEqual([
      {
        time: '2026-11-22T03:12:07.114032001Z',
        ...WHERE,
        level: 'error',
        message: 'upstream timed out after 30 s [] []\nStack trace:\n#0 src/Ecg/Client.php(88)',
        fields: {channel: 'production'},
      },
    ])
  })

  test('fields of a line that is JSON itself', async () => {
    expect(await json([stamped('{"message":"done","level":400,"context":{"order":81}}')])).toEqual([
      {time: '2026-11-22T03:12:07.114032001Z', ...WHERE, level: 'error', message: 'done', fields: {level: 400, context: {order: 81}}},
    ])
  })

  test('times are in UTC, with the digits that the node wrote', async () => {
    const lines = [stamped('a', '2026-11-22T05:12:07.1140320+02:00'), stamped('b', '2026-11-22T05:12:08+02:00')]
    expect(await json(lines)).toMatchObject([{time: '2026-11-22T03:12:07.1140320Z'}, {time: '2026-11-22T03:12:08Z'}])
  })

  test('a pod of nobody’s, and what the kubelet says', async () => {
    expect(await json(['unable to retrieve container logs'], STRAY)).toEqual([
      {
        time: null,
        category: null,
        deployment: null,
        pod: 'debug',
        container: 'app',
        node: null,
        message: 'unable to retrieve container logs',
      },
    ])
  })

  test('every line fits the schema', async () => {
    const validate = new Ajv({strict: false, validateFormats: false}).compile(z.toJSONSchema(logLine, {target: 'draft-7'}))
    const lines = [...TRACE.map((line) => stamped(line)), stamped(ODD), stamped('{"msg":"x","severity":"crit","a":[1,null]}'), stamped('')]
    for (const line of [...(await json(lines)), ...(await json(lines, STRAY))]) {
      expect(validate(line), JSON.stringify(validate.errors)).toBe(true)
    }
  })
})

test('notices name a log by workload and pod', () => {
  expect([ECG, ORTHANC, STRAY].map(nameOf)).toEqual(['consumer-ecg/7hx2w', 'orthanc-read-api/k5rqr/nginx', 'debug/app'])
})

test.each([
  [['consumer-ecg', 'consumer-lis-testresult'], 'ecg             7hx2w'],
  [['consumer-ecg', 'worker-booking'], 'consumer-ecg  7hx2w'],
  [['consumer-ecg'], 'consumer-ecg  7hx2w'],
  [['consumer-ecg', 'consumer-ecg-copy'], 'ecg  7hx2w'],
  [[], 'consumer-ecg  7hx2w'],
])('what all names of %j begin with is left out', (workloads, expected) => {
  const prefixes = new Prefixes(workloads, false)
  prefixes.widenFor(ECG)
  if (workloads.includes('consumer-lis-testresult')) prefixes.widenFor(LIS)
  expect(prefixes.of(ECG)).toBe(expected)
})
