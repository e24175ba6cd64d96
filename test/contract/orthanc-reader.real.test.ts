import {describe} from 'vitest'
import {orthancReaderSuite} from './orthanc-reader.ts'
import {realServers} from './orthanc-stage.ts'

describe('the client of Orthanc on Debian’s', () => orthancReaderSuite(realServers))
