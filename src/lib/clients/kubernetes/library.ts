/**
 * The only file that runs code of @kubernetes/client-node: for what is rare and not worth having twice
 * (OIDC and cloud logins, SOCKS proxies). It is slow to load (facts/speed.md), so import this file only when it is needed.
 */
import type {RequestOptions} from 'node:https'
import {KubeConfig} from '@kubernetes/client-node'
import type {JsonObject} from './types.ts'

/** The options (headers, agent) that the library makes of a cluster and a user with an `auth-provider`. */
export async function libraryOptions(
  cluster: {readonly server: string; readonly proxyUrl?: string},
  authProvider: JsonObject,
): Promise<RequestOptions> {
  const config = new KubeConfig()
  config.loadFromClusterAndUser(
    {name: 'cluster', skipTLSVerify: false, ...cluster},
    {name: 'user', ...(Object.keys(authProvider).length === 0 ? {} : {authProvider})},
  )
  const options: RequestOptions = {}
  await config.applyToHTTPSOptions(options)
  return options
}
