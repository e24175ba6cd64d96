import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {availableParallelism} from 'node:os'
import {delimiter, join} from 'node:path'
import {withSeededClusters} from './seeded-cluster.ts'

// npm run test:real: the tests that need real servers; arguments go to vitest. Vitest's exit code is ours.
// What one file breaks, another must not see: as many run side by side as there are clusters. Most of them wait for servers.
const root = join(import.meta.dirname, '../..')
// Four times what it takes. What hangs by then will hang for ever, and would hold up whoever waits for us.
const LIMIT_MINUTES = 40
const PATIENCE_MS = 10_000

const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts'))
const clusters = Math.min(2, availableParallelism(), named.length || 2)

await withSeededClusters(clusters, async (started, signal) => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--config', join(import.meta.dirname, 'vitest.config.ts'), ...process.argv.slice(2)]
  const env = {
    ...process.env,
    SAPOCHE_TEST_CLUSTERS: started.map(({file}) => file).join(delimiter),
    KUBECTL: started[0]?.cluster.binaries.path('kubectl'),
  }
  // A process group of its own: its workers go with it, also those that do not listen any more.
  const tests = spawn(process.execPath, args, {cwd: root, env, stdio: 'inherit', detached: true})
  const end = (name: NodeJS.Signals): void => void (tests.exitCode === null && tests.pid !== undefined && process.kill(-tests.pid, name))
  const stop = (): void => {
    end('SIGTERM')
    setTimeout(end, PATIENCE_MS, 'SIGKILL').unref()
  }
  signal.addEventListener('abort', stop, {once: true})
  const limit = setTimeout(() => {
    console.error(`the tests on real servers are not done within ${LIMIT_MINUTES} minutes, and are ended`)
    stop()
  }, LIMIT_MINUTES * 60_000)
  const [code] = (await once(tests, 'close')) as [number | null]
  clearTimeout(limit)
  return signal.aborted ? 130 : (code ?? 1)
})
