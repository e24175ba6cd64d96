/** The little of the shell's language that the sandbox's shell understands: words, quotes, variables, `;`, `&&`, `||`, redirections. */

/** A piece of a word: `text` as it stands, or the name of a variable. */
type Piece = {readonly text: string} | {readonly variable: string}
type Word = readonly Piece[]

export interface Command {
  /** What has to have come of the command before: nothing, success, failure. */
  readonly when: ';' | '&&' | '||'
  readonly words: readonly Word[]
  /** Where the two outputs go, applied in order. */
  readonly redirections: readonly {readonly from: 'stdout' | 'stderr'; readonly to: 'stdout' | 'stderr' | 'nowhere'}[]
}

export class SyntaxFault extends Error {}

const OPERATOR = /^(?:&&|\|\||;|\n)/
const REDIRECTION = /^([12]?)>{1,2}\s*(&1|&2|\/dev\/null|\/dev\/stderr|\/dev\/stdout)/
const VARIABLE = /^\$(?:\{(\w+)\}|([A-Za-z_]\w*|[0-9?#@$]))/

/** Throws a SyntaxFault for what it does not know (pipes, loops, substitutions). */
export function parseScript(script: string): Command[] {
  const commands: Command[] = []
  let when: Command['when'] = ';'
  let words: Word[] = []
  let redirections: Command['redirections'][number][] = []
  const finish = (): void => {
    if (words.length > 0) commands.push({when, words, redirections})
    words = []
    redirections = []
  }
  for (let rest = script; rest !== '';) {
    const space = /^(?:[ \t]|\\\n)+/.exec(rest)?.[0] ?? /^#[^\n]*/.exec(rest)?.[0] ?? ''
    if (space !== '') {
      rest = rest.slice(space.length)
      continue
    }
    const operator = OPERATOR.exec(rest)?.[0]
    if (operator !== undefined) {
      finish()
      when = operator === '\n' ? ';' : (operator as Command['when'])
      rest = rest.slice(operator.length)
      continue
    }
    const [redirection, from, to = ''] = REDIRECTION.exec(rest) ?? []
    if (redirection !== undefined) {
      redirections.push({from: from === '2' ? 'stderr' : 'stdout', to: TARGETS[to] ?? 'nowhere'})
      rest = rest.slice(redirection.length)
      continue
    }
    const [word, length] = wordAt(rest)
    words.push(word)
    rest = rest.slice(length)
  }
  finish()
  return commands
}

const TARGETS: Readonly<Record<string, 'stdout' | 'stderr'>> = {
  '&1': 'stdout',
  '/dev/stdout': 'stdout',
  '&2': 'stderr',
  '/dev/stderr': 'stderr',
}

/** The word that a text begins with, and its length. */
function wordAt(text: string): [Word, number] {
  const pieces: Piece[] = []
  let at = 0
  let quote: '"' | "'" | null = null
  for (; at < text.length;) {
    const character = text[at] ?? ''
    const rest = text.slice(at)
    const [variable, braced, plain] = quote === "'" ? [] : (VARIABLE.exec(rest) ?? [])
    if (variable !== undefined) {
      pieces.push({variable: braced ?? plain ?? ''})
      at += variable.length
    } else if (character === quote) {
      quote = null
      at++
    } else if (quote === null && (character === '"' || character === "'")) {
      quote = character
      pieces.push({text: ''})
      at++
    } else if (character === '\\' && quote !== "'") {
      pieces.push({text: text[at + 1] ?? ''})
      at += 2
    } else if (quote === null && /[\s;]/.test(character)) break
    else if (quote === null && (OPERATOR.test(rest) || REDIRECTION.test(rest))) break
    else if (quote !== "'" && /^(?:\$\(|`)/.test(rest)) throw new SyntaxFault('no command substitution')
    else if (quote === null && /[|&()<>]/.test(character)) throw new SyntaxFault(`"${character}" is not known here`)
    else {
      pieces.push({text: character})
      at++
    }
  }
  if (quote !== null) throw new SyntaxFault('unterminated quoted string')
  return [pieces, at]
}

/** A word with its variables filled in. */
export function expand(word: Word, variable: (name: string) => string): string {
  return word.map((piece) => ('text' in piece ? piece.text : variable(piece.variable))).join('')
}
