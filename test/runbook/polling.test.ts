import {describe, expect, test} from 'vitest'
import {RefusedError, SapocheError, UnreachableError} from '../../src/lib/errors/index.ts'
import {isGoodEnough, looks, polled, type Polled, rest, type Sight} from '../../src/lib/runbook/polling.ts'
import type {Verdict, Warning} from '../../src/lib/runbook/schema.ts'

const NOW = Date.UTC(2026, 10, 22, 3, 12, 7)
const VIEW = {width: 80, colour: false, now: NOW}
const PATIENT = AbortSignal.timeout(30_000)

interface Report {
  readonly generatedAt: string
  readonly verdict: Verdict
  readonly warnings: readonly Warning[]
  readonly rows: Readonly<Record<string, number | null>>
}

type Answer = Readonly<Record<string, number | null>> | Error

const SLOW = {code: 'slow', message: 'Redis is slow'}

function reportOf(rows: Report['rows'], second = 0): Report {
  const verdict = Object.values(rows).some((value) => value === null || value > 4) ? 'warning' : 'ok'
  return {generatedAt: new Date(NOW + second * 1000).toISOString(), verdict, warnings: [SLOW], rows}
}

/** A check whose looks come out so, a second apart by their own account; afterwards they stay as they are. */
function checkOf(answers: readonly Answer[], more: Partial<Polled<Report>> = {}): Polled<Report> {
  let second = 0
  return {
    async read() {
      const answer = answers[Math.min(second, answers.length - 1)]!
      second += 1
      if (answer instanceof Error) throw answer
      return reportOf(answer, second - 1)
    },
    everyMs: 0,
    series: ({rows}) => Object.entries(rows),
    trendWidth: 4,
    draw: ({rows}, _, trendOf) =>
      `queues\n${Object.keys(rows)
        .map((key) => `${key} [${trendOf(key)}]\n`)
        .join('')}`,
    words: ({verdict}) => `all is ${verdict}`,
    ...more,
  }
}

async function sights(check: Polled<Report>, amount: number, signal = PATIENT): Promise<Sight<Report>[]> {
  const seen: Sight<Report>[] = []
  for await (const sight of polled(check).follow(signal)) if (seen.push(sight) === amount) break
  return seen
}

describe('trends', () => {
  test.each<[string, Answer[], [string, (number | null)[]][]]>([
    ['grow look by look', [{pdf: 1}, {pdf: 2}], [['pdf', [1, 2]]]],
    ['keep what is not known', [{pdf: 1}, {pdf: null}, {pdf: 3}], [['pdf', [1, null, 3]]]],
    ['are as long as there is room', [{pdf: 1}, {pdf: 2}, {pdf: 3}, {pdf: 4}, {pdf: 5}, {pdf: 6}], [['pdf', [3, 4, 5, 6]]]],
    [
      'begin with their row',
      [{pdf: 1}, {pdf: 2, mail: 7}],
      [
        ['pdf', [1, 2]],
        ['mail', [7]],
      ],
    ],
    [
      'end with their row, and begin anew',
      [{pdf: 1, mail: 7}, {pdf: 2}, {pdf: 3, mail: 8}],
      [
        ['pdf', [1, 2, 3]],
        ['mail', [8]],
      ],
    ],
    ['rest while nothing is seen', [{pdf: 1}, new UnreachableError('lost'), {pdf: 3}], [['pdf', [1, 3]]]],
  ])('%s', async (_, answers, expected) => {
    const seen = await sights(checkOf(answers), answers.length)
    expect([...(seen.at(-1)?.history ?? [])]).toEqual(expected)
  })

  test('are drawn as wide as each other', async () => {
    const check = checkOf([{pdf: 4}, {pdf: 0, mail: 1}])
    const [, sight] = await sights(check, 2)
    expect(polled(check).page(sight!, VIEW).body).toEqual(['pdf [█▁  ]', 'mail [█   ]'])
  })
})

describe('blind', () => {
  const blinding = () => checkOf([{pdf: 5}, {pdf: 1}, new UnreachableError('\u001B[2Jlost'), new RefusedError('not allowed'), {pdf: 2}])

  test('the last report again, unknown and warned of; over with the next look', async () => {
    const seen = await sights(blinding(), 5)
    expect(seen.map(({report: {verdict}}) => verdict)).toEqual(['warning', 'ok', 'unknown', 'unknown', 'ok'])
    const old = seen[1]!.report
    expect(seen[3]!.report).toEqual({
      ...old,
      verdict: 'unknown',
      warnings: [SLOW, {code: 'blind', message: 'what follows is old: not allowed'}],
    })
    // Since what follows was seen.
    expect(seen.map(({blind}) => blind?.since ?? null)).toEqual([null, null, NOW + 1000, NOW + 1000, null])
    expect(seen[4]!.report).toEqual(reportOf({pdf: 2}, 4))
  })

  test('a page and what is waited for say so', async () => {
    const check = blinding()
    const {page, isReached, waitingFor} = polled(check)
    const [warned, well, blind] = await sights(check, 3)
    const later = {...VIEW, now: NOW + 13_000}
    expect(page(well!, later)).toEqual({head: ['queues  watching'], body: ['pdf [█▂  ]']})
    expect(page(blind!, later)).toEqual({
      head: ['queues', '  BLIND for 12 s: lost; trying again, what follows is old'],
      body: ['pdf [█▂  ]'],
    })
    expect(page(blind!, {...later, width: 40}).head.every((line) => line.length <= 40)).toBe(true)
    expect([warned, well, blind].map((sight) => isReached(sight!))).toEqual([false, true, false])
    expect(waitingFor(warned!)).toBe('all is warning')
    expect(waitingFor(blind!)).toMatch(/^nothing can be seen: .*lost$/)
  })

  test.each([
    ['the first look must succeed', [new UnreachableError('no way')], 'no way'],
    ['what is no failure of the way is not waited out', [{pdf: 1}, new TypeError('a fault of ours')], 'a fault of ours'],
  ] as [string, Answer[], string][])('%s', async (_, answers, message) => {
    await expect(sights(checkOf(answers), 3)).rejects.toThrow(message)
  })
})

describe('the end', () => {
  test('while it rests', async () => {
    const controller = new AbortController()
    const seen: unknown[] = []
    for await (const sight of polled(checkOf([{pdf: 1}], {everyMs: 60_000})).follow(controller.signal)) {
      seen.push(sight)
      controller.abort()
    }
    expect(seen).toHaveLength(1)
  })

  test.each([
    ['in the middle of a later look: quietly', 2, 1, null],
    ['in the middle of the first: with what the look rejects with', 1, 0, 'left'],
  ])('%s', async (_, leaveAt, amount, message) => {
    const controller = new AbortController()
    let asked = 0
    const look = async (): Promise<Report> => {
      asked += 1
      if (asked === leaveAt) controller.abort(new UnreachableError('left'))
      controller.signal.throwIfAborted()
      return reportOf({pdf: asked})
    }
    const seen: unknown[] = []
    const followed = (async () => {
      for await (const sight of polled(checkOf([], {read: look})).follow(controller.signal)) seen.push(sight)
    })()
    if (message === null) await followed
    else await expect(followed).rejects.toThrow(message)
    expect(seen).toHaveLength(amount)
  })

  test.each([
    ['left by who reads it', [{pdf: 1}], 1],
    ['of the first look', [new UnreachableError('no way')], 0],
    ['of a fault', [{pdf: 1}, new TypeError('a fault of ours')], 1],
  ] as [string, Answer[], number][])('what the looks share is closed once: %s', async (_, answers, amount) => {
    const calls: string[] = []
    const {read} = checkOf(answers)
    const open = (signal: AbortSignal) => {
      calls.push('open')
      return {look: () => read(signal), close: () => void calls.push('close')}
    }
    await sights(checkOf([], {open}), amount).catch(() => [])
    expect(calls).toEqual(['open', 'close'])
  })
})

test('a line of JSON for each moment, wherever it goes', async () => {
  const check = checkOf([{pdf: 1}])
  const [sight] = await sights(check, 1)
  const {lines, jsonLines} = polled(check)
  expect(lines(sight!)).toBe(`${JSON.stringify(sight!.report)}\n`)
  expect(jsonLines(sight!)).toBe(lines(sight!))
})

test.each<[Verdict, boolean, boolean]>([
  ['ok', true, true],
  ['warning', false, true],
  ['critical', false, false],
  ['unknown', false, false],
])('--until and a verdict of %s', (verdict, isOk, isWarning) => {
  expect([isGoodEnough(verdict), isGoodEnough(verdict, 'ok'), isGoodEnough(verdict, 'warning')]).toEqual([isOk, isOk, isWarning])
})

test('looks: what a moment is, is up to the caller', async () => {
  let amount = 0
  const look = async (): Promise<number> => {
    amount += 1
    if (amount === 2) throw new UnreachableError('lost')
    return amount
  }
  const told: string[] = []
  const see = (number: number, last: {text: string} | null) => ({text: `${last?.text ?? ''}${number}`})
  const lose = ({message}: SapocheError, {text}: {text: string}) => ({text: `${text} ${message} `})
  for await (const {text} of looks({look, everyMs: 0, see, lose}, PATIENT)) if (told.push(text) === 3) break
  expect(told).toEqual(['1', '1 lost ', '1 lost 3'])
})

test('a rest ends with the signal, before it and within', async () => {
  const controller = new AbortController()
  const resting = rest(60_000, controller.signal)
  controller.abort()
  await expect(resting).resolves.toBeUndefined()
  await expect(rest(60_000, controller.signal)).resolves.toBeUndefined()
})
