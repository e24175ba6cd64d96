import {describe} from 'vitest'
import {orthancSuite} from './orthanc.ts'
import {sandboxServers} from './orthanc-stage.ts'
import {sandboxTarget} from './target.ts'

describe('orthanc-probe on the sandbox', () => orthancSuite(() => sandboxTarget(), sandboxServers))
