/** The programs that containers of the sandbox have: enough for the runbook's lines, and for tests of exec. */
import type {Readable, Writable} from 'node:stream'
import {setTimeout as pause} from 'node:timers/promises'

/** What a program gets from the kubelet. */
export interface ProgramContext {
  /** Its name and arguments. */
  readonly words: readonly string[]
  readonly environment: ReadonlyMap<string, string>
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly tty: boolean
  /** Of the terminal. */
  size(): {readonly columns: number; readonly rows: number}
  /** Aborts when nobody listens any more, and at Ctrl-C on a terminal. */
  readonly signal: AbortSignal
  /** For shells: the next Ctrl-C. */
  nextInterrupt(): AbortSignal
  /** For shells: aborts when nobody listens any more. */
  readonly hangup: AbortSignal
}

/** Resolves with an exit code. */
export type Program = (context: ProgramContext) => number | Promise<number>

const PIECE = 64 * 1024

export const PROGRAMS: Readonly<Record<string, Program>> = {
  true: () => 0,
  false: () => 1,
  echo: ({words, stdout}) => say(stdout, `${words.slice(1).join(' ')}\n`),
  env: ({words, environment, stdout}) => {
    const end = words[1] === '-0' ? '\0' : '\n'
    return say(stdout, [...environment].map(([name, value]) => `${name}=${value}${end}`).join(''))
  },
  printenv: ({words: [, name = ''], environment, stdout}) => {
    const value = environment.get(name)
    return value === undefined ? 1 : say(stdout, `${value}\n`)
  },
  hostname: ({environment, stdout}) => say(stdout, `${environment.get('HOSTNAME') ?? ''}\n`),
  pwd: ({stdout}) => say(stdout, '/app\n'),
  whoami: ({stdout}) => say(stdout, 'app\n'),
  /** Or a text of `doctor --from-pods`: whatever the sandbox's pods connect to is there. */
  php: ({words, stdout}) => say(stdout, words[1] === '-r' ? 'connected' : 'PHP 8.3.14 (cli)\n'),
  tty: ({tty, stdout}) => say(stdout, tty ? '/dev/pts/0\n' : 'not a tty\n').then(() => (tty ? 0 : 1)),
  stty: ({words, tty, size, stdout, stderr}) => {
    if (!tty) return say(stderr, "stty: 'standard input': Inappropriate ioctl for device\n").then(() => 1)
    const {columns, rows} = size()
    return words[1] === 'size' ? say(stdout, `${rows} ${columns}\n`) : say(stdout, `rows ${rows}; columns ${columns};\n`)
  },
  async sleep({words: [, seconds = '0'], signal}) {
    await pause(Number(seconds) * 1000, undefined, {signal}).catch(() => undefined)
    return signal.aborted ? 130 : 0
  },
  async seq({words, stdout, signal}) {
    const [first, last] = words.length > 2 ? [Number(words[1]), Number(words[2])] : [1, Number(words[1])]
    for (let from = first; from <= last && !signal.aborted; from += 10_000) {
      const numbers = Array.from({length: Math.min(10_000, last - from + 1)}, (_, index) => `${from + index}\n`)
      await write(stdout, numbers.join(''))
    }
    return 0
  },
  async cat({stdin, stdout}) {
    for await (const chunk of stdin) await write(stdout, chunk as Buffer)
    return 0
  },
  /** `head -c N`, of the input or of /dev/zero. */
  async head({words, stdin, stdout, signal}) {
    let left = Number(words[words.indexOf('-c') + 1])
    const source: AsyncIterable<unknown> | Iterable<Buffer> = words.includes('/dev/zero') ? zeros() : stdin
    for await (const chunk of source) {
      const piece = (chunk as Buffer).subarray(0, left)
      await write(stdout, piece)
      left -= piece.length
      if (left === 0 || signal.aborted) break
    }
    return 0
  },
  /** `wc -c`. */
  async wc({stdin, stdout}) {
    let bytes = 0
    for await (const chunk of stdin) bytes += (chunk as Buffer).length
    return await say(stdout, `${bytes}\n`)
  },
}

function* zeros(): Generator<Buffer> {
  const piece = Buffer.alloc(PIECE)
  for (;;) yield piece
}

/** Writes, and resolves when there is room for more. */
export function write(stream: Writable, data: Buffer | string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(data, () => resolve())
  })
}

/** Writes, and is the exit code 0. */
export async function say(stream: Writable, text: string): Promise<number> {
  await write(stream, text)
  return 0
}
