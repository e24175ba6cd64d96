import {globSync, readFileSync} from 'node:fs'
import {isBuiltin} from 'node:module'
import path from 'node:path'
import {describe, expect, test} from 'vitest'
import {ROOT} from './program.ts'

/** What start-up time hangs on in the built program: how much a command loads before it does anything. */

const DIST = path.join(ROOT, 'dist')
const files = new Map(globSync('**/*.js', {cwd: DIST}).map((file) => [file, readFileSync(path.join(DIST, file), 'utf8')]))
const commands = [...files.keys()].filter((file) => file.startsWith('commands/'))

/** Modules that the file imports statically, as they are written. */
function importsOf(file: string): string[] {
  const statements = (files.get(file) ?? '').matchAll(/(?<=^|[;}\n])import(?:[^"'()]*?from)?"([^"]+)"/g)
  return [...statements].map(([, module = '']) => module)
}

/** All files of dist/ that are loaded with these. */
function loadedWith(entries: readonly string[]): Set<string> {
  const loaded = new Set(entries)
  for (const file of loaded) {
    for (const module of importsOf(file)) if (module.startsWith('.')) loaded.add(path.join(path.dirname(file), module))
  }
  return loaded
}

describe('the built program', () => {
  test('imports no built-in module: that would load all that its exports stand for', () => {
    const found = [...files.keys()].flatMap((file) => importsOf(file).filter(isBuiltin))
    expect(found).toEqual([])
  })

  test.each(commands)('%s is loaded from five files at most, however many commands there are', (command) => {
    expect(loadedWith(['start.js', command]).size).toBeLessThanOrEqual(5)
  })

  // By names that survive the build.
  test.each([
    ['zod', 'ZodError'],
    ['client-node', 'KubeConfig'],
    ['undici', 'undici'],
    ['ws', 'WebSocketServer'],
    ['ioredis', 'ioredis'],
    ['kafkajs', 'KafkaJSError'],
    ['inquirer', 'ExitPromptError'],
    ['TLS', 'getBuiltinModule("node:tls")'],
    ['YAML', 'YAMLException'],
  ])('no command loads %s before it needs it', (_, mark) => {
    const holders = [...files].filter(([, text]) => text.includes(mark)).map(([file]) => file)
    expect(holders).not.toEqual([])
    expect([...loadedWith(['start.js', ...commands])].filter((file) => holders.includes(file))).toEqual([])
  })
})
