/** `sh` and `bash` of the sandbox's containers: scripts with -c, and lines of the input, on a terminal or not. */
import {Writable} from 'node:stream'
import {createInterface} from 'node:readline'
import {PROGRAMS, type Program, type ProgramContext, say} from './programs.ts'
import {type Command, expand, parseScript, SyntaxFault} from './shell-syntax.ts'

/** Names of the shells that a container has. */
const SHELLS = ['sh', 'bash']

/** Ends the shell with an exit code. */
class Exit {
  readonly code: number

  constructor(code: number) {
    this.code = code
  }
}

/** Runs a program of the container: one of its own, else a common one, else a shell; null where there is none. */
export function findProgram(name: string, own: Readonly<Record<string, Program>>): Program | null {
  const found = own[name] ?? PROGRAMS[name]
  if (found !== undefined) return found
  return SHELLS.includes(name) ? (context) => new Shell(context, own).run() : null
}

class Shell {
  readonly #context: ProgramContext
  readonly #own: Readonly<Record<string, Program>>
  readonly #environment: Map<string, string>
  readonly #parameters: readonly string[]
  #last = 0
  #isInterrupted = false

  constructor(context: ProgramContext, own: Readonly<Record<string, Program>>) {
    this.#context = context
    this.#own = own
    this.#environment = new Map(context.environment)
    const [name = 'sh', option, , ...parameters] = context.words
    this.#parameters = option === '-c' ? (parameters.length > 0 ? parameters : [name]) : [name]
  }

  async run(): Promise<number> {
    const [, option, script = ''] = this.#context.words
    try {
      if (option === '-c') await this.#script(script)
      else await this.#lines()
    } catch (end) {
      if (!(end instanceof Exit)) throw end
      return end.code
    }
    return this.#last
  }

  /** A prompt on a terminal alone. */
  async #lines(): Promise<void> {
    const {stdin, stdout, tty} = this.#context
    const prompt = (): Promise<number> => (tty ? say(stdout, `app@${this.#environment.get('HOSTNAME') ?? ''}:/app$ `) : Promise.resolve(0))
    await prompt()
    for await (const line of createInterface({input: stdin})) {
      await this.#script(line)
      await prompt()
    }
    if (tty) await say(stdout, 'exit\n')
  }

  async #script(text: string): Promise<void> {
    let commands: Command[]
    try {
      commands = parseScript(text)
    } catch (fault) {
      if (!(fault instanceof SyntaxFault)) throw fault
      await say(this.#context.stderr, `sh: the sandbox's shell: ${fault.message}\n`)
      this.#last = 2
      return
    }
    for (const command of commands) {
      if (command.when === '&&' && this.#last !== 0) continue
      if (command.when === '||' && this.#last === 0) continue
      this.#last = await this.#command(command)
      if (this.#context.hangup.aborted || (this.#isInterrupted && this.#context.words[1] === '-c')) throw new Exit(130)
    }
  }

  async #command({words, redirections}: Command): Promise<number> {
    const [name = '', ...args] = words.map((word) => expand(word, (variable) => this.#variable(variable)))
    const streams = {stdout: this.#context.stdout, stderr: this.#context.stderr}
    for (const {from, to} of redirections) streams[from] = to === 'nowhere' ? nowhere() : streams[to]
    const assignment = /^(\w+)=(.*)$/s.exec(name)
    if (assignment !== null && args.length === 0) return this.#set(assignment[1] ?? '', assignment[2] ?? '')
    switch (name) {
      case 'exit':
        throw new Exit(args[0] === undefined ? this.#last : Number(args[0]))
      case 'export':
        for (const each of args) this.#set(each.split('=', 1)[0] ?? '', each.includes('=') ? each.slice(each.indexOf('=') + 1) : '')
        return 0
      case 'command': {
        const wanted = args.at(-1) ?? ''
        return findProgram(wanted, this.#own) === null ? 127 : say(streams.stdout, `/bin/${wanted}\n`)
      }
      case 'exec':
        throw new Exit(await this.#program(args, streams))
      default:
        return this.#program([name, ...args], streams)
    }
  }

  async #program(words: readonly string[], streams: {readonly stdout: Writable; readonly stderr: Writable}): Promise<number> {
    const program = findProgram(words[0] ?? '', this.#own)
    if (program === null) return say(streams.stderr, `sh: ${words[0]}: not found\n`).then(() => 127)
    const {hangup} = this.#context
    const interrupt = this.#context.nextInterrupt()
    const signal = AbortSignal.any([hangup, interrupt])
    const code = await program({...this.#context, ...streams, words, environment: this.#environment, signal})
    this.#isInterrupted = interrupt.aborted
    return code
  }

  #set(name: string, value: string): number {
    this.#environment.set(name, value)
    return 0
  }

  #variable(name: string): string {
    if (name === '?') return String(this.#last)
    if (/^\d$/.test(name)) return this.#parameters[Number(name)] ?? ''
    return this.#environment.get(name) ?? ''
  }
}

function nowhere(): Writable {
  return new Writable({write: (_chunk, _encoding, done) => done()})
}
