import {connect} from 'node:net'
import type {Network} from './types.ts'

/** Connections of this machine's own. */
export const directNetwork: Network = {
  kind: 'direct',
  describe: ({host, port}) => `${host.includes(':') ? `[${host}]` : host}:${port}`,
  connect: ({host, port}) => connect({host, port}),
}
