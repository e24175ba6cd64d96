import {describe} from 'vitest'
import {forwardSuite} from './inspect-forward.ts'
import {sandboxInspect} from './inspect-target.ts'
import {INSPECTORS} from './inspect-access.ts'
import {inspectSuite} from './inspect.ts'

describe('looking into the sandbox', () => {
  describe('commands', () => inspectSuite(() => sandboxInspect(INSPECTORS), {outcome: true}))
  describe('forward', () => forwardSuite(() => sandboxInspect()))
})
