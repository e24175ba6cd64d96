import {createHash, randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {buffer} from 'node:stream/consumers'
import {afterEach, describe, expect, test} from 'vitest'
import type {WebSocket} from 'ws'
import {execute} from '../../../../src/lib/clients/kubernetes/exec/index.ts'
import type {ExecOptions} from '../../../../src/lib/clients/kubernetes/types.ts'
import {ForbiddenError} from '../../../../src/lib/clients/kubernetes/errors.ts'
import {InterruptedError, UnreachableError} from '../../../../src/lib/errors/index.ts'
import {type ApiServer, frame, startApiServer} from '../tunnel/api-server.ts'

const MIB = 1024 * 1024
const servers: ApiServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

async function run(onSocket: (socket: WebSocket) => void, options: Partial<ExecOptions> = {}, protocols?: readonly string[]) {
  const server = await startApiServer(onSocket, protocols === undefined ? {} : {protocols})
  servers.push(server)
  const program = await execute(server.client, 'php-0', {container: 'app', command: ['cat'], tty: false, stdin: false, ...options})
  return {program, server}
}

const status = (code: number): Buffer =>
  frame(
    3,
    JSON.stringify(
      code === 0
        ? {kind: 'Status', status: 'Success'}
        : {kind: 'Status', status: 'Failure', reason: 'NonZeroExitCode', details: {causes: [{reason: 'ExitCode', message: String(code)}]}},
    ),
  )
const end = (socket: WebSocket, code: number): void => {
  socket.send(status(code))
  socket.close(1000)
}
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

describe('the question', () => {
  test('names container, command word by word, and the streams', async () => {
    const command = ['sh', '-c', 'echo "a b" & env']
    const {program, server} = await run((socket) => end(socket, 0), {command, container: 'app', stdin: true})
    expect(await program.exit).toBe(0)
    const [asked] = server.requests
    const url = new URL(asked?.url ?? '', 'http://server')
    expect(url.pathname).toBe('/api/v1/namespaces/sapoche/pods/php-0/exec')
    expect(url.searchParams.getAll('command')).toEqual(command)
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      container: 'app',
      stdin: 'true',
      stdout: 'true',
      stderr: 'true',
      tty: 'false',
    })
    expect(asked?.headers['sec-websocket-protocol']).toBe('v5.channel.k8s.io,v4.channel.k8s.io')
  })

  test('a terminal has no stderr of its own', async () => {
    const {server} = await run((socket) => end(socket, 0), {tty: true})
    expect(server.requests[0]?.url).toContain('stderr=false&tty=true')
  })
})

describe('how it ends', () => {
  test.each([0, 1, 3, 137, 255])('with exit code %d', async (code) => {
    const {program} = await run((socket) => end(socket, code))
    expect(await program.exit).toBe(code)
  })

  test('one that could not be started is an error with the reason', async () => {
    const message = 'error executing command in container: exec: "bash":\u001b[2J executable file not found in $PATH'
    const {program} = await run((socket) =>
      socket.send(frame(3, JSON.stringify({kind: 'Status', status: 'Failure', reason: 'InternalError', message}))),
    )
    await expect(program.exit).rejects.toThrow(
      `can't run cat in pod php-0: error executing command in container: exec: "bash": executable file not found in $PATH`,
    )
  })

  test.each<[string, (socket: WebSocket) => void, string]>([
    ['dropped', (socket) => socket.terminate(), 'the connection to cat in pod php-0 was lost'],
    ['closed without a status', (socket) => socket.close(1000), 'the connection to cat in pod php-0 was closed before its end'],
  ])('a connection that is %s is an error, for the outputs too', async (_, close, message) => {
    const {program} = await run((socket) => {
      socket.send(frame(1, 'half'))
      setImmediate(() => close(socket))
    })
    await expect(program.exit).rejects.toThrow(message)
    await expect(program.exit).rejects.toBeInstanceOf(UnreachableError)
    await expect(buffer(program.stdout)).rejects.toThrow(message)
    await expect(buffer(program.stderr)).rejects.toThrow(message)
  })

  test('the signal lets go of it', async () => {
    const controller = new AbortController()
    const closed = Promise.withResolvers<void>()
    const {program} = await run((socket) => socket.on('close', () => closed.resolve()), {signal: controller.signal})
    controller.abort()
    await expect(program.exit).rejects.toBeInstanceOf(InterruptedError)
    await closed.promise
  })

  test('403 names the verb create', async () => {
    const message = 'pods "php-0" is forbidden: User "bob" cannot create resource "pods/exec" in API group "" in the namespace "sapoche"'
    const body = JSON.stringify({kind: 'Status', status: 'Failure', message, code: 403})
    const server = await startApiServer(() => {}, {refusal: {status: 403, body}})
    servers.push(server)
    const refused = execute(server.client, 'php-0', {container: 'app', command: ['env'], tty: false, stdin: false})
    await expect(refused).rejects.toBeInstanceOf(ForbiddenError)
    await expect(refused).rejects.toMatchObject({
      hints: expect.arrayContaining([{label: 'why', text: expect.stringContaining('exec over a WebSocket')}]),
    })
  })
})

describe('the streams', () => {
  test('stdout and stderr are two, and complete although the status follows at once', async () => {
    const out = randomBytes(8 * MIB)
    const err = randomBytes(MIB)
    const {program} = await run((socket) => {
      socket.send(frame(1))
      for (let at = 0; at < out.length; at += 32_768) socket.send(frame(1, out.subarray(at, at + 32_768)))
      for (let at = 0; at < err.length; at += 32_768) socket.send(frame(2, err.subarray(at, at + 32_768)))
      end(socket, 3)
    })
    const [stdout, stderr] = await Promise.all([buffer(program.stdout), buffer(program.stderr)])
    expect([sha(stdout), sha(stderr)]).toEqual([sha(out), sha(err)])
    expect(await program.exit).toBe(3)
  })

  test('an output that is not read makes the server wait', async () => {
    let server: WebSocket | undefined
    const {program} = await run((socket) => {
      server = socket
      for (let piece = 0; piece < 24; piece++) socket.send(frame(1, Buffer.alloc(MIB)))
      end(socket, 0)
    })
    program.stderr.resume()
    let left = -1
    while (left !== server?.bufferedAmount || left === 0) {
      left = server?.bufferedAmount ?? 0
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(left).toBeGreaterThan(MIB)
    expect(program.stdout.readableLength).toBeLessThan(4 * MIB)
    expect((await buffer(program.stdout)).length).toBe(24 * MIB)
    expect(await program.exit).toBe(0)
  })

  test('stdin arrives whole, and its end is told', async () => {
    const sent = randomBytes(4 * MIB)
    const received: Buffer[] = []
    const {program} = await run(
      (socket) =>
        socket.on('message', (message: Buffer) => {
          if (message[0] === 0) received.push(message.subarray(1))
          else if (message.equals(Buffer.of(255, 0))) end(socket, 0)
        }),
      {stdin: true},
    )
    expect(program.canEndStdin).toBe(true)
    program.stdin.end(sent)
    expect(await program.exit).toBe(0)
    expect(sha(Buffer.concat(received))).toBe(sha(sent))
  })

  test('an older server speaks v4, which has no end of stdin: no such message is sent', async () => {
    const messages: Buffer[] = []
    let server: WebSocket | undefined
    const {program} = await run(
      (socket) => {
        server = socket
        socket.on('message', (message: Buffer) => messages.push(message))
      },
      {stdin: true},
      ['v4.channel.k8s.io'],
    )
    expect(program.canEndStdin).toBe(false)
    program.stdin.end('hello')
    await once(program.stdin, 'finish')
    program.resize({columns: 1, rows: 1})
    while (messages.length < 2) await once(server!, 'message')
    expect(messages.map(String)).toEqual(['\0hello', '\u0004{"Width":1,"Height":1}'])
    end(server!, 0)
    expect(await program.exit).toBe(0)
  })

  test('a program that ends before its stdin does no harm to the writer', async () => {
    const {program} = await run((socket) => end(socket, 0), {stdin: true})
    expect(await program.exit).toBe(0)
    expect(program.stdin.destroyed).toBe(true)
    program.stdin.on('error', () => {}).write('too late')
  })

  test('the size of the terminal is passed on', async () => {
    const sizes: string[] = []
    const {program} = await run(
      (socket) => socket.on('message', (message: Buffer) => sizes.push(message.toString()) === 2 && end(socket, 0)),
      {tty: true},
    )
    program.resize({columns: 120, rows: 40})
    program.resize({columns: 80, rows: 24})
    expect(await program.exit).toBe(0)
    expect(sizes).toEqual(['\u0004{"Width":120,"Height":40}', '\u0004{"Width":80,"Height":24}'])
    program.resize({columns: 1, rows: 1})
  })
})
