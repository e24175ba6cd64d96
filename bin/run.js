#!/usr/bin/env node

// A reader that closes early (`| head -1`) ends the program at once and quietly; a full disk must not look like a verdict.
function endWithReader(stream) {
  stream.on('error', (error) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    if (stream !== process.stderr) process.stderr.write(`sapoche: can't write its output: ${error.message}\n`)
    process.exit(70)
  })
}

endWithReader(process.stdout)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`sapoche: needs Node 22.19 or newer; this is Node ${process.versions.node}\n`)
  process.exitCode = 78
} else {
  // An `import` of a built-in module reads all its exports, which loads what nobody asked for.
  const {readFileSync} = process.getBuiltinModule('fs')
  const facts = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  if (process.argv[2] === '--version' || process.argv[2] === '-V') {
    process.stdout.write(`${facts.name} ${facts.version}\n`)
  } else {
    endWithReader(process.stderr)
    process.getBuiltinModule('module').enableCompileCache()
    const {start} = await import('../dist/start.js')
    await start(process.argv.slice(2), facts)
  }
}
