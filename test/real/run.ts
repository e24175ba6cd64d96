import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {withSeededCluster} from './seeded-cluster.ts'

// npm run test:real: the tests that need real servers; arguments go to vitest. Vitest's exit code is ours.
const root = join(import.meta.dirname, '../..')
// Four times what it takes. What hangs by then will hang for ever, and would hold up whoever waits for us.
const LIMIT_MINUTES = 40
const PATIENCE_MS = 10_000

await withSeededCluster(async (cluster, file, signal) => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--config', join(import.meta.dirname, 'vitest.config.ts'), ...process.argv.slice(2)]
  const env = {
    ...process.env,
    SAPOCHE_TEST_CLUSTER: file,
    SAPOCHE_TEST_KUBECONFIG: cluster.kubeconfig,
    KUBECTL: cluster.binaries.path('kubectl'),
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
