import {describe} from 'vitest'
import {operationsSuite} from '../contract/operations.ts'
import {realTarget} from '../contract/target.ts'
import {clusterOfTheRun} from './control.ts'

const open = async () => realTarget(await clusterOfTheRun())

describe('operations on a real control plane', () => operationsSuite(open, open))
