import * as esbuild from 'esbuild'
import {readFile, rename, rm} from 'node:fs/promises'
import {globSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/**
 * Bundles the program into dist/: one entry a command, shared chunks, no dependencies left.
 * Run by Node 24 as it is (`node scripts/build.ts`).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
// Built beside dist/ and put in its place at once: whoever runs the program meanwhile finds the old one or the new one.
const outdir = `${root}dist.${process.pid}`

/**
 * oclif is CommonJS that requires everything at once; a command needs a tenth of it.
 * tsc writes each require as `const x_1 = require(…)` and each use as `x_1.y`, so putting the require behind a call
 * (`const x_1 = () => require(…)`, `(x_1()).y`) evaluates a module when it is first used, and nothing else changes.
 */
const lazyRequires: esbuild.Plugin = {
  name: 'lazy-requires',
  setup(build) {
    build.onLoad({filter: /node_modules[/\\]@oclif[/\\]core[/\\]lib[/\\].*\.js$/}, async ({path}) => {
      let source = await readFile(path, 'utf8')
      const declaration = /^(?:const|var) (\w+) = ((?:__import(?:Default|Star)\()?require\("[^"]+"\)\)?);$/gm
      const names: string[] = []
      source = source.replace(declaration, (_, name: string, value: string) => {
        names.push(name)
        return `const ${name}$ = () => ${value};`
      })
      for (const name of names) source = source.replace(new RegExp(`(?<![\\w$.])${name}(?![\\w$])`, 'g'), `(${name}$())`)
      return {contents: source, loader: 'js'}
    })
  },
}

/**
 * cli-table3 measures every cell, twice, with string-width 4, which loads the table of all emoji and runs four patterns for one letter.
 * What is plain ASCII is as wide as it is long; the rest takes the way it always took.
 */
const plainTextWidth: esbuild.Plugin = {
  name: 'plain-text-width',
  setup(build) {
    build.onLoad({filter: /cli-table3[/\\]node_modules[/\\]string-width[/\\]index\.js$/}, async ({path}) => {
      const source = await readFile(path, 'utf8')
      const lazy = source
        .replace(/^module\.exports = stringWidth;[^]*$/m, '')
        .replace(/^const (\w+) = require\('([^']+)'\);$/gm, 'const $1 = (...args) => require("$2")(...args);')
      const plain = 'module.exports = (text) => typeof text === "string" && /^[ -~]*$/.test(text) ? text.length : stringWidth(text);'
      if (lazy === source) throw new Error('string-width is no longer what plain-text-width was written for')
      return {contents: `${lazy}\n${plain}`, loader: 'js'}
    })
  },
}

/** client-node ships no sideEffects mark, so that all of its generated API would be bundled with its credentials code. */
const treeShakeClientNode: esbuild.Plugin = {
  name: 'tree-shake-client-node',
  setup(build) {
    build.onResolve({filter: /^@kubernetes\/client-node$/}, async (args) => {
      if (args.pluginData === 'resolved') return undefined
      const found = await build.resolve(args.path, {
        kind: args.kind,
        resolveDir: args.resolveDir,
        importer: args.importer,
        pluginData: 'resolved',
      })
      return {...found, sideEffects: false}
    })
  },
}

const result = await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['src/start.ts', ...globSync('src/commands/**/*.ts', {cwd: root})],
  outbase: 'src',
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node22.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: {js: "import {createRequire as sapocheRequire} from 'node:module';const require=sapocheRequire(import.meta.url);"},
  plugins: [lazyRequires, plainTextWidth, treeShakeClientNode],
  metafile: process.argv.includes('--metafile'),
  logLevel: 'warning',
})
if (result.metafile) process.stdout.write(JSON.stringify(result.metafile))

const old = `${root}dist.old.${process.pid}`
await rename(`${root}dist`, old).catch(() => {})
await rename(outdir, `${root}dist`)
await rm(old, {recursive: true, force: true})
