import {join} from 'node:path'
import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    include: ['test/real/**/*.test.ts', 'test/contract/real.test.ts'],
    // One cluster for all of them: what one test breaks, another must not see.
    fileParallelism: false,
    disableConsoleIntercept: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    env: {NO_COLOR: '', FORCE_COLOR: ''},
  },
})
