import os from 'node:os'
import type {Config} from '@oclif/core/interfaces'

/** What the program knows of its own package. */
export interface PackageFacts {
  readonly name: string
  readonly version: string
}

/**
 * The part of oclif's Config that a command of ours touches: no plugins, no hooks, no theme.
 * Loading the real one reads files, asks for the shell and evaluates its plugin loader: 25 ms of a 100 ms command.
 */
export function hostConfig(host: {root: string; package: PackageFacts}): Config {
  const config = {
    bin: host.package.name,
    name: host.package.name,
    version: host.package.version,
    root: host.root,
    topicSeparator: ' ' as const,
    userAgent: `${host.package.name}/${host.package.version} ${os.platform()}-${os.arch()} node-${process.version}`,
    runHook: async () => ({successes: [], failures: []}),
    scopedEnvVarKeys: () => [],
    scopedEnvVar: () => undefined,
  }
  return config as unknown as Config
}
