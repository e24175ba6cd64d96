import {defineConfig} from 'vitest/config'

const results = process.env['SAPOCHE_TEST_RESULTS']

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/temporary.ts',
    exclude: ['test/real/**', 'test/contract/*real*.test.ts'],
    // A busy machine can hold a process up for seconds: there what failed is tried again, and what is wrong fails each time.
    retry: process.env['CI'] ? 2 : 0,
    expect: {poll: {timeout: 20_000}},
    disableConsoleIntercept: true,
    // Most of them wait for others.
    maxWorkers: '100%',
    testTimeout: 40_000,
    hookTimeout: 60_000,
    reporters: results ? ['default', 'json'] : ['default'],
    ...(results ? {outputFile: {json: results}} : {}),
  },
})
