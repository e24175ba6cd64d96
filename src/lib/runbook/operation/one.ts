import {UsageError} from '../../errors/index.ts'

/** The one of `names` that a command for a single workload is about. Throws a UsageError (64) where a target names several. */
export function onlyOne(command: string, target: string, names: readonly string[]): string {
  const [one, ...others] = names
  if (one === undefined || others.length > 0) {
    throw new UsageError(`${target} names ${names.length} workloads, and ${command} takes one`, {suggestions: names.slice(0, 5)})
  }
  return one
}
