import type {Plugin} from 'esbuild'
import {readFile} from 'node:fs/promises'
import {isBuiltin} from 'node:module'

/** What the build does to other people's modules, and to Node's own, so that a command loads and evaluates no more than it needs. */

/**
 * oclif and ioredis are CommonJS that requires everything at once; a command needs a tenth of it.
 * tsc writes each require as `const x_1 = require(…)` and each use as `x_1.y`, so putting the require behind a call
 * (`const x_1 = () => require(…)`, `(x_1()).y`) evaluates a module when it is first used, and nothing else changes.
 */
export const lazyRequires: Plugin = {
  name: 'lazy-requires',
  setup(build) {
    build.onLoad({filter: /node_modules[/\\](?:@oclif[/\\]core[/\\]lib|ioredis[/\\]built)[/\\].*\.js$/}, async ({path}) => {
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
export const plainTextWidth: Plugin = {
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
export const treeShakeClientNode: Plugin = {
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

/**
 * An `import` of a built-in module makes Node read all its exports, which loads what nobody asked for: streams, promises and readline
 * behind node:fs. `process.getBuiltinModule` hands the module over as it is. `process` itself is there without either.
 */
export function withPlainBuiltins(code: string): string {
  const statement = /(?<=^|[;}\n])import(?: (\w+)|\*as (\w+))?,?(\{[^}]*\})? ?from"([\w:/]+)";/g
  return code.replace(statement, (whole, byDefault?: string, namespace?: string, names?: string, module = '') => {
    if (!isBuiltin(module)) return whole
    const targets = [byDefault, namespace, names?.replaceAll(' as ', ':')].filter((target) => target !== undefined && target !== 'process')
    return targets.map((target) => `const ${target}=process.getBuiltinModule("${module}");`).join('')
  })
}
