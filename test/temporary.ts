import {chmod, mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

/** What the tests and the programs that they start leave in the folder for temporary files goes with the run. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sapoche-tests-'))
  // PostgreSQL, which is nobody, has to come through.
  await chmod(folder, 0o711)
  process.env['TMPDIR'] = folder
  return () => rm(folder, {recursive: true, force: true, maxRetries: 3})
}
