import {spawnSync} from 'node:child_process'
import {copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {ROOT} from './package/program.ts'

/** The rules of the house (who may import whom, who may touch the world) are checked by oxlint; this proves that each of them fires. */

/** A file, a line in it, and the rule that must refuse it; null where the line is allowed. */
const CASES: readonly (readonly [file: string, line: string, rule: string | null])[] = [
  ['src/lib/errors/a.ts', "import '../text/strip.ts'", 'no-restricted-imports'],
  ['src/lib/text/a.ts', "import type {X} from '../errors/index.ts'", 'no-restricted-imports'],
  ['src/lib/catalogue/a.ts', "import '../clients/kubernetes/index.ts'", 'no-restricted-imports'],
  ['src/lib/catalogue/b.ts', "import '../workload/index.ts'", 'no-restricted-imports'],
  ['src/lib/catalogue/c.ts', "import '../errors/index.ts'", null],
  ['src/lib/workload/a.ts', "import '../runbook/view.ts'", 'no-restricted-imports'],
  ['src/lib/workload/decode/b.ts', "import '../../catalogue/index.ts'", 'no-restricted-imports'],
  ['src/lib/clients/kubernetes/a.ts', "import '../../catalogue/index.ts'", 'no-restricted-imports'],
  ['src/lib/clients/kubernetes/b.ts', "import '../../cli/terminal.ts'", 'no-restricted-imports'],
  ['src/lib/clients/redis/a.ts', "import '../kubernetes/transport.ts'", 'no-restricted-imports'],
  ['src/lib/clients/redis/b.ts', "import '../kubernetes/tunnel/index.ts'", null],
  ['src/lib/runbook/status/a.ts', "import '../../cli/output.ts'", 'no-restricted-imports'],
  ['src/lib/runbook/status/b.ts', "import '../../clients/kubernetes/index.ts'", 'no-restricted-imports'],
  ['src/lib/runbook/status/c.ts', "import '../../clients/kubernetes/types.ts'", null],
  ['src/lib/runbook/status/d.ts', "import '../catalogue/diff.ts'", 'no-restricted-imports'],
  ['src/lib/runbook/status/e.ts', "import '../catalogue/index.ts'", null],
  ['src/lib/runbook/status/f.ts', "import '../../sandbox/index.ts'", 'no-restricted-imports'],
  ['src/lib/cli/a.ts', "import '../runbook/schema.ts'", 'no-restricted-imports'],
  ['src/lib/sandbox/a.ts', "import '../clients/kubernetes/types.ts'", 'no-restricted-imports'],
  ['src/lib/sandbox/b.ts', "import '../catalogue/index.ts'", null],
  ['src/lib/app/a.ts', "import '../../commands/status.ts'", 'no-restricted-imports'],
  ['src/lib/app/b.ts', "import '../clients/kubernetes/index.ts'", null],
  ['src/commands/a.ts', "import '../lib/clients/kubernetes/index.ts'", 'no-restricted-imports'],
  ['src/commands/b.ts', "import '../lib/runbook/status/index.ts'", null],
  ['src/lib/runbook/status/g.ts', 'export const home = process.env', 'no-restricted-globals'],
  ['src/lib/runbook/status/h.ts', 'export const now = Date.now()', 'no-restricted-globals'],
  ['src/lib/workload/c.ts', 'export const now = new Date()', 'no-restricted-globals'],
  ['src/lib/text/b.ts', "console.log('x')", 'no-console'],
  ['src/lib/clients/kubernetes/c.ts', 'export const chance = Math.random()', 'no-restricted-properties'],
  ['src/lib/cli/b.ts', 'export const now = Date.now()', null],
  ['src/commands/c.ts', 'process.exitCode = 1', 'no-restricted-globals'],
]

interface Diagnostic {
  readonly code: string
  readonly filename: string
}

let folder: string
let found: readonly Diagnostic[]

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-lint-'))
  copyFileSync(path.join(ROOT, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'))
  for (const [file, line] of CASES) {
    mkdirSync(path.join(folder, path.dirname(file)), {recursive: true})
    writeFileSync(path.join(folder, file), `${line}\n`)
  }
  const {stdout} = spawnSync(path.join(ROOT, 'node_modules/.bin/oxlint'), ['--format', 'json'], {cwd: folder, encoding: 'utf8'})
  found = (JSON.parse(stdout) as {diagnostics: Diagnostic[]}).diagnostics
})

afterAll(() => rmSync(folder, {recursive: true, force: true}))

describe('the rules of the house', () => {
  test.each(CASES)('%s: %s', (file, _, rule) => {
    const fired = found.filter(({filename, code}) => filename.endsWith(file) && /no-restricted|no-console/.test(code)).map(({code}) => code)
    if (rule === null) expect(fired).toEqual([])
    else expect(fired.join()).toContain(rule)
  })
})
