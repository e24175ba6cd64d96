import {execFileSync} from 'node:child_process'
import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {builtinCatalogue, loadCatalogue, readCatalogue} from '../../src/lib/catalogue/index.ts'

const readText = (file: string): Promise<string> => readFile(file, 'utf8')
const catalogue = (namespace: string): string =>
  `namespace: ${namespace}\nworkloads: [{name: consumer-a, category: consumers, baseline: 1}]\n`

let folder: string
let cwd: string
let configDir: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-catalogue-'))
  cwd = path.join(folder, 'project')
  configDir = path.join(folder, 'config')
  await Promise.all([mkdir(cwd), mkdir(configDir)])
})

afterEach(() => rm(folder, {recursive: true}))

/** Puts a catalogue in each of these places and loads with all of them in force. */
async function load(places: {
  flag?: boolean
  env?: boolean
  project?: boolean
  user?: boolean
}): Promise<{namespace: string; source: string}> {
  if (places.flag) await writeFile(path.join(cwd, 'flag.yaml'), catalogue('from-flag'))
  if (places.env) await writeFile(path.join(folder, 'env.yaml'), catalogue('from-env'))
  if (places.project) await writeFile(path.join(cwd, 'sapoche.yaml'), catalogue('from-project'))
  if (places.user) await writeFile(path.join(configDir, 'catalogue.yaml'), catalogue('from-user'))
  const {namespace, source} = await loadCatalogue(
    {
      flag: places.flag ? 'flag.yaml' : undefined,
      env: places.env ? {SAPOCHE_CATALOGUE: path.join(folder, 'env.yaml')} : {},
      cwd,
      configDir,
    },
    readText,
  )
  return {namespace, source: source.replace(folder, '…')}
}

describe('which catalogue is in force', () => {
  test.each([
    ['the flag before all', {flag: true, env: true, project: true, user: true}, 'from-flag', 'flag.yaml'],
    ['the environment before files that happen to be there', {env: true, project: true, user: true}, 'from-env', '…/env.yaml'],
    ["the project's before the user's", {project: true, user: true}, 'from-project', 'sapoche.yaml'],
    ["the user's before the built-in one", {user: true}, 'from-user', '…/config/catalogue.yaml'],
    ['the built-in one', {}, 'sapoche', 'built in'],
  ])('%s', async (_what, places, namespace, source) => {
    expect(await load(places)).toEqual({namespace, source})
  })

  test('an empty variable is none', async () => {
    const env = {SAPOCHE_CATALOGUE: ''}
    expect(await loadCatalogue({flag: undefined, env, cwd, configDir}, readText)).toBe(builtinCatalogue)
  })

  test('a configuration folder that is no folder counts as absent', async () => {
    await writeFile(path.join(folder, 'file'), '')
    const sources = {flag: undefined, env: {}, cwd, configDir: path.join(folder, 'file')}
    expect(await loadCatalogue(sources, readText)).toBe(builtinCatalogue)
  })
})

describe('a catalogue that can not be used ends with 78', () => {
  const sources = (more: object): Parameters<typeof loadCatalogue>[0] => ({flag: undefined, env: {}, cwd, configDir, ...more})

  test('the flag names a file that is not there', async () => {
    await expect(loadCatalogue(sources({flag: 'no.yaml'}), readText)).rejects.toMatchObject({
      exitCode: 78,
      message: 'there is no catalogue no.yaml',
    })
  })

  test('the environment names a file that is not there, although the project has one', async () => {
    await writeFile(path.join(cwd, 'sapoche.yaml'), catalogue('x'))
    await expect(loadCatalogue(sources({env: {SAPOCHE_CATALOGUE: 'no.yaml'}}), readText)).rejects.toMatchObject({exitCode: 78})
  })

  test('the file is a folder', async () => {
    await mkdir(path.join(cwd, 'sapoche.yaml'))
    await expect(loadCatalogue(sources({}), readText)).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/^the catalogue sapoche\.yaml can't be read: EISDIR/),
    })
  })

  test('the file is bad: its name and the line', async () => {
    await writeFile(path.join(configDir, 'catalogue.yaml'), 'namespace: sapoche\nworkloads: 1\n')
    await expect(loadCatalogue(sources({}), readText)).rejects.toMatchObject({
      exitCode: 78,
      message: `${path.join(configDir, 'catalogue.yaml')}:2: workloads: expected a list of workloads, found 1`,
    })
    await expect(readCatalogue('../config/catalogue.yaml', cwd, readText)).rejects.toMatchObject({
      message: '../config/catalogue.yaml:2: workloads: expected a list of workloads, found 1',
    })
  })
})

test('zod and the YAML parser are loaded for an override only', async () => {
  await writeFile(path.join(cwd, 'sapoche.yaml'), catalogue('x'))
  const index = new URL('../../src/lib/catalogue/index.ts', import.meta.url)
  const script = `
    import {registerHooks} from 'node:module'
    import {readFile} from 'node:fs/promises'
    const loaded = new Set()
    registerHooks({load: (url, context, next) => {
      loaded.add(/node_modules\\/([^/]+)/.exec(url)?.[1])
      return next(url, context)
    }})
    const {loadCatalogue} = await import(${JSON.stringify(index.href)})
    const load = async (cwd) => {
      const {namespace} = await loadCatalogue({flag: undefined, env: {}, cwd, configDir: '/nowhere'}, (file) => readFile(file, 'utf8'))
      return [namespace, loaded.has('zod'), loaded.has('yaml')]
    }
    console.log(JSON.stringify([await load('/nowhere'), await load(${JSON.stringify(cwd)})]))`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {encoding: 'utf8'})
  expect(JSON.parse(output)).toEqual([
    ['sapoche', false, false],
    ['x', true, true],
  ])
})
