import {describe} from 'vitest'
import {statusSuite} from './status.ts'
import {sandboxTarget} from './target.ts'

describe('on the sandbox', () => {
  describe('status', () => statusSuite(() => sandboxTarget()))
})
