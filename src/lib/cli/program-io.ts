/** This process's streams, for a program that runs elsewhere as if it ran here. Whoever uses them owns stdin from then on. */
export function programStreams() {
  const {stdin, stdout, stderr} = process
  return {
    stdin,
    stdout,
    stderr,
    stdinIsTerminal: isTerminal(stdin),
    stdoutIsTerminal: isTerminal(stdout),
    size: () => ({columns: stdout.columns, rows: stdout.rows}),
    onResize(listener: () => void) {
      stdout.on('resize', listener)
      return () => stdout.removeListener('resize', listener)
    },
    takeKeys() {
      stdin.setRawMode(true)
      return () => stdin.setRawMode(false)
    },
  }
}

/** Off a terminal Node leaves `isTTY` undefined, whatever its type says. */
function isTerminal({isTTY}: {readonly isTTY?: boolean}): boolean {
  return isTTY === true
}
