import {spawn, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {mkdtemp, rm, symlink, writeFile} from 'node:fs/promises'
import {type AddressInfo, createServer, type Server} from 'node:net'
import os from 'node:os'
import path from 'node:path'
import {PassThrough, Writable} from 'node:stream'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {ForbiddenError} from '../../../src/lib/clients/kubernetes/errors.ts'
import type {ExecOptions, PodAccess} from '../../../src/lib/clients/kubernetes/types.ts'
import {UnreachableError} from '../../../src/lib/errors/index.ts'
import {connectFrom} from '../../../src/lib/runbook/doctor/attempt.ts'
import {freePort} from '../../real/processes.ts'

const signal = new AbortController().signal
const PLACE = {pod: 'web-1', container: 'app', isReady: true, note: ''}
const find = (program: string): string | undefined =>
  [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/bin']
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file))

/** Some of BusyBox can't just look. */
const hasNc = find('nc') !== undefined && !/option/.test(spawnSync('nc', ['-z', '127.0.0.1', '1'], {encoding: 'utf8'}).stderr)

let folder: string
let server: Server
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sapoche-doctor-'))
  server = createServer((socket) => socket.end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  server.close()
  await rm(folder, {recursive: true})
})

/** A container that has these programs of this machine, these files as programs, and no others. */
async function container(programs: readonly string[], files: readonly string[] = []): Promise<PodAccess & {readonly ran: string[]}> {
  const bin = await mkdtemp(path.join(folder, 'bin-'))
  for (const program of programs) await symlink(find(program)!, path.join(bin, program))
  for (const file of files) await symlink(file, path.join(bin, path.basename(file)))
  const ran: string[] = []
  return {
    ran,
    async execute(_, {command}: ExecOptions) {
      const [name = '', ...args] = command
      const file = path.join(bin, name)
      if (!existsSync(file)) throw new UnreachableError(`can't run ${name} in pod web-1: executable file not found in $PATH`)
      ran.push(name)
      const child = spawn(file, args, {env: {PATH: bin}, stdio: ['ignore', 'pipe', 'pipe']})
      const exit = once(child, 'close').then(([code]) => code as number)
      return {stdin: new Writable(), stdout: child.stdout, stderr: child.stderr, canEndStdin: true, exit, resize() {}}
    },
    openTunnel: () => new PassThrough(),
  }
}

const open = () => ({host: '127.0.0.1', port: (server.address() as AddressInfo).port})
const closed = async () => ({host: '127.0.0.1', port: await freePort()})
const nobody = () => ({host: 'no-such-host.invalid', port: 80})

describe('a connection from within a container, by what it has', () => {
  describe.skipIf(find('php') === undefined)('php', () => {
    test.each([
      ['connected', open],
      ['refused', closed],
      ['unresolved', nobody],
    ])('%s', async (outcome, address) => {
      const access = await container(['php', 'sh'])
      expect(await connectFrom(access, PLACE, await address(), signal)).toEqual({outcome, program: 'php'})
    })
  })

  test.each([
    ['connected', open],
    ['refused', closed],
    ['unresolved', nobody],
  ])('bash: %s, with timeout and without', async (outcome, address) => {
    for (const programs of [['bash'], ['bash', 'timeout']]) {
      expect(await connectFrom(await container(programs), PLACE, await address(), signal)).toEqual({outcome, program: 'bash'})
    }
  })

  test.skipIf(!hasNc).each([
    ['connected', open],
    ['refused', closed],
    ['unresolved', nobody],
  ])('nc: %s', async (outcome, address) => {
    const access = await container(['sh', 'nc'])
    expect(await connectFrom(access, PLACE, await address(), signal)).toEqual({outcome, program: 'nc'})
  })

  test('an nc that can not just look is none', async () => {
    const nc = path.join(folder, 'nc')
    await writeFile(nc, '#!/bin/sh\necho "nc: invalid option -- z" >&2\nexit 1\n', {mode: 0o755})
    const access = await container(['sh', 'getent'], [nc])
    expect(await connectFrom(access, PLACE, open(), signal)).toEqual({outcome: 'resolved', program: 'getent'})
  })

  test.each([
    ['resolved', open],
    ['unresolved', nobody],
  ])('getent alone: %s', async (outcome, address) => {
    const access = await container(['sh', 'getent'])
    expect(await connectFrom(access, PLACE, address(), signal)).toEqual({outcome, program: 'getent'})
    // nc was looked for by the shell.
    expect(access.ran).toEqual(['sh', 'sh'])
  })

  test('nothing that helps', async () => {
    expect(await connectFrom(await container([]), PLACE, open(), signal)).toBeNull()
    expect(await connectFrom(await container(['sh']), PLACE, open(), signal)).toBeNull()
  })

  test('a host with a shell in it is a name, and no program', async () => {
    const access = await container(['bash', 'touch'])
    const file = path.join(folder, 'made')
    const host = `$(touch ${file});127.0.0.1`
    expect(await connectFrom(access, PLACE, {host, port: 80}, signal)).not.toMatchObject({outcome: 'connected'})
    expect(existsSync(file)).toBe(false)
  })

  test('exec is not allowed: said, and not tried with the next', async () => {
    const refused = new ForbiddenError('not allowed to create pods/exec', null)
    const access = {execute: () => Promise.reject(refused), openTunnel: () => new PassThrough()}
    await expect(connectFrom(access, PLACE, open(), signal)).rejects.toBe(refused)
  })
})
