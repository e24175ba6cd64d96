import {join} from 'node:path'
import type {Api} from './api.ts'
import type {Binaries} from './binaries.ts'
import {type Output, run, type RunOptions} from './processes.ts'

/** A running cluster as tests see it, whichever process it belongs to. */
export interface Cluster {
  /** The run's own folder: logs, kubeconfigs, certificates. */
  readonly dir: string
  readonly binaries: Binaries
  /** `https://127.0.0.1:PORT` */
  readonly server: string
  /** The authority's certificate, PEM. */
  readonly ca: string
  readonly caFile: string
  /** Of an administrator. */
  readonly token: string
  /** Of a user whom the server knows and who may do nothing. */
  readonly nobodyToken: string
  /** The administrator's. */
  readonly kubeconfig: string
  /** As the administrator. */
  readonly api: Api
  /** Runs kubectl as the administrator. Does not reject for its exit code. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<Output>
  /** `killed` (the default): connections break off; `terminated`: the server says goodbye first. What is stored stays. */
  stopApiServer(how?: 'killed' | 'terminated'): Promise<void>
  /** Resolves when it is ready. */
  startApiServer(): Promise<void>
  restartApiServer(how?: 'killed' | 'terminated'): Promise<void>
  /**
   * Those who were there while the API server was away look for it again after up to a minute, each kind of object on its own: deployments
   * would stay half deleted, and kwok blind for what containers.ts tells it. So who took the API server away calls this at the end.
   * Resolves when kwok listens.
   */
  restartControllers(): Promise<void>
  /** Starts metrics-server, once; resolves when it has figures, which takes some 20 s. Only `top` needs it. */
  startMetrics(): Promise<void>
}

export interface KubectlOptions extends Pick<RunOptions, 'input' | 'timeout' | 'signal'> {
  /** In the place of the administrator's. */
  readonly kubeconfig?: string
}

export function kubectlOf(binaries: Binaries, kubeconfig: string, dir: string): Cluster['kubectl'] {
  const env = {...process.env, KUBECACHEDIR: join(dir, 'kubectl-cache')}
  return (args, options = {}) =>
    run(binaries.path('kubectl'), [`--kubeconfig=${options.kubeconfig ?? kubeconfig}`, ...args], {...options, env})
}
