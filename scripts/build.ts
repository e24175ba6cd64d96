import * as esbuild from 'esbuild'
import {globSync} from 'node:fs'
import {mkdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {dirname} from 'node:path'
import {fileURLToPath} from 'node:url'
import {lazyRequires, plainTextWidth, treeShakeClientNode, withPlainBuiltins} from './bundling.ts'

/**
 * Bundles the program into dist/: one entry a command, one chunk of what they share, and what few need in chunks of its own. No dependencies
 * are left. Run by Node 24 as it is (`node scripts/build.ts`).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
// Built beside dist/ and put in its place at once: whoever runs the program meanwhile finds the old one or the new one.
const outdir = `${root}dist.${process.pid}`

const options = {
  absWorkingDir: root,
  entryPoints: ['src/start.ts', ...globSync('src/commands/**/*.ts', {cwd: root})],
  outbase: 'src',
  outdir,
  write: false,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node22.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: {js: "const require=process.getBuiltinModule('module').createRequire(import.meta.url);"},
  plugins: [lazyRequires, plainTextWidth, treeShakeClientNode],
  metafile: true,
  logLevel: 'warning',
} satisfies esbuild.BuildOptions

/**
 * esbuild makes a chunk for each combination of entries that share a module, and each one that a command loads costs half a millisecond.
 * When all entries import the shared modules, there is one combination.
 */
function oneSharedChunk({outputs}: esbuild.Metafile): esbuild.Plugin {
  const entries = new Set<string>()
  const shared = new Set<string>()
  const follow = (file: string): void => {
    for (const {path, kind} of outputs[file]?.imports ?? []) {
      const output = outputs[path]
      if (output === undefined || kind !== 'import-statement' || output.entryPoint !== undefined) continue
      for (const input of Object.keys(output.inputs)) if (/^src\/.*\.ts$/.test(input)) shared.add(input)
      follow(path)
    }
  }
  for (const [file, {entryPoint = ''}] of Object.entries(outputs)) {
    if (!entryPoint.startsWith('src/')) continue
    entries.add(root + entryPoint)
    if (options.entryPoints.includes(entryPoint)) follow(file)
  }
  const imports = [...shared].toSorted().map((input) => `import ${JSON.stringify(root + input)};`)
  return {
    name: 'one-shared-chunk',
    setup(build) {
      build.onResolve({filter: /^sapoche:shared$/}, ({path}) => ({path, namespace: 'shared'}))
      build.onLoad({filter: /.*/, namespace: 'shared'}, () => ({contents: imports.join('\n'), resolveDir: root}))
      build.onLoad({filter: /\.ts$/}, async ({path}) => {
        if (!entries.has(path)) return undefined
        return {contents: `${await readFile(path, 'utf8')}\nimport 'sapoche:shared'`, loader: 'ts'}
      })
    },
  }
}

const {metafile} = await esbuild.build(options)
const result = await esbuild.build({...options, plugins: [...options.plugins, oneSharedChunk(metafile)]})
for (const {path, text} of result.outputFiles) {
  await mkdir(dirname(path), {recursive: true})
  await writeFile(path, withPlainBuiltins(text))
}
if (process.argv.includes('--metafile')) process.stdout.write(JSON.stringify(result.metafile))

const old = `${root}dist.old.${process.pid}`
await rename(`${root}dist`, old).catch(() => {})
await rename(outdir, `${root}dist`)
await rm(old, {recursive: true, force: true})
