import type {PodAccess} from '../../clients/kubernetes/types.ts'
import {UnreachableError} from '../../errors/index.ts'
import type {Place} from '../exec/index.ts'

/** More than the environment of any process. */
const LIMIT = 4 * 1024 * 1024
// Ends each variable with a NUL, so that values may have lines of their own.
const COMMAND = ['env', '-0']

/** The environment that a program gets in a container now. Rejects with a SapocheError where `env` can't be run there. */
export async function liveEnvironment(
  access: PodAccess,
  {pod, container}: Place,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const program = await access.execute(pod, {container, command: COMMAND, tty: false, stdin: false, signal})
  program.stderr.resume()
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of program.stdout) {
    length += (chunk as Buffer).length
    if (length > LIMIT) throw new UnreachableError(`env in pod ${pod} gives no end of output`)
    chunks.push(chunk as Buffer)
  }
  const code = await program.exit
  if (code !== 0) throw new UnreachableError(`env -0 in pod ${pod} ended with exit code ${code}`)
  return parseEnvironment(Buffer.concat(chunks).toString('utf8'))
}

/** `NAME=VALUE`, each ended by a NUL. */
export function parseEnvironment(text: string): ReadonlyMap<string, string> {
  const pairs = text.split('\0').filter((pair) => pair.includes('='))
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
