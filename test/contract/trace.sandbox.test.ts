import {describe} from 'vitest'
import {sandboxLagStage} from './lag-sandbox.ts'
import {startSandboxRedis} from './redis-starters.ts'
import {TRACE_PEOPLE, traceSuite} from './trace.ts'

describe('trace on the sandbox', () => traceSuite(() => sandboxLagStage(TRACE_PEOPLE), startSandboxRedis))
