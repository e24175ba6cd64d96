import {describe} from 'vitest'
import {redisTroublesSuite} from './redis-troubles.ts'
import {sandboxTarget} from './target.ts'

describe('troubles of Redis on the sandbox', () =>
  redisTroublesSuite(['loading'], async () => {
    const target = await sandboxTarget()
    target.sandbox.redis.become({loading: true})
    return {queueDepth: (args) => target.sapoche(['queue-depth', ...args]), url: null, close: () => target.close()}
  }))
