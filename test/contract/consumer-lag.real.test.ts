import {describe} from 'vitest'
import {consumerLagSuite} from './consumer-lag.ts'
import {realLagStage} from './lag-real.ts'

describe('on real servers', () => consumerLagSuite(realLagStage))
