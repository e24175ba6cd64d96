import {describe} from 'vitest'
import {LOGIN} from '../../src/lib/sandbox/orthanc.ts'
import {orthancScenarioSuite, PROBERS} from './orthanc-scenarios.ts'
import {sandboxTarget} from './target.ts'

describe('scenarios of orthanc-probe on the sandbox', () => {
  orthancScenarioSuite(async (scenario) => {
    const target = await sandboxTarget(PROBERS, scenario)
    return {target, login: LOGIN, close: () => target.close()}
  })
})
