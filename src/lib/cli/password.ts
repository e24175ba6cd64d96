import {text} from 'node:stream/consumers'
import {UsageError} from '../errors/index.ts'

/** The password that is piped into stdin (`--password-stdin`): all of it, without the line feed at its end. Rejects with a UsageError on a terminal. */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) throw new UsageError('--password-stdin reads the password from a pipe, and stdin is a terminal')
  return withoutLineFeed(await text(process.stdin))
}

/** A file that holds a password mostly ends with a line feed that is not part of it. */
export function withoutLineFeed(content: string): string {
  return content.replace(/\r?\n$/, '')
}
