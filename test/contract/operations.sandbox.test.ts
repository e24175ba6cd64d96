import {describe} from 'vitest'
import {OPERATORS, operationsSuite} from './operations.ts'
import {sandboxTarget} from './target.ts'

describe('operations on the sandbox', () =>
  operationsSuite(
    () => sandboxTarget(),
    () => sandboxTarget(OPERATORS),
  ))
