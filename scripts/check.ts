import {spawnSync} from 'node:child_process'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

/** The checks that are no tests, one after another; ends with a line that counts them, and fails if one did. */
const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string): string => path.join(root, 'node_modules', '.bin', name)

const checks: readonly {name: string; command: string; args: readonly string[]}[] = [
  {name: 'types', command: bin('tsc'), args: ['--noEmit', '-p', root]},
  {name: 'lint', command: bin('oxlint'), args: ['--type-aware', '--deny-warnings']},
  {name: 'format', command: bin('oxfmt'), args: ['--check']},
  {name: 'dead code', command: bin('knip'), args: []},
  {name: 'generated files', command: process.execPath, args: ['scripts/generate.ts', '--check']},
  {name: 'package', command: bin('publint'), args: ['--strict']},
]

let failed = 0
for (const {name, command, args} of checks) {
  const {status, stdout, stderr} = spawnSync(command, args, {cwd: root, encoding: 'utf8'})
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'}  ${name}`)
  if (status === 0) continue
  failed++
  console.log(`${stdout}${stderr}`.trim())
}
console.log(`checks: ${checks.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
