import {mkdtemp, rm} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import {describe} from 'vitest'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {startSandbox} from '../../src/lib/sandbox/index.ts'
import {run} from '../package/program.ts'
import {writeKubeconfig} from '../real/kubeconfig.ts'
import {depthScenarioSuite} from './depth-scenarios.ts'

describe('scenarios of queue-depth on the sandbox', () => {
  depthScenarioSuite(async (scenario) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-scenario-'))
    const {url: server, caPem: ca, token, close} = await startSandbox({scenario, catalogue: builtinCatalogue, now: Date.now})
    const kubeconfig = await writeKubeconfig(path.join(folder, 'kubeconfig'), {server, ca, token})
    return {
      sapoche: (args) => run(args, {env: {KUBECONFIG: kubeconfig, HOME: folder}}),
      async close() {
        await close()
        await rm(folder, {recursive: true})
      },
    }
  })
})
