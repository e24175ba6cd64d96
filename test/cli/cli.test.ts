import {load} from 'js-yaml'
import {describe, expect, test} from 'vitest'
import {colourChoice, splitCommand, wantsHelp, wantsJson, withDefaultScenario} from '../../src/lib/cli/argv.ts'
import {listFormatOf} from '../../src/lib/cli/flags.ts'
import {failureDocument, failureText, fromParser, toFailure} from '../../src/lib/cli/failure.ts'
import {renderReport} from '../../src/lib/cli/output.ts'
import {type Output, wantsColour} from '../../src/lib/cli/terminal.ts'
import {RefusedError, UsageError} from '../../src/lib/errors/index.ts'
import {tones} from '../../src/lib/text/tone.ts'

describe('wantsJson', () => {
  test.each([
    [['--json'], true],
    [['-o', 'json'], true],
    [['-ojson'], true],
    [['-o=json'], true],
    [['--output=json'], true],
    [['--output', 'json'], true],
    [['-o', 'json', '-o', 'table'], false],
    [['-o', 'yaml'], false],
    [['exec', 'x', '--', 'ls', '--json'], false],
    [['json'], false],
    [[], false],
  ])('%j: %s', (argv, wanted) => expect(wantsJson(argv)).toBe(wanted))
})

describe('colour', () => {
  test.each([
    [['--color', 'never'], 'never'],
    [['--color=always'], 'always'],
    [['--color', 'pink'], 'auto'],
    [['--', '--color=never'], 'auto'],
  ])('%j: %s', (argv, choice) => expect(colourChoice(argv)).toBe(choice))

  test.each([
    ['a terminal', true, {}, 'auto', true],
    ['no terminal', false, {}, 'auto', false],
    ['NO_COLOR', true, {NO_COLOR: '1'}, 'auto', false],
    ['an empty NO_COLOR', true, {NO_COLOR: ''}, 'auto', true],
    ['a dumb terminal', true, {TERM: 'dumb'}, 'auto', false],
    ['the flag beats NO_COLOR', false, {NO_COLOR: '1'}, 'always', true],
    ['never', true, {}, 'never', false],
  ] as const)('%s', (_, isTerminal, variables, choice, wanted) => expect(wantsColour(isTerminal, variables, choice)).toBe(wanted))
})

describe('splitCommand', () => {
  const ids = new Set(['status', 'catalogue:show', 'catalogue:diff'])
  test.each([
    [['status', 'consumers', '--problems'], 'status', ['consumers', '--problems']],
    [['catalogue', 'show', 'x'], 'catalogue:show', ['x']],
    [['catalogue', '--json', 'show'], null, ['catalogue', '--json', 'show']],
    [['nope'], null, ['nope']],
    [[], null, []],
  ])('%j', (argv, id, rest) => expect(splitCommand(argv, ids)).toMatchObject({id, rest}))
})

test('--sandbox takes its scenario behind = only', () => {
  expect(withDefaultScenario(['--sandbox', 'consumers', '--sandbox=crashloop', '--', '--sandbox'])).toEqual([
    '--sandbox=baseline',
    'consumers',
    '--sandbox=crashloop',
    '--',
    '--sandbox',
  ])
})

test('--help behind -- is for the other program', () => {
  expect(wantsHelp(['x', '-h'])).toBe(true)
  expect(wantsHelp(['x', '--', '--help'])).toBe(false)
})

describe('failures', () => {
  const refused = new RefusedError('not allowed to list deployments\u001B[2J in namespace sapoche', {
    hints: [{label: 'needs', text: 'apiGroups: [apps]'}],
    cause: new Error('403'),
    suggestions: [],
  })

  test('as text: what failed, then the cure', () => {
    expect(failureText(toFailure(refused), tones(false), true)).toBe(
      'sapoche: not allowed to list deployments in namespace sapoche\n  needs  apiGroups: [apps]\n',
    )
  })

  test('as one line beside a JSON document', () => {
    expect(failureText(toFailure(refused), tones(false), false)).toBe('sapoche: not allowed to list deployments in namespace sapoche\n')
  })

  test('as a document', () => {
    expect(failureDocument(toFailure(refused))).toEqual({
      apiVersion: 'sapoche/v1',
      kind: 'Error',
      error: {
        code: 'refused',
        exitCode: 77,
        message: 'not allowed to list deployments in namespace sapoche',
        cause: '403',
        suggestions: [],
      },
    })
  })

  test('anything else is a fault of ours, without a stack', () => {
    const failure = toFailure(new TypeError('x is not a function'))
    expect(failure).toMatchObject({code: 'bug', exitCode: 70})
    expect(failureText(failure, tones(false), true)).not.toContain(' at ')
  })

  test('an unknown flag suggests the nearest one', () => {
    const thrown = Object.assign(new Error('Nonexistent flag: --probelms\nSee more help with --help'), {parse: {}, flags: ['--probelms']})
    const error = fromParser(thrown, 'sapoche status', ['problems', 'output'])
    expect(error).toBeInstanceOf(UsageError)
    expect(error).toMatchObject({message: 'unknown flag --probelms; did you mean --problems?', suggestions: ['--problems']})
  })

  test("the parser's messages become one line", () => {
    const thrown = Object.assign(new Error('The following error occurred:\n  bad thing\nSee more help with --help'), {parse: {}})
    expect(fromParser(thrown, 'sapoche status', [])).toMatchObject({message: 'bad thing; see sapoche status --help'})
    const alone = Object.assign(new Error('All of the following must be provided when using --timeout: --until'), {parse: {}})
    expect(fromParser(alone, 'sapoche status', [])).toMatchObject({message: '--timeout needs --until; see sapoche status --help'})
  })

  test.each([
    ['error', ['--previous=true cannot also be provided when using --follow'], "--previous and --follow can't be given together"],
    ['error', ['--pod=a b cannot also be provided when using --all-pods'], "--pod and --all-pods can't be given together"],
    [
      'errors',
      ['--previous=true cannot also be provided when using --follow', '--since-time=x cannot also be provided when using --since'],
      "--previous and --follow can't be given together; --since-time and --since can't be given together",
    ],
  ])('flags that exclude each other: %s, %o', (word, faults, message) => {
    const thrown = Object.assign(new Error(`The following ${word} occurred:\n  ${faults.join('\n  ')}\nSee more help with --help`), {
      parse: {},
    })
    expect(fromParser(thrown, 'sapoche logs', [])).toMatchObject({message: `${message}; see sapoche logs --help`, exitCode: 64})
  })

  test('a missing argument, without the advice on flags that nobody has given', () => {
    const said = 'Missing 1 required arg:\ntarget  a workload\n\nNote: --confirm allows multiple values. Because of this ...'
    const thrown = Object.assign(new Error(`${said}\nSee more help with --help`), {parse: {}})
    expect(fromParser(thrown, 'sapoche rollback', [])).toMatchObject({message: 'missing TARGET: a workload; see sapoche rollback --help'})
  })

  test("a flag's own parser speaks for itself", () => {
    const thrown = new UsageError('Parsing --timeout \n\t--timeout=soon is no length of time\nSee more help with --help')
    expect(fromParser(thrown, 'sapoche status', [])).toMatchObject({message: '--timeout=soon is no length of time', exitCode: 64})
  })

  test('other errors pass unchanged', () => expect(fromParser(refused, 'sapoche', [])).toBe(refused))
})

// A line for each where no terminal shows it, unless -o says otherwise.
test.each<['table' | 'wide' | 'name' | undefined, boolean, boolean, string]>([
  [undefined, false, true, 'table'],
  [undefined, false, false, 'wide'],
  ['table', false, false, 'table'],
  ['wide', false, true, 'wide'],
  ['name', false, false, 'name'],
  [undefined, true, false, 'json'],
])('the format of a list: -o %s, --json %s, terminal %s: %s', (output, json, isTerminal, format) => {
  const stdout: Output = {isTerminal, canRedraw: false, colour: false, width: 80, write: () => {}}
  expect(listFormatOf({output, json}, stdout)).toBe(format)
})

const UNSAFE = /[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/u

describe('renderReport', () => {
  const options = {width: 80, colour: false, now: 0}
  const report = {kind: 'X', items: ['a: b']}
  test('json', async () => expect(JSON.parse(await renderReport(report, 'json', {}, options))).toEqual(report))
  test('yaml', async () => expect(await renderReport(report, 'yaml', {}, options)).toBe("kind: X\nitems:\n  - 'a: b'\n"))
  test('a view', async () => expect(await renderReport(report, 'name', {name: (r) => `${r.kind}\n`}, options)).toBe('X\n'))
  describe('of hostile strings', () => {
    const hostile = 'a\u001B[31mb\u009B2Jc\u202Ed\u0085\ne'
    const dirty = {kind: 'X', items: [{name: hostile, text: 'plain'}]}
    test('json is the same value, and safe', async () => {
      const text = await renderReport(dirty, 'json', {}, options)
      expect(JSON.parse(text)).toEqual(dirty)
      expect(text).not.toMatch(UNSAFE)
    })
    test('yaml is the same value, and safe', async () => {
      const text = await renderReport(dirty, 'yaml', {}, options)
      expect(load(text)).toEqual(dirty)
      expect(text).not.toMatch(UNSAFE)
    })
    test('a view gets them on one line each, without escapes', async () =>
      expect(await renderReport(dirty, 'name', {name: ({items}) => `${items[0]?.name}\n`}, options)).toBe('abcd e\n'))
  })
  test('a format without a view is a bug', async () => await expect(renderReport(report, 'wide', {}, options)).rejects.toThrow('no view'))
})
