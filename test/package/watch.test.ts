import {spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {createInterface} from 'node:readline'
import {text} from 'node:stream/consumers'
import {afterAll, afterEach, beforeAll, beforeEach, describe, expect, test} from 'vitest'
import {statusChange, statusReport, type StatusChange} from '../../src/lib/runbook/status/schema.ts'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {startTcpProxy, type TcpProxy} from '../real/tcp-proxy.ts'
import {APPS, request, start} from '../sandbox/client.ts'
import {PROGRAM, ROOT, run} from './program.ts'
import {openTerminal, type TerminalOptions, type TestTerminal} from './terminal.ts'

/** `status --watch` and `--until` as a user's shell and terminal see them, on an embedded cluster that the test changes. */

const WORKER = 'worker-sapoche-pdf'
const ESCAPE = '\u001B'
let folder: string
let sandbox: Sandbox
let proxy: TcpProxy
let cluster: string

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-watch-'))
  sandbox = await start()
  const {hostname, port} = new URL(sandbox.url)
  proxy = await startTcpProxy({host: hostname, port: Number(port)})
  const file = path.join(folder, 'kubeconfig')
  writeFileSync(file, sandbox.kubeconfig().replace(sandbox.url, `https://${proxy.host}:${proxy.port}`))
  cluster = `--kubeconfig=${file}`
})
afterAll(async () => {
  await proxy.close()
  await sandbox.close()
  rmSync(folder, {recursive: true})
})

async function scale(replicas: number): Promise<void> {
  const type = 'application/merge-patch+json'
  await request(sandbox, 'PATCH', `${APPS}/deployments/${WORKER}`, {body: {spec: {replicas}}, type})
}

beforeEach(async () => {
  await scale(1)
  expect(await run(['status', cluster, '--until', 'ok', '--timeout', '10s', '-o', 'name'])).toMatchObject({code: 0, stderr: ''})
})

/** The program off a terminal, its lines one by one. */
function launch(args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'status', cluster, ...args], {
    cwd: ROOT,
    env: {PATH: process.env['PATH'], HOME: process.env['HOME']},
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]()
  return {
    /** Lines up to the first that is as wished for. */
    async linesUntil(wished: (line: string) => boolean): Promise<string[]> {
      const seen: string[] = []
      for (;;) {
        const {value, done} = await lines.next()
        if (done === true) throw new Error(`it ended: ${stderr}`)
        seen.push(value)
        if (wished(value)) return seen
      }
    },
    async end(signal: NodeJS.Signals) {
      child.kill(signal)
      return {code: await exit, stderr}
    },
  }
}

async function shell(command: string) {
  const env = {PATH: process.env['PATH'], HOME: process.env['HOME'], NODE: process.execPath, PROGRAM}
  const child = spawn('bash', ['-c', command], {cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe']})
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.once('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ])
  return {code, stdout, stderr}
}

const change = (line: string): StatusChange => statusChange.parse(JSON.parse(line))
const told = ({name, from, to}: StatusChange): string => `${name} ${from} -> ${to}`

describe('off a terminal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '-o json: the verdict, then a line for each change; %s ends it with the last verdict',
    async (signal) => {
      const watch = launch(['--watch', '-o', 'json'])
      expect((await watch.linesUntil(() => true)).map((line) => told(change(line)))).toEqual(['sapoche null -> ok'])
      await scale(0)
      const lines = await watch.linesUntil((line) => change(line).objectKind === 'Namespace')
      expect(lines.map((line) => told(change(line)))).toEqual([`${WORKER} ok -> stopped`, 'sapoche ok -> critical'])
      expect(await watch.end(signal)).toEqual({code: 2, stderr: ''})
    },
  )

  test('text: a line for each change; all well ends with 0', async () => {
    const watch = launch(['--watch', '--fail-on', 'critical'])
    await watch.linesUntil((line) => / sapoche {2}ok: 38 workloads: /.test(line))
    await scale(0)
    const lines = await watch.linesUntil((line) => line.includes('  sapoche  '))
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ {2}worker-sapoche-pdf {2}ok -> stopped: 0 replicas where the catalogue expects 1/,
    )
    expect(lines.join('')).not.toContain(ESCAPE)
    await scale(1)
    await watch.linesUntil((line) => / -> ok: 38 workloads/.test(line))
    expect(await watch.end('SIGINT')).toEqual({code: 0, stderr: ''})
  })

  test('a reader that goes away ends it at once, though nothing changes', async () => {
    const {code, stdout, stderr} = await shell(`set -o pipefail; "$NODE" "$PROGRAM" status ${cluster} --watch -o json | head -1`)
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(told(change(stdout))).toBe('sapoche null -> ok')
  })

  test('a file is appended to', async () => {
    const file = path.join(folder, 'changes.json')
    writeFileSync(file, 'before\n')
    await shell(`"$NODE" "$PROGRAM" status ${cluster} --watch --until ok -o json >> "${file}"`)
    const [before, first, last] = readFileSync(file, 'utf8').trimEnd().split('\n')
    expect(before).toBe('before')
    expect(told(change(first!))).toBe('sapoche null -> ok')
    expect(statusReport.parse(JSON.parse(last!)).verdict).toBe('ok')
  })

  test.each([
    ['--watch -o junit', 'sapoche: --watch has no -o junit; it has table, wide, json\n'],
    ['--timeout 3s', /^sapoche: [^\n]*--until[^\n]*\n$/],
    ['--until critical', /^sapoche: expected --until=critical to be one of: ok, warning[^\n]*\n$/],
  ])('%s: 64', async (words, stderr) => {
    const ended = await run(['status', cluster, ...words.split(' ')])
    expect(ended).toMatchObject({code: 64, stdout: ''})
    expect(ended.stderr).toMatch(stderr)
  })
})

describe('--until', () => {
  test('waits, then writes the report once, and ends with its verdict', async () => {
    await scale(0)
    const waiting = run(['status', cluster, '--until', 'ok', '-o', 'json'])
    // It has begun when it is known to wait: another one sees the fault, and only then it is mended.
    await run(['status', cluster, '-o', 'name'])
    await scale(1)
    const {code, stdout, stderr} = await waiting
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(statusReport.parse(JSON.parse(stdout)).verdict).toBe('ok')
  })

  test('75 when time runs out: the last report, and what it still waits for', async () => {
    await scale(0)
    for (const format of ['json', 'table']) {
      const {code, stdout, stderr} = await run(['status', cluster, '--until', 'warning', '--timeout', '1s', '-o', format])
      expect({code, stderr}).toEqual({code: 75, stderr: `sapoche: not ok or warning within 1 s: ${WORKER} is stopped\n`})
      if (format === 'json') expect(JSON.parse(stdout)).toMatchObject({kind: 'StatusReport', verdict: 'critical'})
      else expect(stdout).toMatch(/^CRITICAL {2}1 of 38 workloads needs you/m)
    }
  })

  test('what is allowed is not waited for; a warning is good enough for warning, and keeps its code', async () => {
    await scale(2)
    const allowed = await run(['status', cluster, '--until', 'ok', '--timeout', '20s', '--allow', 'drifted,progressing', '-o', 'name'])
    expect(allowed).toMatchObject({code: 0, stderr: ''})
    expect(await run(['status', cluster, '--until', 'warning', '-o', 'name'])).toMatchObject({code: 1, stderr: ''})
    expect(await run(['status', cluster, '--until', 'warning', '--fail-on', 'critical', '-o', 'name'])).toMatchObject({code: 0})
  })

  test('Ctrl-C before it is reached: 130 and no report', async () => {
    await scale(0)
    const watch = launch(['--until', 'ok', '--watch', '-o', 'json'])
    await watch.linesUntil((line) => told(change(line)) === `${WORKER} null -> stopped`)
    const rest = watch.linesUntil((line) => JSON.parse(line).kind === 'Error')
    expect(await watch.end('SIGINT')).toEqual({code: 130, stderr: 'sapoche: interrupted before the verdict was ok\n'})
    expect(await rest).toHaveLength(1)
  })
})

describe('on a terminal', () => {
  let terminal: TestTerminal
  afterEach(() => terminal.close())
  const watch = (words = '', options: TerminalOptions = {}): void => {
    terminal = openTerminal(`status ${cluster} --watch ${words}`, options)
  }
  const screen = (): string => terminal.lines().join('\n')

  test('takes the screen, shows changes in place, and gives it back: the report stays, q ends with the verdict', async () => {
    watch()
    await terminal.shows((seen) => seen.includes('CHANGES  none since'))
    expect(terminal.isTakenOver()).toBe(true)
    expect(terminal.lines()[0]).toMatch(/^sapoche {2}context sandbox {2}\S+ \S+Z {2}watching$/)
    expect(screen()).toMatch(/^OK {2}38 workloads: 36 active/m)
    expect(screen()).toMatch(/^q quit {2}lines \d+-(\d+) of \1: /m)
    await scale(0)
    await terminal.shows((seen) => / {2}\d\d:\d\d:\d\dZ {2}worker-sapoche-pdf {2}ok -> stopped: /.test(seen))
    expect(screen()).toMatch(/^CRITICAL {2}1 of 38 workloads needs you/m)
    expect(screen()).not.toContain('none since')
    terminal.type('q')
    expect(await terminal.ended()).toBe(2)
    expect(terminal.isTakenOver()).toBe(false)
    // The screen is given back last: cursor, alternate screen, colours.
    expect(terminal.bytes().lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(terminal.bytes().lastIndexOf(`${ESCAPE}[?25l`))
    expect(screen()).not.toContain('q quit')
    expect(screen()).not.toContain('watching')
    expect(screen()).toMatch(/^CRITICAL {2}1 of 38[^\n]*\n {4}not checked: [^\n]*\nended 2$/m)
  })

  test('scrolls, and fits itself to the window', async () => {
    watch('', {columns: 80, rows: 20})
    await terminal.shows((seen) => seen.includes('q quit'))
    terminal.type('g')
    await terminal.shows((seen) => seen.includes('lines 1-'))
    expect(terminal.lines()[2]).toMatch(/^CONSUMERS/)
    terminal.type('j')
    await terminal.shows((seen) => seen.includes('lines 2-'))
    terminal.type(`${ESCAPE}[6~`)
    await terminal.shows((seen) => seen.includes('lines 18-'))
    terminal.type(`${ESCAPE}[A`)
    await terminal.shows((seen) => seen.includes('lines 17-'))
    expect(terminal.lines()[0]).toMatch(/watching$/)
    terminal.resize(100, 80)
    await terminal.shows((seen) => /^q quit$/m.test(seen))
    expect(terminal.lines().filter((line) => line.startsWith('CONSUMERS'))).toHaveLength(1)
    expect(terminal.lines().filter((line) => line.includes('watching'))).toHaveLength(1)
    terminal.resize(60, 12)
    await terminal.shows((seen) => seen.includes('q quit  lines'))
    expect(terminal.lines().filter((line) => line.includes('watching'))).toHaveLength(1)
    terminal.type('q')
    expect(await terminal.ended()).toBe(0)
  })

  test('Ctrl-C ends it as q does, and lines echo again', async () => {
    watch('--problems')
    await terminal.shows((seen) => seen.includes('q quit'))
    terminal.type('\u0003')
    expect(await terminal.ended()).toBe(0)
    expect(terminal.isTakenOver()).toBe(false)
    expect(screen()).toMatch(/^OK {2}38 workloads/m)
  })

  test('blind: says since when and why, and sees again by itself', async () => {
    watch('--problems')
    await terminal.shows((seen) => seen.includes('q quit'))
    proxy.fail({kind: 'reset', afterBytes: 0})
    proxy.resetConnections()
    await terminal.shows((seen) => /^ {2}BLIND for \d+ s: can't reach https:\S+ connection (reset|lost);/m.test(seen))
    await scale(0)
    proxy.fail(null)
    await terminal.shows((seen) => /watching$/m.test(seen) && /^CRITICAL/m.test(seen))
    expect(screen()).toMatch(
      / {2}\S+Z {2}Watch\/sapoche {2}blind -> watching: blind for \d+ s\n {2}\S+Z {2}worker-sapoche-pdf {2}ok -> stopped/,
    )
    terminal.type('q')
    expect(await terminal.ended()).toBe(2)
  })

  test('--until reached: the screen goes, the report stays', async () => {
    await scale(0)
    watch('--until ok --timeout 60s')
    await terminal.shows((seen) => seen.includes('CRITICAL'))
    await scale(1)
    expect(await terminal.ended()).toBe(0)
    expect(screen()).toMatch(/^OK {2}38 workloads[^\n]*\n[^\n]*\nended 0$/m)
  })

  test('without a keyboard: no keys are promised, and Ctrl-C is a signal', async () => {
    watch('< /dev/null')
    await terminal.shows((seen) => /^Ctrl-C quit {2}lines \d+-(\d+) of \1$/m.test(seen))
    terminal.type('\u0003')
    expect(await terminal.ended()).toBe(0)
    expect(terminal.isTakenOver()).toBe(false)
  })

  test.each([
    ['-o json', {}],
    ['', {TERM: 'dumb'}],
  ])('%s %j: lines, and no escapes', async (words, env) => {
    watch(words, {env, columns: 400})
    await terminal.shows((seen) => seen.includes('36 active'))
    terminal.type('\u0003')
    expect(await terminal.ended()).toBe(0)
    expect(terminal.bytes()).not.toContain(`${ESCAPE}[?1049h`)
    expect(screen()).not.toContain('q quit')
  })
})
