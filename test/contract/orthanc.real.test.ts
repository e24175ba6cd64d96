import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {orthancSuite} from './orthanc.ts'
import {realServers} from './orthanc-stage.ts'
import {realTarget} from './target.ts'

describe('orthanc-probe on a real control plane and a real Orthanc', () =>
  orthancSuite(async () => realTarget(await clusterOfTheRun()), realServers))
