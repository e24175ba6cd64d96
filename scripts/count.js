/** Adds up what the test runs and the checks left in a folder: one line `N passed, N failed`; fails where one failed or is absent. */
import {readFileSync} from 'node:fs'
import path from 'node:path'

const folder = process.argv[2]
let passed = 0
let failed = 0

for (const name of ['fast.json', 'real.json']) {
  try {
    const results = JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
    passed += results.numPassedTests
    failed += results.numFailedTests
    // A file that could not be loaded has no tests that fail.
    if (!results.success && results.numFailedTests === 0) failed++
    if (results.numTotalTests === 0) failed++
  } catch (error) {
    console.log(`no results of ${name}: ${error.message}`)
    failed++
  }
}

try {
  const [, ok, bad] = /^checks: (\d+) passed, (\d+) failed$/m.exec(readFileSync(path.join(folder, 'checks.txt'), 'utf8'))
  passed += Number(ok)
  failed += Number(bad)
} catch {
  console.log('no results of the checks')
  failed++
}

console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
