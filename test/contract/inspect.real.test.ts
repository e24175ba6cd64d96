import {describe} from 'vitest'
import {clusterOfTheRun} from '../real/control.ts'
import {forwardSuite} from './inspect-forward.ts'
import {realInspect} from './inspect-target.ts'
import {inspectSuite} from './inspect.ts'

describe('looking into a real control plane', () => {
  const open = async () => realInspect(await clusterOfTheRun())
  // kwok makes an internal error of every exit code but 0.
  describe('commands', () => inspectSuite(open, {outcome: false}))
  describe('forward', () => forwardSuite(open, process.env['KUBECTL']))
})
