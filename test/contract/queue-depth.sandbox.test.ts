import {describe} from 'vitest'
import {DEPTH_PEOPLE, queueDepthSuite} from './queue-depth.ts'
import {startSandboxRedis} from './redis-starters.ts'
import {sandboxTarget} from './target.ts'

describe('queue-depth on the sandbox', () => queueDepthSuite(() => sandboxTarget(DEPTH_PEOPLE), startSandboxRedis))
