import {spawn} from 'node:child_process'
import path from 'node:path'
import {fileURLToPath} from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const PROGRAM = path.join(ROOT, 'bin', 'run.js')

export interface Run {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly input?: string
  readonly cwd?: string
  readonly program?: string
  /** Called when the process runs, for what a test does to it. */
  readonly started?: (child: ReturnType<typeof spawn>) => void
}

/** Runs the built program as a user's shell would, without a terminal. Rejects only if it can't be started. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [options.program ?? PROGRAM, ...args], {
      cwd: options.cwd ?? ROOT,
      env: {...plainEnvironment(), ...options.env},
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({code, signal, stdout, stderr}))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    options.started?.(child)
  })
}

/** The environment without anything that changes what the program does. */
function plainEnvironment(): Record<string, string | undefined> {
  const {PATH, HOME, TMPDIR} = process.env
  return {PATH, HOME, TMPDIR, KUBECONFIG: path.join(ROOT, 'no-such-kubeconfig')}
}
