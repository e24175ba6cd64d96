import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/contract/real.test.ts'],
    disableConsoleIntercept: true,
    restoreMocks: true,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    env: {NO_COLOR: '', FORCE_COLOR: ''},
  },
})
