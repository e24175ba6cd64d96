import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterAll, afterEach, beforeAll, describe, expect, test} from 'vitest'
import type {Sandbox} from '../../src/lib/sandbox/index.ts'
import {APPS, request, start} from '../sandbox/client.ts'
import {run} from './program.ts'
import {openTerminal, type TestTerminal} from './terminal.ts'

/** `scale` and `restart` as a person at a terminal sees them, on an embedded cluster. */

const ESCAPE = '\u001B'
let folder: string
let sandbox: Sandbox
let cluster: string
let terminal: TestTerminal | undefined

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-operations-'))
  sandbox = await start()
  const file = path.join(folder, 'kubeconfig')
  writeFileSync(file, sandbox.kubeconfig())
  cluster = `--kubeconfig=${file}`
})
afterAll(async () => {
  await sandbox.close()
  rmSync(folder, {recursive: true})
})
afterEach(() => {
  terminal?.close()
  terminal = undefined
})

function open(words: string): TestTerminal {
  terminal = openTerminal(`${words} ${cluster}`, {columns: 160, env: {XDG_STATE_HOME: folder, USER: 'ops'}})
  return terminal
}

async function countOf(name: string): Promise<number> {
  const {body} = await request<{spec: {replicas: number}}>(sandbox, 'GET', `${APPS}/deployments/${name}`)
  return body.spec.replicas
}

describe('the question', () => {
  test('yes goes on; the report stands last, and the progress is gone', async () => {
    const screen = open('scale worker-booking --replicas 2')
    await screen.shows((text) => text.includes('Scale worker-booking from 1 to 2 in sapoche on sandbox?'))
    screen.type('y\r')
    expect(await screen.ended()).toBe(0)
    const text = screen.lines().join('\n')
    expect(text).toMatch(/ {2}worker-booking {2}1 -> 2 {2}scaled/)
    expect(text).toMatch(/undo {2}sapoche scale worker-booking --revert --kubeconfig \S+kubeconfig\n1 scaled\nended 0/)
    expect(text).not.toContain('is being changed')
    expect(screen.bytes()).toContain('is being changed')
    expect(await countOf('worker-booking')).toBe(2)
  })

  test('no is the default, and changes nothing', async () => {
    const screen = open('scale worker-sapoche-default --replicas 0')
    await screen.shows((text) => text.includes('(y/N)'))
    expect(screen.lines().join('\n')).toContain('worker-sapoche-default stops: Default worker queue')
    screen.type('\r')
    expect(await screen.ended()).toBe(130)
    expect(screen.lines().join('\n')).toContain('not confirmed; nothing was changed')
    expect(await countOf('worker-sapoche-default')).toBe(1)
  })

  test('a protected name has to be typed, whatever --yes says', async () => {
    const screen = open('restart redis-master-st-sp --yes')
    await screen.shows((text) => text.includes('Type redis-master-st-sp to go on:'))
    screen.type('redis-master-st-sp\r')
    expect(await screen.ended()).toBe(0)
    expect(screen.lines().join('\n')).toMatch(/redis-master-st-sp {2}revision 1 -> 2 {2}restarted/)
  })

  test('Ctrl-C there is an interruption', async () => {
    const screen = open('restart consumers')
    await screen.shows((text) => text.includes('Restart 13 workloads in sapoche on sandbox?'))
    expect(screen.lines().join('\n')).toContain('consumer-revenue: inactive (its baseline is 0: only by its own name)')
    screen.type('\u0003')
    expect(await screen.ended()).toBe(130)
  })
})

test('a while: counts down, and Ctrl-C goes back', async () => {
  const screen = open('scale worker-sapoche-export-csv --replicas 3 --for 1h --yes')
  await screen.shows((text) => /at 3; back to 1 in 59 min \d+ s \(Ctrl-C: now\)/.test(text))
  expect(await countOf('worker-sapoche-export-csv')).toBe(3)
  screen.type('\u0003')
  expect(await screen.ended()).toBe(130)
  const text = screen.lines().join('\n')
  expect(text).toContain('worker-sapoche-export-csv went back from 3 to 1')
  expect(text).toContain('interrupted: it went back before its time')
  expect(text).not.toContain('undo')
  expect(await countOf('worker-sapoche-export-csv')).toBe(1)
})

test('as a table where that is asked for', async () => {
  const {stdout} = await run(['restart', 'backend', '--dry-run', '-o', 'table', cluster], {env: {XDG_STATE_HOME: folder}})
  expect(stdout).toMatch(/^ {2}orthanc-read-api +skipped\n {4}protected /m)
})

test('off a terminal nothing but the report, a line for each workload, and no escapes', async () => {
  const {code, stdout, stderr} = await run(['restart', 'frontend', '--parallel', '2', '--yes', cluster], {env: {XDG_STATE_HOME: folder}})
  expect({code, stderr}).toEqual({code: 0, stderr: ''})
  expect(stdout).toMatch(
    /^ {2}NAME +CHANGE +OUTCOME +SECONDS +UNDO +REASON\n( {2}\S+ +revision 1 -> 2 {2}restarted .* sapoche rollback \S+.*\n){2}$/m,
  )
  expect(stdout).not.toContain(ESCAPE)
  expect(stdout).toMatch(/2 restarted\n$/)
})

test('every command that changes something says how, and takes the same guards', async () => {
  for (const command of ['scale', 'restart', 'rollback', 'evict']) {
    const {code, stdout} = await run([command, '--help'])
    expect(code).toBe(0)
    for (const flag of ['--dry-run', '--yes', '--confirm', '--read-only', '--reason', '--[no-]wait', '--timeout'])
      expect(stdout).toContain(flag)
    expect(stdout.match(new RegExp(`\\$ sapoche ${command} `, 'g'))?.length).toBeGreaterThanOrEqual(3)
  }
})
