#!/usr/bin/env node
// The program as the sources have it now: builds dist/, then runs it.
import {execFileSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'

execFileSync(process.execPath, [fileURLToPath(new URL('../scripts/build.ts', import.meta.url))], {stdio: ['ignore', 'inherit', 'inherit']})
await import('./run.js')
