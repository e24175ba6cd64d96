import {Command} from '@oclif/core/command'
import {Flags} from './flags.ts'
import {InterruptedError} from '../errors/index.ts'
import {colourChoice} from './argv.ts'
import type {Environment} from './environment.ts'
import {strip, stripLine} from '../text/strip.ts'
import {openTerminal, type Terminal} from './terminal.ts'
import {startProgress, type Progress} from './progress.ts'
import type {Config} from '@oclif/core/interfaces'

/** A concrete command. */
export interface CommandClass {
  new (argv: string[], config: Config): SapocheCommand
  readonly flags: Record<string, unknown>
  readonly baseFlags: Record<string, unknown>
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * What all commands share. A command's `run` is: parse, step, view, exit code.
 * Errors go up to `main`, which is the only place that prints them.
 */
export abstract class SapocheCommand extends Command {
  static override baseFlags = {
    color: Flags.option({
      options: ['auto', 'always', 'never'] as const,
      default: 'auto',
      summary: 'colour: auto is on for a terminal, unless NO_COLOR is set',
      helpGroup: 'OUTPUT',
    })(),
  }

  protected environment!: Environment
  protected terminal!: Terminal
  /** Aborts at the first Ctrl-C; the second ends the process. */
  protected signal!: AbortSignal

  /** Runs the command under this environment. Rejects with what went wrong. */
  async execute(environment: Environment): Promise<void> {
    this.environment = environment
    this.terminal = openTerminal(environment, colourChoice(this.argv))
    const controller = new AbortController()
    this.signal = controller.signal
    const interrupt = (): void => {
      if (controller.signal.aborted) process.exit(130)
      controller.abort(new InterruptedError())
    }
    for (const name of SIGNALS) process.on(name, interrupt)
    try {
      await this.run()
    } finally {
      for (const name of SIGNALS) process.removeListener(name, interrupt)
    }
  }

  /** What the composition root needs of the command. */
  protected get surroundings() {
    const {environment, signal, terminal} = this
    return {environment, signal, terminal, interactive: terminal.interactive, say: (text: string) => terminal.stderr.write(strip(text))}
  }

  /** A line on stderr beside what the command reports; none for null. */
  protected notice(text: string | null): void {
    if (text !== null) this.terminal.stderr.write(`sapoche: ${stripLine(text)}\n`)
  }

  /** The exit code of a run that ends well in our eyes: a check's verdict, an operation's outcome. */
  protected endWith(code: number): void {
    process.exitCode = code
  }

  /** Resolves at Ctrl-C: for what serves until then, and ends well. */
  protected interrupted(): Promise<void> {
    return new Promise((resolve) => {
      if (this.signal.aborted) resolve()
      this.signal.addEventListener('abort', () => resolve(), {once: true})
    })
  }

  /** Says on stderr, where that is a terminal and the work takes over 100 ms, what is being waited for. */
  protected waitFor(what: string): Progress {
    return startProgress(this.terminal.stderr, what)
  }
}
