import {fileURLToPath} from 'node:url'
import {main} from './lib/cli/main.ts'
import type {CommandClass} from './lib/cli/base-command.ts'
import type {PackageFacts} from './lib/cli/host-config.ts'

/** The program behind bin/run.js: one module a command, loaded when it is called. */
export function start(argv: string[], facts: PackageFacts): Promise<void> {
  return main(argv, {
    root: fileURLToPath(new URL('..', import.meta.url)),
    package: facts,
    load: async (id) => {
      const module: {default: CommandClass} = await import(new URL(`commands/${id.replaceAll(':', '/')}.js`, import.meta.url).href)
      return module.default
    },
  })
}
