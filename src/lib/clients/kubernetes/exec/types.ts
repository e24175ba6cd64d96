import type {Heartbeat} from '../connection.ts'
import type {ExecOptions} from '../types.ts'

/** Can say that stdin has ended, and is spoken since Kubernetes 1.30. */
export const V5 = 'v5.channel.k8s.io'
export const V4 = 'v4.channel.k8s.io'

/** With what is for tests alone. */
export interface ProgramOptions extends ExecOptions {
  readonly heartbeat?: Heartbeat
}
