import {describe, expect, test} from 'vitest'
import {InterruptedError, UsageError} from '../../src/lib/errors/index.ts'
import {confirm, type Consent, type Prompter, type Question} from '../../src/lib/cli/confirm.ts'
import {liveBlock} from '../../src/lib/cli/live.ts'
import type {Output, Terminal} from '../../src/lib/cli/terminal.ts'
import {changeFlags, requireTargets, requireWritable} from '../../src/lib/cli/write-flags.ts'

const PLAIN: Question = {question: 'Restart consumer-ecg in sapoche on prod-eu?', notes: ['consumer-revenue: inactive'], typed: []}
const REDIS: Question = {
  ...PLAIN,
  question: 'Stop redis in sapoche on prod-eu?',
  typed: [{name: 'redis', why: 'it is protected: queues live in it'}],
}
const BOTH: Question = {...PLAIN, typed: [...REDIS.typed, {name: 'sapoche', why: 'all workloads are meant'}]}

function output(isTerminal: boolean): Output & {text: string} {
  return {
    isTerminal,
    canRedraw: isTerminal,
    colour: false,
    width: 80,
    text: '',
    write(text) {
      this.text += text
    },
  }
}

function terminal(interactive: boolean): Terminal & {stderr: {text: string}} {
  return {stdout: output(false), stderr: output(interactive), interactive}
}

/** Answers in turn; counts what it was asked. */
function prompter(...answers: (boolean | string)[]): Prompter & {asked: string[]} {
  const asked: string[] = []
  const next = (question: string): boolean | string => {
    asked.push(question)
    const answer = answers[asked.length - 1]
    if (answer === undefined) throw new Error(`nobody was to be asked: ${question}`)
    return answer
  }
  return {asked, yesOrNo: async (question) => next(question) === true, word: async (question) => String(next(question))}
}

const consent = (yes: boolean, ...names: string[]): Consent => ({yes, confirm: names})

describe('on a terminal', () => {
  test('a yes goes on, after the notes', async () => {
    const at = terminal(true)
    const asked = prompter(true)
    await confirm(PLAIN, consent(false), at, asked)
    expect(asked.asked).toEqual(['Restart consumer-ecg in sapoche on prod-eu?'])
    expect(at.stderr.text).toBe('  consumer-revenue: inactive\n')
  })

  test('a no ends it', async () => {
    await expect(confirm(PLAIN, consent(false), terminal(true), prompter(false))).rejects.toThrow(InterruptedError)
  })

  test.each<[string, Question, Consent]>([
    ['--yes', PLAIN, consent(true)],
    ['the name that would have to be typed', REDIS, consent(false, 'redis')],
    ['all names', BOTH, consent(true, 'redis', 'sapoche')],
  ])('%s asks nothing', async (_what, question, given) => {
    const at = terminal(true)
    await confirm(question, given, at, prompter())
    expect(at.stderr.text).toBe('')
  })

  test('a protected name is typed, --yes or not', async () => {
    const asked = prompter('redis')
    await confirm(REDIS, consent(true), terminal(true), asked)
    expect(asked.asked).toEqual(['Type redis to go on:'])
  })

  test('only what was not given is asked for', async () => {
    const asked = prompter('sapoche')
    await confirm(BOTH, consent(false, 'redis'), terminal(true), asked)
    expect(asked.asked).toEqual(['Type sapoche to go on:'])
  })

  test('another word ends it', async () => {
    await expect(confirm(REDIS, consent(true), terminal(true), prompter('yes'))).rejects.toThrow(InterruptedError)
  })
})

describe('without a terminal', () => {
  test.each<[string, Question, Consent]>([
    ['--yes', PLAIN, consent(true)],
    ['--confirm', REDIS, consent(false, 'redis')],
    ['--confirm for each', BOTH, consent(false, 'sapoche', 'redis')],
  ])('%s suffices', async (_what, question, given) => {
    await confirm(question, given, terminal(false), prompter())
  })

  test.each<[string, Question, Consent, RegExp]>([
    ['nothing', PLAIN, consent(false), /no terminal to ask on; --yes/],
    ['--yes for a protected one', REDIS, consent(true), /^--confirm redis is missing: it is protected/],
    ['another name', REDIS, consent(true, 'reids'), /^--confirm redis is missing/],
    ['one of two names', BOTH, consent(true, 'redis'), /^--confirm sapoche is missing/],
  ])('%s is a usage error', async (_what, question, given, message) => {
    const failure = confirm(question, given, terminal(false), prompter())
    await expect(failure).rejects.toThrow(UsageError)
    await expect(failure).rejects.toThrow(message)
  })
})

test.each<[boolean, string | undefined, boolean]>([
  [false, undefined, false],
  [false, '', false],
  [false, '0', false],
  [false, 'false', false],
  [true, undefined, true],
  [false, '1', true],
  [false, 'yes', true],
])('--read-only %s, SAPOCHE_READ_ONLY=%s: refused %s', (flag, variable, refused) => {
  const check = (): void => requireWritable({'read-only': flag}, {variables: {SAPOCHE_READ_ONLY: variable}}, 'scale')
  if (refused) expect(check).toThrow(expect.objectContaining({exitCode: 77}))
  else check()
})

test('no targets are not all', () => {
  expect(requireTargets(['a', 'b'], 'restart')).toEqual(['a', 'b'])
  expect(() => requireTargets([], 'restart')).toThrow(UsageError)
})

test('every command that changes something can be kept from it', () => {
  expect(Object.keys(changeFlags)).toEqual(['dry-run', 'yes', 'confirm', 'reason', 'read-only'])
})

describe('a live block', () => {
  test('is drawn in place and taken away', () => {
    const at = output(true)
    const block = liveBlock(at)
    block.draw('one\ntwo\n')
    block.draw('one\ntwo\n')
    block.draw('three\n')
    block.clear()
    expect(at.text).toBe('one\ntwo\n\r\u001B[2A\u001B[Jthree\n\r\u001B[1A\u001B[J')
  })

  test('is nothing off a terminal', () => {
    const at = output(false)
    liveBlock(at).draw('one\n')
    expect(at.text).toBe('')
  })
})
