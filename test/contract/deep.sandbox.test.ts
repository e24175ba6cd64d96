import {describe} from 'vitest'
import {deepSuite, STATUS_PEOPLE} from './deep.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {startSandboxRedis} from './redis-starters.ts'

describe('--deep on the sandbox', () => deepSuite(() => sandboxLagStage(STATUS_PEOPLE), startSandboxRedis))
