import path from 'node:path'
import {ConfigurationError} from '../errors/index.ts'
import builtin from './builtin.json' with {type: 'json'}
import type {Catalogue} from './types.ts'

export * from './types.ts'
export {matchesGlob, matchesPatterns} from './glob.ts'
export {isMeantFor} from './clusters.ts'
export {resolveTargets, type Hit, type Resolution, type TargetPod, type TargetWorkload} from './targets.ts'
export {categoryOf, type ClusterNames, type KnownWorkload} from './universe.ts'

/** The catalogue that is shipped; checked when it was compiled. */
export const builtinCatalogue = builtin as Catalogue

/** Where a catalogue may be looked for, in this order. */
export interface CatalogueSources {
  /** `--catalogue`, if given. */
  readonly flag: string | undefined
  /** The environment, of which SAPOCHE_CATALOGUE is read. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** `sapoche.yaml` is looked for here, and relative paths start here. */
  readonly cwd: string
  /** `catalogue.yaml` is looked for here. */
  readonly configDir: string
}

/** Reads a file as UTF-8; rejects as `node:fs/promises` does. */
export type ReadText = (file: string) => Promise<string>

/**
 * The catalogue in force: flag, environment, project, user, built in; the first that there is counts, none are mixed.
 * Rejects with a ConfigurationError (78) where a named file can't be read, or where the file is no valid catalogue.
 */
export async function loadCatalogue(sources: CatalogueSources, readText: ReadText): Promise<Catalogue> {
  const named = sources.flag ?? (sources.env['SAPOCHE_CATALOGUE'] || undefined)
  if (named !== undefined) return await readCatalogue(named, sources.cwd, readText)
  for (const file of ['sapoche.yaml', path.join(sources.configDir, 'catalogue.yaml')]) {
    const text = await readIfThere(file, sources.cwd, readText)
    if (text !== null) return await compile(text, file)
  }
  return builtinCatalogue
}

/** One file, given by name. Errors as `loadCatalogue`. */
export async function readCatalogue(file: string, cwd: string, readText: ReadText): Promise<Catalogue> {
  const text = await readIfThere(file, cwd, readText)
  if (text === null) throw new ConfigurationError(`there is no catalogue ${file}`)
  return await compile(text, file)
}

/** zod and the YAML parser are loaded here, and so only where a file overrides the built-in catalogue. */
async function compile(text: string, source: string): Promise<Catalogue> {
  const {compileCatalogue} = await import('./compile.ts')
  return compileCatalogue(text, source, builtinCatalogue)
}

/** Null where the file, or its folder, does not exist. */
async function readIfThere(file: string, cwd: string, readText: ReadText): Promise<string | null> {
  try {
    return await readText(path.resolve(cwd, file))
  } catch (error) {
    if (!(error instanceof Error)) throw error
    if ('code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new ConfigurationError(`the catalogue ${file} can't be read: ${error.message}`, {cause: error})
  }
}
