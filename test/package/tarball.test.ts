import {execFileSync, spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, readdirSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {ROOT} from './program.ts'

/** The tarball of `npm pack`, installed into an empty folder, as a user would get it. */
let folder: string
const bin = (name: string): string => path.join(folder, 'node_modules', '.bin', name)

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-package-'))
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {cwd: ROOT})
  const [tarball] = readdirSync(folder)
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--offline', '--prefix', folder, path.join(folder, tarball!)], {
    cwd: folder,
  })
})

afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe('the package', () => {
  test('has no dependencies', () => {
    const {dependencies} = JSON.parse(readFileSync(path.join(folder, 'node_modules/sapoche/package.json'), 'utf8'))
    expect(dependencies).toBeUndefined()
    expect(readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual(['sapoche'])
  })

  test('of a fresh checkout is installed and built first, as for npm start', () => {
    const {scripts} = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
    expect(scripts.prepack).toBe(scripts.prestart)
  })

  test('holds the program and nothing of the workshop', () => {
    const entries = readdirSync(path.join(folder, 'node_modules/sapoche')).sort()
    expect(entries).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'oclif.manifest.json', 'package.json', 'schemas'])
    expect(readdirSync(path.join(folder, 'node_modules/sapoche/bin'))).toEqual(['run.js'])
  })

  test('runs', () => {
    const {status, stdout, stderr} = spawnSync(bin('sapoche'), ['status', '--sandbox', '-o', 'json'], {encoding: 'utf8', cwd: folder})
    expect({status, stderr}).toEqual({status: 0, stderr: ''})
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'ok',
      summary: {workloads: 38, active: 36, inactive: 2, pods: {desired: 40, ready: 40}},
    })
  })

  test('is a kubectl plugin', () => {
    const {status, stdout} = spawnSync(bin('kubectl-sapoche'), ['--version'], {encoding: 'utf8'})
    expect({status, stdout}).toEqual({status: 0, stdout: expect.stringMatching(/^sapoche \d/)})
  })
})
