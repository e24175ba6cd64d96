import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {join} from 'node:path'
import {withSeededCluster} from './seeded-cluster.ts'

// npm run test:real: the tests that need real servers; arguments go to vitest. Vitest's exit code is ours.
const root = join(import.meta.dirname, '../..')
await withSeededCluster(async (cluster, file, signal) => {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--config', join(import.meta.dirname, 'vitest.config.ts'), ...process.argv.slice(2)]
  const env = {
    ...process.env,
    SAPOCHE_TEST_CLUSTER: file,
    SAPOCHE_TEST_KUBECONFIG: cluster.kubeconfig,
    KUBECTL: cluster.binaries.path('kubectl'),
  }
  const tests = spawn(process.execPath, args, {cwd: root, env, stdio: 'inherit'})
  signal.addEventListener('abort', () => tests.kill('SIGTERM'), {once: true})
  const [code] = (await once(tests, 'close')) as [number | null]
  return code ?? 130
})
