import {delimiter, join} from 'node:path'
import {defineConfig} from 'vitest/config'

const clusters = process.env['SAPOCHE_TEST_CLUSTERS']?.split(delimiter) ?? []
const results = process.env['SAPOCHE_TEST_RESULTS']

export default defineConfig({
  test: {
    root: join(import.meta.dirname, '../..'),
    globalSetup: 'test/temporary.ts',
    // The last one is for the embedded cluster, but needs the kubectl that was built for this one.
    include: ['test/real/**/*.test.ts', 'test/contract/*real*.test.ts', 'test/sandbox/kubectl.test.ts'],
    // What one file breaks, another must not see.
    maxWorkers: clusters.length || 1,
    // A busy machine can hold a process up for seconds: there what failed is tried again, and what is wrong fails each time.
    retry: process.env['CI'] ? 2 : 0,
    // Where a server is gone for good, each test after it would wait for it in vain.
    bail: process.env['CI'] ? 24 : 0,
    expect: {poll: {timeout: 20_000}},
    disableConsoleIntercept: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Each test as it ends: the last one in the log comes before the one that hangs.
    reporters: results ? ['verbose', 'json'] : ['default'],
    ...(results ? {outputFile: {json: results}} : {}),
  },
})
