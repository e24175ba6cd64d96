import {describe} from 'vitest'
import {orthancReaderSuite} from './orthanc-reader.ts'
import {sandboxServers} from './orthanc-stage.ts'

describe('the client of Orthanc on the sandbox’s', () => orthancReaderSuite(sandboxServers))
