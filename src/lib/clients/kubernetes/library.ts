/**
 * The only file that runs code of @kubernetes/client-node: for what is rare and not worth having twice
 * (logins of cloud providers, SOCKS proxies). It is slow to load (facts/speed.md), so import this file only when it is needed.
 */
import type {RequestOptions} from 'node:https'
import {KubeConfig} from '@kubernetes/client-node'
import type {JsonObject} from './types.ts'

/** The options (headers, agent) that the library makes of a cluster and, where there is one, of a user's `auth-provider`. */
export async function libraryOptions(
  cluster: {readonly server: string; readonly proxyUrl?: string},
  authProvider: JsonObject | null,
): Promise<RequestOptions> {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    {name: 'cluster', skipTLSVerify: false, ...cluster},
    {name: 'user', ...(authProvider === null ? {} : {authProvider})},
  )
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  return options
}
