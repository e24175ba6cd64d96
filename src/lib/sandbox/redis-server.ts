/** Redis' protocol (RESP2) over any stream, for the sandbox's Redis. */
import type {Duplex} from 'node:stream'
import {RedisError, type RedisStore, type Reply, runCommand, Word} from './redis-store.ts'

/** Who may come in. Without any, everybody may, as the default user. */
export interface RedisUser {
  readonly name: string
  readonly password: string
  /** Names of commands, in capitals; null for all. */
  readonly commands: readonly string[] | null
}

export interface RedisServerOptions {
  readonly store: RedisStore
  readonly users?: readonly RedisUser[]
  /** Called before each command: what happened meanwhile. */
  readonly advance?: () => void
}

/** Answers one client until it goes. */
export function serveRedis(stream: Duplex, {store, users = [], advance}: RedisServerOptions): void {
  let buffered: Buffer = Buffer.alloc(0)
  let user: RedisUser | null = users.length === 0 ? {name: 'default', password: '', commands: null} : null

  const login = (args: readonly string[]): Reply => {
    const [name, password] = args.length === 1 ? ['default', args[0]] : args
    const found = users.find((each) => each.name === name && each.password === password)
    if (users.length === 0 && name === 'default') {
      // By its name a user without a password may come in with any.
      if (args.length === 2) return new Word('OK')
      throw new RedisError(
        'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
      )
    }
    if (found === undefined) throw new RedisError('WRONGPASS invalid username-password pair or user is disabled.')
    user = found
    return new Word('OK')
  }

  const answer = ([name = '', ...args]: readonly string[]): Reply => {
    const command = name.toUpperCase()
    if (command === 'AUTH') return login(args)
    if (user === null) throw new RedisError('NOAUTH Authentication required.')
    if (user.commands !== null && !user.commands.includes(command)) {
      throw new RedisError(`NOPERM this user has no permissions to run the '${name.toLowerCase()}' command`)
    }
    advance?.()
    return runCommand(store, name, args)
  }

  stream.on('error', () => stream.destroy())
  stream.on('data', (chunk: Buffer) => {
    buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk])
    const replies: string[] = []
    for (let request = parseRequest(buffered); request !== null; request = parseRequest(buffered)) {
      buffered = buffered.subarray(request.length)
      replies.push(replyTo(() => answer(request?.words ?? [])))
    }
    if (replies.length > 0) stream.write(replies.join(''))
  })
}

function replyTo(answer: () => Reply): string {
  try {
    return encode(answer())
  } catch (error) {
    if (!(error instanceof RedisError)) throw error
    return `-${error.message}\r\n`
  }
}

function encode(reply: Reply): string {
  if (reply === null) return '$-1\r\n'
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (reply instanceof Word) return `+${reply.text}\r\n`
  if (typeof reply === 'string') return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`
  return `*${reply.length}\r\n${reply.map(encode).join('')}`
}

/** `*2\r\n$4\r\nLLEN\r\n$3\r\nkey\r\n`, or a line of words; null where it is not all there. */
function parseRequest(buffer: Buffer): {words: string[]; length: number} | null {
  const head = lineAt(buffer, 0)
  if (head === null) return null
  if (!head.text.startsWith('*')) return {words: head.text.split(/\s+/).filter((word) => word !== ''), length: head.next}
  const words: string[] = []
  let at = head.next
  for (let left = Number(head.text.slice(1)); left > 0; left--) {
    const size = lineAt(buffer, at)
    if (size === null) return null
    const end = size.next + Number(size.text.slice(1))
    if (buffer.length < end + 2) return null
    words.push(buffer.toString('utf8', size.next, end))
    at = end + 2
  }
  return {words, length: at}
}

function lineAt(buffer: Buffer, from: number): {text: string; next: number} | null {
  const end = buffer.indexOf('\r\n', from)
  return end === -1 ? null : {text: buffer.toString('utf8', from, end), next: end + 2}
}
