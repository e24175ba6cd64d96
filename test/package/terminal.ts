import {execFileSync, spawn} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import xterm from '@xterm/headless'
import {PROGRAM, ROOT} from './program.ts'

/** A terminal of so many columns and rows, in which a shell runs the built program, or another one. */
export interface TestTerminal {
  /** The screen as a person sees it: its lines, without the blanks at their ends. */
  lines(): string[]
  /** True while the program has the alternate screen. */
  isTakenOver(): boolean
  /** All bytes that came. */
  bytes(): string
  type(keys: string): void
  resize(columns: number, rows: number): void
  /** Resolves when the screen is as wished for; rejects with the screen when it is not within 30 s. */
  shows(wished: (screen: string) => boolean): Promise<void>
  /** Exit code of the program; the shell says it as the last line, so that what the program left is known. */
  ended(): Promise<number>
  close(): void
}

export interface TerminalOptions {
  readonly columns?: number
  readonly rows?: number
  readonly env?: Readonly<Record<string, string>>
  /** Words of a shell's command line, in place of the built program. */
  readonly program?: string
}

const PATIENCE_MS = 30_000

/** A terminal echoes Ctrl-C, and a shell may end behind its prompt, so that the line may begin with that. */
const ENDED = /(?:^|\^C|[$#] )ended (\d+)$/m

/** `words` are a part of a shell's command line. */
export function openTerminal(
  words: string,
  {columns = 80, rows = 30, env = {}, program = `"${process.execPath}" "${PROGRAM}"`}: TerminalOptions = {},
): TestTerminal {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sapoche-terminal-'))
  const ttyFile = path.join(folder, 'tty')
  const screen = new xterm.Terminal({cols: columns, rows, allowProposedApi: true})
  // Ctrl-C is for the program: the shell goes on, to say how it ended.
  const shell = `trap : INT; stty cols ${columns} rows ${rows}; tty > "${ttyFile}"; echo begun; ${program} ${words}; echo "ended $?"`
  const {PATH, HOME} = process.env
  const child = spawn('script', ['-qefc', shell, '/dev/null'], {
    cwd: ROOT,
    env: {PATH, HOME, TERM: 'xterm-256color', ...env},
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let bytes = ''
  let wake = (): void => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    bytes += text
    screen.write(text, () => wake())
  })
  child.stdin.on('error', () => {})
  const lines = (): string[] => {
    const {active} = screen.buffer
    return Array.from({length: screen.rows}, (_, row) => active.getLine(active.baseY + row)?.translateToString(true) ?? '')
  }
  const shows = async (wished: (text: string) => boolean): Promise<void> => {
    const late = AbortSignal.timeout(PATIENCE_MS)
    late.addEventListener('abort', () => wake())
    while (!wished(lines().join('\n'))) {
      if (late.aborted) throw new Error(`the screen never was as wished for:\n${lines().join('\n')}`)
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  return {
    lines,
    isTakenOver: () => screen.buffer.active.type === 'alternate',
    bytes: () => bytes,
    type: (keys) => void child.stdin.write(keys),
    resize(width, height) {
      screen.resize(width, height)
      execFileSync('stty', ['-F', readFileSync(ttyFile, 'utf8').trim(), 'cols', String(width), 'rows', String(height)])
    },
    shows,
    async ended() {
      await shows((text) => ENDED.test(text))
      return Number(ENDED.exec(lines().join('\n'))![1])
    },
    close() {
      child.kill()
      screen.dispose()
      rmSync(folder, {recursive: true})
    },
  }
}

/** What a shell in the terminal says of its size: rows and columns, `25 90`. */
export async function sizeWithin(terminal: TestTerminal): Promise<string> {
  const answers = (): string[] => [...terminal.bytes().matchAll(/^(\d+ \d+)\r$/gm)].map(([, size = '']) => size)
  const before = answers().length
  terminal.type('stty size\r')
  await terminal.shows(() => answers().length > before)
  return answers().at(-1) ?? ''
}
