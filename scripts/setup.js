/**
 * Brings a fresh checkout to where the scripts can run: installs what package-lock.json names and builds dist/.
 * Plain JavaScript, because it is started by whatever Node the machine has (20 is enough);
 * everything after it runs under the Node that the installation brings (node_modules/.bin/node).
 */
import {spawnSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {existsSync, readFileSync, readdirSync, writeFileSync} from 'node:fs'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...parts) => path.join(root, ...parts)

function run(command, args, options = {}) {
  const {status, error} = spawnSync(command, args, {cwd: root, stdio: ['ignore', 'inherit', 'inherit'], ...options})
  if (error || status !== 0) {
    console.error(`setup: ${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ` with exit code ${status}`}`)
    process.exit(1)
  }
}

function hashOf(files) {
  const hash = createHash('sha256')
  for (const file of files) hash.update(path.relative(root, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

/** All files below a folder, in a stable order. */
function filesBelow(folder) {
  return readdirSync(folder, {withFileTypes: true})
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(path.join(folder, entry.name)) : [path.join(folder, entry.name)]))
}

/** Runs a step only where its inputs changed since it last ended well. */
function step(what, stamp, inputs, action) {
  const hash = hashOf(inputs)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return
  const started = Date.now()
  console.error(`setup: ${what} ...`)
  action()
  writeFileSync(stamp, hash)
  console.error(`setup: ${what}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`)
}

step('installing packages (about half a minute)', at('node_modules', '.sapoche-installed'), [at('package-lock.json')], () => {
  // --loglevel=error hides the engine warnings of packages that want the newer Node which this very step installs.
  run('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'])
})
const node = at('node_modules', '.bin', 'node')
if (!existsSync(node)) {
  console.error('setup: npm did not install the package "node"; its install script must be allowed to run (allowScripts in package.json)')
  process.exit(1)
}
step(
  'building dist',
  at('node_modules', '.sapoche-built'),
  [at('package.json'), at('scripts', 'build.ts'), ...filesBelow(at('src'))],
  () => {
    run(node, [at('scripts', 'build.ts')])
  },
)
if (!existsSync(at('dist', 'start.js'))) run(node, [at('scripts', 'build.ts')])
