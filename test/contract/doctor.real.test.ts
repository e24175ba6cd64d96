import {describe} from 'vitest'
import {giveExec} from '../real/containers.ts'
import {clusterOfTheRun} from '../real/control.ts'
import {doctorSuite} from './doctor.ts'
import {realLagStage} from './lag-real.ts'
import {realServers} from './orthanc-stage.ts'
import {startRealRedis} from './redis-starters.ts'

describe('doctor on real servers', () =>
  doctorSuite({
    async lag() {
      await (await clusterOfTheRun()).startMetrics()
      return await realLagStage()
    },
    startRedis: startRealRedis,
    orthanc: realServers,
    async letPodsConnect() {
      await giveExec(await clusterOfTheRun(), {}, {PATH: '/usr/bin:/bin'})
      return true
    },
  }))
