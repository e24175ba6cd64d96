import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type {Catalogue} from '../catalogue/index.ts'
import type {Environment} from '../cli/environment.ts'

/** A running embedded cluster, with the kubeconfig that leads to it. */
export interface OpenSandbox {
  /** A file that only this user can read; gone after `close`. */
  readonly kubeconfig: string
  readonly url: string
  close(): Promise<void>
}

/** Starts the embedded cluster in this process. Rejects with a UsageError for a scenario that there isn't. */
export async function openSandbox(scenario: string, catalogue: Catalogue, environment: Environment): Promise<OpenSandbox> {
  const {startSandbox} = await import('../sandbox/index.ts')
  const sandbox = await startSandbox({scenario, catalogue, now: environment.now})
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-sandbox-'))
  const kubeconfig = path.join(folder, 'kubeconfig')
  await writeFile(kubeconfig, sandbox.kubeconfig(), {mode: 0o600})
  return {
    kubeconfig,
    url: sandbox.url,
    async close() {
      await sandbox.close()
      await rm(folder, {recursive: true, force: true})
    },
  }
}

/** The scenarios that the sandbox knows. */
export async function listScenarios(): Promise<readonly {readonly name: string; readonly description: string}[]> {
  return (await import('../sandbox/index.ts')).listScenarios()
}
