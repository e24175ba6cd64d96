import type {Readable, Writable} from 'node:stream'
import {StringDecoder} from 'node:string_decoder'
import type {PodAccess} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {strip} from '../../text/strip.ts'
import type {Program} from './attach.ts'
import type {Place} from './choose.ts'
import type {ProgramIo} from './io.ts'

/** Of our own failures (rules.md, section 6). */
export const OWN_FAILURE = 125
const AT_ONCE = 8

/**
 * Runs a program at several places, some at a time, each line of its output behind the name of its pod. Nothing has a stdin.
 * Resolves with the highest exit code; a place where it can't run counts as 125 and does not end the others. Rejects when interrupted.
 */
export async function runEverywhere(
  access: PodAccess,
  places: readonly Place[],
  {command, say}: Program,
  io: ProgramIo,
  signal: AbortSignal,
): Promise<number> {
  const width = Math.max(...places.map(({pod}) => pod.length))
  const codes: number[] = []
  const left = [...places]
  const work = async (): Promise<void> => {
    for (let place = left.shift(); place !== undefined; place = left.shift()) {
      const {pod, container} = place
      try {
        const execution = await access.execute(pod, {container, command, tty: false, stdin: false, signal})
        const prefix = `${pod.padEnd(width)}  `
        await Promise.all([pourLines(execution.stdout, io.stdout, prefix), pourLines(execution.stderr, io.stderr, prefix)])
        codes.push(await execution.exit)
      } catch (error) {
        if (error instanceof InterruptedError || !(error instanceof SapocheError)) throw error
        say(`${pod}: ${error.message}`)
        codes.push(OWN_FAILURE)
      }
    }
  }
  await Promise.all(Array.from({length: AT_ONCE}, work))
  return Math.max(...codes)
}

/** Lines are written whole, so that those of several pods do not mix. */
async function pourLines(from: Readable, into: Writable, prefix: string): Promise<void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const write = (line: string): Promise<void> => new Promise((resolve) => into.write(`${prefix}${strip(line)}\n`, () => resolve()))
  for await (const chunk of from) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) await write(line)
  }
  rest += decoder.end()
  if (rest !== '') await write(rest)
}
