import {describe} from 'vitest'
import {DOCTOR_PEOPLE, doctorSuite} from './doctor.ts'
import {sandboxLagStage} from './lag-sandbox.ts'
import {sandboxServers} from './orthanc-stage.ts'
import {startSandboxRedis} from './redis-starters.ts'

describe('doctor on the sandbox', () =>
  doctorSuite({
    lag: () => sandboxLagStage(DOCTOR_PEOPLE),
    startRedis: startSandboxRedis,
    orthanc: sandboxServers,
    letPodsConnect: async () => false,
  }))
