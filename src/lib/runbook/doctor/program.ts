import {access, constants} from 'node:fs/promises'
import path from 'node:path'
import {BUILT_IN, type Catalogue} from '../../catalogue/index.ts'
import {count} from '../../text/view.ts'
import {type Found, Path} from './path.ts'
import type {DoctorSources, ProgramFacts} from './types.ts'

/** The program itself. The catalogue is null where it is none. */
export async function examineProgram(sources: DoctorSources): Promise<{hops: Path; catalogue: Catalogue | null}> {
  const {program} = sources
  const hops = new Path('program', {now: sources.now})
  const step = {target: null, status: 'ok', ms: null, cure: null} as const
  hops.add({...step, name: 'sapoche', reason: `${program.version} on Node ${program.node}, ${program.platform}`})
  hops.add({...step, name: 'terminal', reason: terminalWords(program)})
  const [catalogue] = await Promise.all([
    hops.look(
      'catalogue',
      null,
      'critical',
      async () => catalogueFound(await sources.openCatalogue()),
      'sapoche catalogue validate FILE names every problem, with its line',
    ),
    program.journal === null ? null : hops.look('journal', program.journal, 'warning', () => journalFound(program.journal ?? '')),
  ])
  if (program.journal === null) hops.add({...step, name: 'journal', status: 'skipped', reason: 'changes of the sandbox are not recorded'})
  return {hops, catalogue}
}

function terminalWords({terminal: {isTerminal, width, colour}}: ProgramFacts): string {
  return isTerminal ? `${width} columns, ${colour ? 'colour' : 'no colour'}` : 'stdout is none: plain text'
}

function catalogueFound(catalogue: Catalogue): Found<Catalogue> {
  const {source, workloads, clusters} = catalogue
  const where = clusters.length === 0 ? 'any cluster' : clusters.join(', ')
  const what = `${count(workloads.length, 'workload')}, for ${where}`
  return source === BUILT_IN ? {value: catalogue, reason: `${source}: ${what}`} : {value: catalogue, target: source, reason: what}
}

/** Whether it could be written, without writing: the file, or the nearest folder above it that is there. */
async function journalFound(file: string): Promise<Found<true>> {
  for (let place = file; ; place = path.dirname(place)) {
    try {
      await access(place, constants.W_OK)
      return {value: true, reason: place === file ? 'writable' : 'none yet; can be written'}
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (code === 'ENOENT' && place !== path.dirname(place)) continue
      return {
        value: true,
        status: 'warning',
        reason: `can't be written (${place}: ${code}): what sapoche changes is not recorded`,
        cure: `make ${place} writable, or set XDG_STATE_HOME`,
      }
    }
  }
}
