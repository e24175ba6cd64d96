import {createHash} from 'node:crypto'
import {mkdir, mkdtemp, readFile, rename, rm, stat} from 'node:fs/promises'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {installPackages} from './apt.ts'
import {type Progress, run} from './processes.ts'

const POM = join(import.meta.dirname, 'kafka', 'pom.xml')

/**
 * The folder of Apache Kafka's jars (54 MB), fetched once by Maven as `kafka/pom.xml` says and kept in
 * `${XDG_CACHE_HOME:-~/.cache}/sapoche-test/kafka-HASH`. Installs a Java and Maven on a Debian machine that has none.
 */
export async function ensureKafkaJars(progress: Progress): Promise<string> {
  if (!(await runs('java', '-version'))) await installPackages(['default-jre-headless'], progress)
  const hash = createHash('sha256').update(await readFile(POM))
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sapoche-test')
  const folder = join(cache, `kafka-${hash.digest('hex').slice(0, 16)}`)
  if (await exists(folder)) return folder
  if (!(await runs('mvn', '-version'))) await installPackages(['maven'], progress)
  progress('fetching Kafka from Maven: about 20 s')
  await mkdir(cache, {recursive: true})
  // Into a folder beside the wanted one, which then gets its name in one step: nobody ever sees half of it.
  const unfinished = await mkdtemp(`${folder}.unfinished-`)
  try {
    const args = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${unfinished}`, '-DincludeScope=runtime']
    const {code, stdout} = await run('mvn', args)
    if (code !== 0) throw new Error(`Maven could not fetch Kafka:\n${stdout.trim().split('\n').slice(0, 10).join('\n')}`)
    await rename(unfinished, folder).catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error
    })
  } finally {
    await rm(unfinished, {recursive: true, force: true})
  }
  return folder
}

async function runs(command: string, argument: string): Promise<boolean> {
  const {code} = await run(command, [argument]).catch(() => ({code: 1}))
  return code === 0
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
