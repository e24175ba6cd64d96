import {openChannels} from '../tunnel/channels.ts'
import type {ClusterStreams, Execution} from '../types.ts'
import {RemoteProgram} from './program.ts'
import {type ProgramOptions, V4, V5} from './types.ts'

/** Starts a program in a container of a pod. Rejects with the API server's errors (403, 404 ...); what happens later is told by `exit`. */
export async function execute(cluster: ClusterStreams, pod: string, options: ProgramOptions): Promise<Execution> {
  const {container, command, tty, stdin, signal = new AbortController().signal} = options
  const query = {container, command, stdin: String(stdin), stdout: 'true', stderr: String(!tty), tty: String(tty)}
  return new RemoteProgram(await openChannels(cluster, pod, 'exec', [V5, V4], {query, signal}), pod, options)
}
