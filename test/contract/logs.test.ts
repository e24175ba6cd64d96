import {describe} from 'vitest'
import {logsSuite} from './logs.ts'
import {sandboxLogs} from './logs-target.ts'

describe('logs on the sandbox', () => logsSuite(sandboxLogs))
