import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {run} from '../../package/program.ts'

/** The commands of the built program, as a user's shell sees them. */

const GOOD = 'namespace: mine\nworkloads: [{name: consumer-a, category: consumers, baseline: 1}]\n'
const BAD = `namespace: mine
workloads:
  - {name: consumer-a, category: consumers, baseline: one}
  - {name: consumer-a, category: consumer, baselin: 1}
`

let folder: string
let cwd: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-catalogue-'))
  cwd = path.join(folder, 'empty')
  await mkdir(cwd)
  await writeFile(path.join(folder, 'good.yaml'), GOOD)
  await writeFile(path.join(folder, 'bad.yaml'), BAD)
})

afterAll(() => rm(folder, {recursive: true}))

/** Runs in an empty folder, with no configuration of the user's. */
const sapoche = (args: string, env = {}) => run(args.split(' '), {cwd, env: {XDG_CONFIG_HOME: path.join(folder, 'none'), ...env}})

describe('catalogue show', () => {
  test('the built-in one, off a terminal', async () => {
    const {code, stdout, stderr} = await sapoche('catalogue show')
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(stdout).toContain('38 workloads: 36 active, 2 inactive; 40 pods; 6 services')
  })

  test.each([
    ['json', 'catalogue show --json'],
    ['json of the flag', 'catalogue show --catalogue ../good.yaml -o json'],
  ])('%s is one document', async (_what, args) => {
    const {code, stdout, stderr} = await sapoche(args)
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(JSON.parse(stdout)).toMatchObject({apiVersion: 'sapoche/v1', kind: 'Catalogue'})
  })

  test('flag before environment', async () => {
    const {stdout} = await sapoche('catalogue show --catalogue ../good.yaml -o name', {SAPOCHE_CATALOGUE: '../bad.yaml'})
    expect(stdout).toBe('deployment.apps/consumer-a\n')
  })
})

describe('catalogue validate', () => {
  test('a good file', async () => {
    expect(await sapoche('catalogue validate ../good.yaml')).toMatchObject({
      code: 0,
      stdout: 'OK  ../good.yaml is valid\n    1 workload: 1 active, 0 inactive; 1 pod; 0 services\n',
      stderr: '',
    })
  })

  test('a bad file: every problem, with its line, and 78', async () => {
    expect(await sapoche('catalogue validate ../bad.yaml')).toMatchObject({
      code: 78,
      stdout: '',
      stderr: `sapoche: ../bad.yaml:3: workloads[0].baseline: expected a whole number, 0 or more, found "one" (and 4 more problems)
  also  ../bad.yaml:4: workloads[1].baseline: missing, expected a whole number, 0 or more
  also  ../bad.yaml:4: workloads[1].baselin: unknown key, did you mean "baseline"?
  also  ../bad.yaml:4: workloads[1].name: "consumer-a" is already the name of the workload "consumer-a"
  also  ../bad.yaml:4: workloads[1].category: no category "consumer", did you mean "consumers"?
`,
    })
  })

  test('a bad file under JSON: one document', async () => {
    const {code, stdout} = await sapoche('catalogue validate ../bad.yaml -o json')
    expect(code).toBe(78)
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'Error',
      error: {code: 'configuration', exitCode: 78, cause: expect.stringContaining('../bad.yaml:4: workloads[1].category: ')},
    })
  })

  test.each([
    ['a file that is not there', 'catalogue validate no.yaml', {}],
    ['the one in force, named by the environment', 'catalogue validate', {SAPOCHE_CATALOGUE: '../bad.yaml'}],
    ['any command', 'catalogue diff --sandbox', {SAPOCHE_CATALOGUE: '../bad.yaml'}],
  ])('%s: 78', async (_what, args, env) => {
    expect((await sapoche(args, env)).code).toBe(78)
  })
})

describe('catalogue diff', () => {
  test('the embedded cluster holds what the catalogue says', async () => {
    const {code, stdout, stderr} = await sapoche('catalogue diff --sandbox --json')
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(JSON.parse(stdout)).toMatchObject({kind: 'CatalogueDiff', verdict: 'ok', items: []})
  })

  test.each([
    [2, 'catalogue diff --sandbox=stopped-consumer'],
    [2, 'catalogue diff --sandbox=stopped-consumer --fail-on critical'],
    [0, 'catalogue diff --sandbox=stopped-consumer --fail-on never'],
  ])('exit code %d: %s', async (code, args) => {
    expect((await sapoche(args)).code).toBe(code)
  })
})
