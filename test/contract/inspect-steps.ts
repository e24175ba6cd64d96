import {expect} from 'vitest'
import type {InspectTarget} from './inspect-target.ts'
import {reportOf} from './scene.ts'

export const CORE = '/api/v1/namespaces/sapoche'
export const APPS = '/apis/apps/v1/namespaces/sapoche'

export interface Steps {
  readonly run: InspectTarget['sapoche']
  /** The JSON of a command, by its schema. */
  readonly read: <T>(kind: string, ...args: readonly string[]) => Promise<T>
  /** A command that has to succeed, in silence on stderr. */
  readonly done: (...args: readonly string[]) => Promise<void>
}

export function stepsOf(opened: () => InspectTarget): Steps {
  const run: InspectTarget['sapoche'] = (args, options) => opened().sapoche(args, options)
  return {
    run,
    read: async <T>(kind: string, ...args: readonly string[]): Promise<T> => reportOf<T>(await run([...args, '-o', 'json']), kind),
    async done(...args) {
      const {code, stderr} = await run(args)
      expect({code, stderr}).toEqual({code: 0, stderr: ''})
    },
  }
}
