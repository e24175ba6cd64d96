import {describe} from 'vitest'
import {queueReaderSuite} from './queue-reader.ts'
import {startRealRedis} from './redis-starters.ts'

describe('on a real Redis', () => queueReaderSuite(startRealRedis))
