import {spawnSync} from 'node:child_process'
import {createServer, type AddressInfo} from 'node:net'
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {describe, expect, test} from 'vitest'
import {PROGRAM, ROOT, run} from './program.ts'

/** What a user's shell sees of the built program: exit codes, streams, pipes, signals. */

const ESCAPE = '\u001B'
const manifest: {commands: Record<string, {id: string; examples?: string[]; summary?: string; strict?: boolean; args: object}>} =
  JSON.parse(readFileSync(path.join(ROOT, 'oclif.manifest.json'), 'utf8'))
const CATEGORIES = [{name: 'consumers', singular: 'consumer', title: 'Event consumers', match: ['consumer-*']}]
const workload = (name: string): object => ({name, category: 'consumers', baseline: 1, purpose: 'a test'})
const commands = Object.keys(manifest.commands).map((id) => id.split(':'))

describe('every command', () => {
  test.each(commands)('%s %s: --help has a summary, usage and two examples', async (...words) => {
    const {code, stdout, stderr} = await run([...words.filter(Boolean), '--help'])
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(stdout).toContain('USAGE')
    const command = manifest.commands[words.filter(Boolean).join(':')]!
    expect(command.summary).toMatch(/^\S.{10,}[^.]$/)
    expect(command.examples?.length ?? 0).toBeGreaterThanOrEqual(2)
    expect(stdout).toContain('EXAMPLES')
    expect(stdout).not.toContain(ESCAPE)
    // Flags stand in line, with a letter before them or not, and bring no second `=`.
    for (const [, flags] of stdout.matchAll(/^[A-Z ]*FLAGS\n((?: .*\n)+)/gm)) {
      const columns = [...flags!.matchAll(/^(?: {2}| {6}| {2}-\w, )--/gm)].map(([start]) => start.length)
      expect(new Set(columns).size).toBe(1)
    }
    expect(stdout).not.toContain('=[=')
  })

  test.each(commands)('%s %s: a bad flag is one line and 64, one document under --json', async (...words) => {
    const command = words.filter(Boolean)
    const text = await run([...command, '--no-such-flag-anywhere'])
    expect(text).toMatchObject({code: 64, stdout: ''})
    expect(text.stderr).toMatch(/^sapoche: unknown flag --no-such-flag-anywhere; [^\n]+\n$/)
    const json = await run([...command, '--no-such-flag-anywhere', '--json'])
    expect(json.code).toBe(64)
    expect(JSON.parse(json.stdout)).toMatchObject({kind: 'Error', error: {code: 'usage', exitCode: 64}})
    expect(json.stdout.length).toBeLessThan(500)
    expect(json.stderr.split('\n')).toHaveLength(2)
  })
})

describe('usage', () => {
  test('--version', async () => {
    const {version} = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
    expect(await run(['--version'])).toMatchObject({code: 0, stdout: `sapoche ${version}\n`, stderr: ''})
  })

  test('what is piped in is no argument', async () => {
    const {code, stdout} = await run(['status', '--sandbox', '-o', 'name'], {input: 'workers\n'})
    expect(code).toBe(0)
    expect(stdout.trimEnd().split('\n')).toHaveLength(38)
  })

  test('no command: help', async () =>
    expect(await run([])).toMatchObject({code: 0, stderr: '', stdout: expect.stringContaining('status')}))

  test.each([
    ['an unknown command', ['stauts'], 'sapoche: unknown command "stauts"; did you mean "status"?\n'],
    ['an unknown subcommand', ['catalogue', 'shwo'], 'sapoche: unknown command "catalogue shwo"; did you mean "catalogue show"?\n'],
    ['a mistyped flag', ['status', '--probelms'], 'sapoche: unknown flag --probelms; did you mean --problems?\n'],
    ['a bad option value', ['status', '-o', 'xml'], /^sapoche: expected --output=xml to be one of: table, wide, json, [^\n]+\n$/],
    ['an extra argument', ['catalogue', 'show', 'extra'], /^sapoche: unexpected argument: extra[^\n]*\n$/],
    ['a bad duration', ['status', '--request-timeout', 'soon'], /^sapoche: --request-timeout=soon is no length of time[^\n]*\n$/],
    ['an empty namespace', ['status', '-n', ''], /^sapoche: --namespace= is no name of a namespace[^\n]*\n$/],
    ['a namespace that is a path', ['status', '-n', '../../x'], /^sapoche: --namespace=\.\.\/\.\.\/x is no name of a namespace[^\n]*\n$/],
    ['an empty user', ['status', '--as', ''], /^sapoche: --as is empty[^\n]*\n$/],
    ['an empty group', ['status', '--as', 'x', '--as-group', ''], /^sapoche: --as-group is empty[^\n]*\n$/],
    ['an empty context', ['status', '--context='], /^sapoche: --context is empty[^\n]*\n$/],
    ['a flag without the one it needs', ['status', '--timeout', '5s'], /^sapoche: --timeout needs --until; see sapoche status --help\n$/],
    ['a flag without its value', ['status', '--context'], /^sapoche: flag --context expects a value[^\n]*\n$/],
    [
      'a length of time beyond all dates',
      ['changes', '--sandbox', '--since', '999999999999d'],
      'sapoche: --since=999999999999d is no length of time such as 10s, 5m or 1h30m\n',
    ],
    ['a namespace that would be YAML', ['rbac', 'status', '-n', 'a\nb: c'], 'sapoche: --namespace=a b: c is no name of a namespace\n'],
  ])('%s: one line, 64', async (_, args, stderr) => {
    const text = await run(args)
    expect(text).toMatchObject({code: 64, stdout: ''})
    if (typeof stderr === 'string') expect(text.stderr).toBe(stderr)
    else expect(text.stderr).toMatch(stderr)
    const json = await run([...args, '-ojson'])
    expect(json.code).toBe(64)
    expect(JSON.parse(json.stdout)).toMatchObject({apiVersion: 'sapoche/v1', kind: 'Error', error: {code: 'usage', exitCode: 64}})
  })

  test('a target that matches nothing names the nearest ones', async () => {
    const {code, stdout} = await run(['status', 'consumer-lis', '--sandbox', '-o', 'json'])
    expect(code).toBe(64)
    expect(JSON.parse(stdout).error.suggestions).toContain('consumer-lis-testresult')
  })
})

describe('pipes', () => {
  test('--help | head -1', () => {
    const {status, stderr, stdout} = spawnSync('bash', ['-c', 'set -o pipefail; "$0" "$1" --help | head -1', process.execPath, PROGRAM], {
      encoding: 'utf8',
    })
    expect({status, stderr}).toEqual({status: 0, stderr: ''})
    expect(stdout.split('\n')).toHaveLength(2)
  })

  test.each(['--version', 'status --sandbox', 'status --sandbox -o json', 'status --sandbox --watch'])(
    '%s > a full disk: one line, and no code of a verdict',
    (words) => {
      const {status, stderr} = spawnSync('bash', ['-c', `"$0" "$1" ${words} > /dev/full`, process.execPath, PROGRAM], {encoding: 'utf8'})
      expect({status, stderr}).toEqual({status: 70, stderr: expect.stringMatching(/^sapoche: can't write its output: ENOSPC[^\n]*\n$/)})
    },
  )

  test('a slow reader gets every byte, and the exit code of the verdict', () => {
    const catalogue = path.join(mkdtempSync(path.join(os.tmpdir(), 'sapoche-')), 'big.yaml')
    const names = ['worker-sapoche-pdf', ...Array.from({length: 300}, (_, index) => `consumer-number-${index}`)]
    writeFileSync(
      catalogue,
      JSON.stringify({namespace: 'sapoche', categories: CATEGORIES, workloads: names.map(workload), services: [], flows: []}),
    )
    // Nothing is read before the pipe is full and the program could have ended.
    const {status, stdout, stderr} = spawnSync(
      'bash',
      [
        '-c',
        'set -o pipefail; "$0" "$1" status --sandbox=crashloop --catalogue "$2" -o json --request-timeout 30s | (sleep 2; cat)',
        process.execPath,
        PROGRAM,
        catalogue,
      ],
      {encoding: 'utf8', maxBuffer: 2 ** 28},
    )
    expect({status, stderr}).toEqual({status: 2, stderr: ''})
    expect(stdout.length).toBeGreaterThan(100_000)
    expect(JSON.parse(stdout)).toMatchObject({kind: 'StatusReport', summary: {workloads: 301}})
  })
})

describe('colour', () => {
  const withTerminal = (args: string, env: Record<string, string> = {}): string =>
    spawnSync('script', ['-qec', `"${process.execPath}" "${PROGRAM}" ${args}`, '/dev/null'], {
      encoding: 'utf8',
      env: {PATH: process.env['PATH'], HOME: process.env['HOME'], TERM: 'xterm-256color', ...env},
    }).stdout

  test('a terminal has it, NO_COLOR, TERM=dumb and --color never take it away', () => {
    const args = 'status --sandbox=crashloop'
    expect(withTerminal(args)).toContain(`${ESCAPE}[31m`)
    expect(withTerminal(args, {NO_COLOR: '1'})).not.toContain(`${ESCAPE}[3`)
    expect(withTerminal(args, {TERM: 'dumb'})).not.toContain(`${ESCAPE}[3`)
    expect(withTerminal(`${args} --color never`)).not.toContain(`${ESCAPE}[3`)
    expect(withTerminal('--help --color never')).not.toContain(`${ESCAPE}[`)
  })

  test('no terminal: no escape, unless --color always', async () => {
    const plain = await run(['status', '--sandbox=crashloop'])
    expect(plain.stdout + plain.stderr).not.toContain(ESCAPE)
    expect((await run(['status', '--sandbox=crashloop', '--color', 'always'])).stdout).toContain(`${ESCAPE}[31m`)
  })
})

test('a next command stays on the cluster that the report is about', async () => {
  const {stdout} = await run(['status', '--sandbox=crashloop', '-o', 'json', '--fail-on', 'never'])
  const {items} = JSON.parse(stdout) as {items: {name: string; next: string[]}[]}
  const {next} = items.find(({name}) => name === 'worker-sapoche-pdf')!
  expect(next[0]).toBe('sapoche logs worker-sapoche-pdf --previous --sandbox=crashloop')
  expect((await run(next[0]!.split(' ').slice(1))).code).toBe(0)
})

describe('silence and signals', () => {
  test('a run without trouble writes nothing to stderr, whatever Node would warn of', async () => {
    const {code, stderr} = await run(['status', '--sandbox'], {
      env: {NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_OPTIONS: '--trace-deprecation'},
    })
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s while waiting for a server: 130', async (signal) => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const kubeconfig = path.join(mkdtempSync(path.join(os.tmpdir(), 'sapoche-')), 'config')
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'silent',
        clusters: [{name: 'silent', cluster: {server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`}}],
        contexts: [{name: 'silent', context: {cluster: 'silent', user: 'silent'}}],
        users: [{name: 'silent', user: {token: 'none'}}],
      }),
    )
    const sockets: {destroy(): void}[] = []
    const result = await run(['status', '--kubeconfig', kubeconfig, '--json'], {
      started: (child) =>
        server.on('connection', (socket) => {
          sockets.push(socket.on('error', () => {}))
          child.kill(signal)
        }),
    })
    for (const socket of sockets) socket.destroy()
    server.close()
    expect(result.code).toBe(130)
    expect(JSON.parse(result.stdout)).toMatchObject({error: {code: 'interrupted', exitCode: 130}})
  })
})
