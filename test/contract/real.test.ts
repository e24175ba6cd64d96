import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {statusSuite} from './status.ts'
import {realTarget} from './target.ts'

describe('on a real control plane', () => {
  describe('status', () => statusSuite(async () => realTarget(await clusterOfTheRun())))
})
