/** Writes bytes to stdout; resolves when they are taken, so that a slow reader slows the writer down. A closed pipe ends the process (bin/run.js). */
export function writeStdout(bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(bytes, () => resolve())
  })
}
