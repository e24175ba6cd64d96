import type {Address} from '../../clients/reach/types.ts'
import type {PodAccess} from '../../clients/kubernetes/types.ts'
import {InterruptedError, RefusedError, SapocheError} from '../../errors/index.ts'
import type {Place} from '../exec/index.ts'

/** What a connection from within a pod came to. `resolved`: its name is known there, and no program there can connect. */
export type Outcome = 'connected' | 'refused' | 'unresolved' | 'silent' | 'failed' | 'resolved'

export interface Attempt {
  readonly outcome: Outcome
  /** The program that tried. */
  readonly program: string
}

/** How long a program may try, and how long we wait for it. */
const TRY_SECONDS = 5
const PATIENCE_MS = 10_000
/** More than this no program has to say. */
const LONGEST = 200

interface Tool {
  readonly program: string
  /** Host, port and seconds are arguments of a fixed program text, and never part of it. */
  readonly command: (host: string, port: string, seconds: string) => readonly string[]
}

const PHP = `$s = @fsockopen($argv[1], (int) $argv[2], $code, $words, (float) $argv[3]);
if ($s) echo 'connected';
elseif (stripos($words, 'getaddrinfo') !== false) echo 'unresolved';
elseif ($code === 111) echo 'refused';
elseif ($code === 110) echo 'silent';
else echo 'failed';`

/** What programs say of a connection that failed, in the words of the C libraries and of their own. */
const CASES = `  124:*|*'timed out'*) echo silent ;;
  *'not known'*|*'not resolve'*|*'name resolution'*|*'No address associated'*|*'bad address'*) echo unresolved ;;
  *refused*) echo refused ;;
  *) echo failed ;;
esac`

const BASH = `export LC_ALL=C
limit=; command -v timeout >/dev/null 2>&1 && limit="timeout $3"
words=$($limit bash -c 'exec 3<>"/dev/tcp/$1/$2"' bash "$1" "$2" 2>&1); code=$?
case "$code:$words" in
  0:*) echo connected ;;
${CASES}`

/** That of some BusyBoxes can't just look. */
const NC = `export LC_ALL=C
command -v nc >/dev/null 2>&1 || exit 127
words=$(nc -v -z -w "$3" "$1" "$2" 2>&1); code=$?
case "$code:$words" in
  0:*) echo connected ;;
  *' option'*|*sage:*) exit 127 ;;
${CASES}`

const GETENT = `command -v getent >/dev/null 2>&1 || exit 127
if getent hosts "$1" >/dev/null; then echo resolved; else echo unresolved; fi`

const shell = (program: string, text: string): Tool => ({
  program,
  command: (host, port, seconds) => [program === 'bash' ? 'bash' : 'sh', '-c', text, 'sapoche', host, port, seconds],
})

/** What images of PHP, nginx and Debian or Alpine have, the most telling first. */
const TOOLS: readonly Tool[] = [
  {program: 'php', command: (host, port, seconds) => ['php', '-r', PHP, '--', host, port, seconds]},
  shell('bash', BASH),
  shell('nc', NC),
  shell('getent', GETENT),
]

const OUTCOMES: ReadonlySet<string> = new Set<Outcome>(['connected', 'refused', 'unresolved', 'silent', 'failed', 'resolved'])

/**
 * Connects to an address from within a container, with the first program that it has for that. Null where it has none.
 * Rejects with a RefusedError (77) where exec is not allowed, and when interrupted.
 */
export async function connectFrom(access: PodAccess, place: Place, {host, port}: Address, signal: AbortSignal): Promise<Attempt | null> {
  for (const {program, command} of TOOLS) {
    const outcome = await outcomeOf(access, place, command(host, String(port), String(TRY_SECONDS)), signal)
    if (outcome !== null) return {outcome, program}
  }
  return null
}

/** Null where the program is not there, or says nothing that was meant. */
async function outcomeOf(
  access: PodAccess,
  {pod, container}: Place,
  command: readonly string[],
  signal: AbortSignal,
): Promise<Outcome | null> {
  const late = AbortSignal.timeout(PATIENCE_MS)
  try {
    const run = await access.execute(pod, {container, command, tty: false, stdin: false, signal: AbortSignal.any([signal, late])})
    run.stderr.resume()
    let text = ''
    for await (const chunk of run.stdout) text = (text + String(chunk)).slice(0, LONGEST)
    const word = text.trim()
    return OUTCOMES.has(word) ? (word as Outcome) : null
  } catch (error) {
    if (signal.aborted || !(error instanceof SapocheError) || error instanceof RefusedError) throw error
    if (late.aborted) return 'silent'
    if (error instanceof InterruptedError) throw error
    return null
  }
}
