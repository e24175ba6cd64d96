import {describe} from 'vitest'
import {queueReaderSuite} from './queue-reader.ts'
import {startSandboxRedis} from './redis-starters.ts'

describe("on the sandbox's Redis", () => queueReaderSuite(startSandboxRedis))
