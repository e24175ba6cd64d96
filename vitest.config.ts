import {defineConfig} from 'vitest/config'

const results = process.env['SAPOCHE_TEST_RESULTS']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/contract/*real*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 40_000,
    hookTimeout: 60_000,
    reporters: results ? ['default', 'json'] : ['default'],
    ...(results ? {outputFile: {json: results}} : {}),
  },
})
