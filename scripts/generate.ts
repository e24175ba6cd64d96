import {execFileSync} from 'node:child_process'
import {globSync} from 'node:fs'
import {mkdir, readFile, readdir, rm, writeFile} from 'node:fs/promises'
import path from 'node:path'
import {fileURLToPath} from 'node:url'
import {z} from 'zod'
import {compileCatalogue} from '../src/lib/catalogue/compile.ts'
import {compileScenarios} from '../src/lib/sandbox/compile.ts'
import {commandReference, surfaceOf, type Manifest} from './reference.ts'

/**
 * Writes everything in the repository that is made from something else; with `--check` it writes nothing
 * and fails, naming each file that is stale. Needs a fresh dist/ (the manifest is read off the built commands).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')
const stale: string[] = []

async function emit(file: string, text: string): Promise<void> {
  const old = await readFile(path.join(root, file), 'utf8').catch(() => null)
  if (old === text) return
  stale.push(file)
  if (!check) await writeFile(path.join(root, file), text)
}

const json = (value: unknown): string => JSON.stringify(value, null, 2) + '\n'

async function generateCatalogue(): Promise<void> {
  const source = await readFile(path.join(root, 'src/lib/catalogue/catalogue.yaml'), 'utf8')
  await emit('src/lib/catalogue/builtin.json', json(compileCatalogue(source, 'built in')))
}

async function generateScenarios(): Promise<void> {
  const folder = path.join(root, 'src/lib/sandbox/scenarios')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  const files = await Promise.all(names.map(async (name) => ({name, text: await readFile(path.join(folder, name), 'utf8')})))
  await emit('src/lib/sandbox/scenarios.json', json(compileScenarios(files)))
}

/** Every exported zod object whose name ends in Report, Document or Record becomes schemas/<kind>.json. */
async function generateSchemas(): Promise<void> {
  await mkdir(path.join(root, 'schemas'), {recursive: true})
  const made = new Set<string>()
  for (const file of globSync('src/lib/{runbook,cli}/**/schema.ts', {cwd: root}).sort()) {
    const module: Record<string, unknown> = await import(path.join(root, file))
    for (const value of Object.values(module)) {
      if (!(value instanceof z.ZodObject) || !('kind' in value.shape)) continue
      const kind = value.shape['kind']
      if (!(kind instanceof z.ZodLiteral)) continue
      const name = `schemas/${String(kind.value)}.json`
      made.add(path.basename(name))
      await emit(name, json(z.toJSONSchema(value)))
    }
  }
  for (const name of await readdir(path.join(root, 'schemas'))) {
    if (made.has(name)) continue
    stale.push(`schemas/${name} (no such kind any more)`)
    if (!check) await rm(path.join(root, 'schemas', name))
  }
}

async function generateManifest(): Promise<Manifest> {
  const file = path.join(root, 'oclif.manifest.json')
  const old = await readFile(file, 'utf8').catch(() => '')
  execFileSync(process.execPath, [path.join(root, 'node_modules/oclif/bin/run.js'), 'manifest', root], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const manifest: Manifest = JSON.parse(await readFile(file, 'utf8'))
  // The version would make every release's manifest stale by itself; package.json has it.
  const text = json({commands: sorted(manifest.commands), version: manifest.version})
  await writeFile(file, check ? old : text)
  if (old !== text) stale.push('oclif.manifest.json')
  return manifest
}

function sorted<V>(record: Record<string, V>): Record<string, V> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function generateReadme(manifest: Manifest): Promise<void> {
  const readme = await readFile(path.join(root, 'README.md'), 'utf8')
  const [begin, end] = ['<!-- commands -->', '<!-- commandsstop -->']
  const from = readme.indexOf(begin) + begin.length
  const to = readme.indexOf(end)
  if (to < from) throw new Error(`README.md lacks the marks ${begin} and ${end}`)
  await emit('README.md', `${readme.slice(0, from)}\n\n${commandReference(manifest)}\n${readme.slice(to)}`)
}

await generateCatalogue()
await generateScenarios()
await generateSchemas()
const manifest = await generateManifest()
await emit('test/package/surface.json', json(surfaceOf(manifest)))
await generateReadme(manifest)

if (stale.length > 0) {
  console.error(`${check ? 'stale' : 'written'}: ${stale.join(', ')}`)
  if (check) console.error('run: npm run build && npm run generate')
}
process.exitCode = check && stale.length > 0 ? 1 : 0
