import {PassThrough, Writable} from 'node:stream'
import {describe, expect, test} from 'vitest'
import type {ExecOptions, Execution, PodAccess} from '../../../src/lib/clients/kubernetes/types.ts'
import {InterruptedError, RefusedError, SapocheError, UnreachableError} from '../../../src/lib/errors/index.ts'
import {type ProgramIo, runIn, shellIn} from '../../../src/lib/runbook/exec/index.ts'
import {crashing, DAY, HOUR, rawDeployment, rawPod, running, unready, waiting} from '../../workload/build.ts'
import {PATIENT, rawReplicaSet, served} from '../served.ts'

type Json = Record<string, unknown>

/** What the remote program does: given its streams, it ends with a code. */
type Behaviour = (
  program: {stdin: PassThrough; stdout: PassThrough; stderr: PassThrough},
  asked: ExecOptions,
  pod: string,
) => Promise<number> | number

interface Asked extends ExecOptions {
  readonly pod: string
}

function accessOf(behave: Behaviour, {canEndStdin = true} = {}): PodAccess & {asked: Asked[]; sizes: object[]} {
  const asked: Asked[] = []
  const sizes: object[] = []
  return {
    asked,
    sizes,
    openTunnel: () => {
      throw new Error('no tunnels here')
    },
    async execute(pod, options): Promise<Execution> {
      asked.push({pod, ...options})
      const streams = {stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough()}
      const exit = (async () => {
        await new Promise(setImmediate)
        const code = await behave(streams, options, pod)
        streams.stdout.end()
        streams.stderr.end()
        return code
      })()
      exit.catch((error: Error) => {
        for (const stream of [streams.stdout, streams.stderr]) stream.on('error', () => {}).destroy(error)
      })
      return {...streams, canEndStdin, exit, resize: (size) => void sizes.push(size)}
    },
  }
}

/** The caller's streams; a terminal where told. */
function callerOf({
  input = '',
  terminal = false,
  stdinIsTerminal = terminal,
}: {input?: string; terminal?: boolean; stdinIsTerminal?: boolean} = {}) {
  const written = {stdout: '', stderr: '', said: [] as string[], keys: 0, begun: 0}
  const sink = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written[name] += String(chunk)
        setImmediate(done)
      },
    })
  const stdin = new PassThrough()
  stdin.end(input)
  let resized = (): void => {}
  const io: ProgramIo = {
    stdin,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    stdinIsTerminal,
    stdoutIsTerminal: terminal,
    size: () => ({columns: 120, rows: 40}),
    onResize(listener) {
      resized = listener
      return () => (resized = () => {})
    },
    takeKeys() {
      written.keys++
      return () => written.keys--
    },
  }
  return {
    written,
    resize: () => resized(),
    caller: {io, begun: () => void written.begun++, say: (text: string) => void written.said.push(text), isTerminal: terminal},
  }
}

const withAnnotation = (raw: Json, name: string): Json => ({
  ...raw,
  metadata: {...(raw['metadata'] as Json), annotations: {'kubectl.kubernetes.io/default-container': name}},
})
const php = (name: string, more: Parameters<typeof rawPod>[0] = {}) => rawPod({name, replicaSet: 'st-bnkd-php-new', ...more})

const PODS = [php('php-a'), php('php-b', {age: HOUR})]

interface Case {
  readonly target?: string
  readonly pod?: string
  readonly container?: string
  readonly allPods?: boolean
  readonly command?: readonly string[]
  /** Plurals that may not be read. */
  readonly forbidden?: readonly string[]
}

async function run(
  pods: readonly Json[],
  behave: Behaviour,
  {target = 'st-bnkd-php', allPods = false, command = ['env'], forbidden = [], ...options}: Case = {},
  caller = callerOf(),
) {
  const objects = {
    deployments: [
      rawDeployment({name: 'st-bnkd-php', replicas: 2}),
      rawDeployment({name: 'consumer-ecg'}),
      rawDeployment({name: 'consumer-dicom'}),
    ],
    replicasets: [rawReplicaSet('st-bnkd-php'), rawReplicaSet('consumer-ecg'), rawReplicaSet('consumer-dicom')],
    pods,
  }
  const sources = await served(objects, {forbidden})
  const access = accessOf(behave)
  const code = await runIn({target, allPods, command, ...options}, {...sources, access}, caller.caller, PATIENT)
  return {code, asked: access.asked, sizes: access.sizes, written: caller.written}
}

const failure = async (promise: Promise<unknown>): Promise<SapocheError> => {
  const error: unknown = await promise.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SapocheError)
  return error as SapocheError
}

describe('where it runs', () => {
  test.each<[string, readonly Json[], Case, {pod: string; container: string; said: string[]}]>([
    ['a ready pod before one that is not', [php('a', {containers: [unready()]}), php('b')], {}, {pod: 'b', container: 'app', said: []}],
    [
      'one that runs where none is ready: a consumer that is stuck',
      [php('a', {containers: [crashing()]}), php('b', {containers: [unready()]})],
      {},
      {pod: 'b', container: 'app', said: ['pod b (not ready)']},
    ],
    ['--pod', PODS, {pod: 'php-b'}, {pod: 'php-b', container: 'app', said: []}],
    ['a pod as target', PODS, {target: 'php-b'}, {pod: 'php-b', container: 'app', said: []}],
    ['a pod of nobody', [rawPod({name: 'lonely', owner: null})], {target: 'pod/lonely'}, {pod: 'lonely', container: 'app', said: []}],
    ['the first container', [php('a', {containers: [{name: 'web'}, {name: 'log'}]})], {}, {pod: 'a', container: 'web', said: []}],
    ['-c', [php('a', {containers: [{name: 'web'}, {name: 'log'}]})], {container: 'log'}, {pod: 'a', container: 'log', said: []}],
    [
      'the default container, by its annotation',
      [withAnnotation(php('a', {containers: [{name: 'web'}, {name: 'log'}]}), 'log')],
      {},
      {pod: 'a', container: 'log', said: []},
    ],
    [
      '-c before the annotation',
      [withAnnotation(php('a', {containers: [{name: 'web'}, {name: 'log'}]}), 'log')],
      {container: 'web'},
      {pod: 'a', container: 'web', said: []},
    ],
    [
      'a sidecar, by its name alone',
      [php('a', {inits: [{name: 'auth', sidecar: true}], containers: [{name: 'web'}]})],
      {container: 'auth'},
      {pod: 'a', container: 'auth', said: []},
    ],
    [
      'not in a pod whose container does not run',
      [
        php('a', {
          containers: [
            {name: 'web', state: waiting('CrashLoopBackOff'), ready: false},
            {name: 'log', state: running(DAY)},
          ],
        }),
        php('b', {containers: [{name: 'web'}, {name: 'log'}]}),
      ],
      {},
      {pod: 'b', container: 'web', said: []},
    ],
    ['not in one that is leaving', [php('a', {deleted: 1000}), php('b')], {}, {pod: 'b', container: 'app', said: []}],
  ])('%s', async (_, pods, options, {pod, container, said}) => {
    const {asked, written} = await run(pods, () => 0, options)
    expect(asked.map((each) => [each.pod, each.container])).toEqual([[pod, container]])
    expect(written.said).toEqual(said)
  })

  test('on a terminal it is always said', async () => {
    const {written} = await run(PODS, () => 0, {}, callerOf({terminal: true}))
    expect(written.said).toEqual(['pod php-a (one of 2 pods)'])
  })

  test('replica sets that may not be read, so that names tell whose a pod is, are said', async () => {
    const pods = [rawPod({name: 'st-bnkd-php-749cb9b85b-fkrrd', replicaSet: 'st-bnkd-php-749cb9b85b'})]
    const {written, asked} = await run(pods, () => 0, {forbidden: ['replicasets']})
    expect(asked).toMatchObject([{pod: 'st-bnkd-php-749cb9b85b-fkrrd'}])
    expect(written.said).toEqual([expect.stringMatching(/not allowed to list replicasets.*; needs apiGroups/)])
  })

  test.each<[string, readonly Json[], Case, string]>([
    ['a category', PODS, {target: 'consumers'}, '"consumers" names 14 workloads; name one of them'],
    ['a pod of another workload', PODS, {pod: 'nope'}, 'st-bnkd-php has no pod "nope"'],
    ['a container that there isn’t', PODS, {container: 'nope'}, 'pod php-a has no container "nope"; it has app'],
    ['no pods', [], {}, 'nothing to run it in: it has no pods'],
    ['none that runs', [php('a', {containers: [crashing()]})], {}, 'nothing to run it in: no container of its pod runs'],
    ['no command', PODS, {command: []}, 'no command'],
    ['a target that matches nothing', PODS, {target: 'nonsense'}, 'no workload matches "nonsense"'],
  ])('%s is a failure of ours: 125', async (_, pods, options, message) => {
    const error = await failure(run(pods, () => 0, options))
    expect(error.message).toContain(message)
    expect(error.exitCode).toBe(125)
  })
})

describe('the program', () => {
  test('its exit code is ours, its output is whole and apart', async () => {
    const out = 'line\n'.repeat(200_000)
    const {code, written, asked} = await run(PODS, ({stdout, stderr}) => {
      stdout.write(out)
      stderr.write('oops\n')
      return 42
    })
    expect(code).toBe(42)
    expect(written.stdout).toBe(out)
    expect(written).toMatchObject({stderr: 'oops\n', begun: 1})
    expect(asked[0]).toMatchObject({command: ['env'], tty: false, stdin: true})
  })

  test('piped input reaches it, to its end', async () => {
    const input = 'x'.repeat(500_000)
    const {written} = await run(
      PODS,
      async ({stdin, stdout}) => {
        let length = 0
        for await (const chunk of stdin) length += (chunk as Buffer).length
        stdout.write(String(length))
        return 0
      },
      {},
      callerOf({input}),
    )
    expect(written.stdout).toBe('500000')
  })

  test('a terminal where both ends are one: its size, every change of it, and its keys, given back', async () => {
    const caller = callerOf({terminal: true})
    const {asked, sizes, written} = await run(
      PODS,
      () => {
        expect(caller.written.keys).toBe(1)
        caller.resize()
        return 0
      },
      {},
      caller,
    )
    expect(asked[0]).toMatchObject({tty: true, stdin: true})
    expect(sizes).toEqual([
      {columns: 120, rows: 40},
      {columns: 120, rows: 40},
    ])
    expect(written.keys).toBe(0)
  })

  test('no terminal and no input where only stdin is a terminal: exec ... | grep', async () => {
    const {asked, written} = await run(PODS, () => 0, {}, callerOf({stdinIsTerminal: true}))
    expect(asked[0]).toMatchObject({tty: false, stdin: false})
    expect(written.keys).toBe(0)
  })

  test('one that is lost is a failure of ours, and gives the terminal back', async () => {
    const caller = callerOf({terminal: true})
    const lost = run(PODS, () => Promise.reject(new UnreachableError('the connection was lost')), {}, caller)
    expect(await failure(lost)).toMatchObject({exitCode: 125, message: 'the connection was lost'})
    expect(caller.written.keys).toBe(0)
  })

  test('one that may not be run keeps its hints', async () => {
    const hints = [{label: 'needs', text: 'verbs: [create]'}]
    const refused = run(PODS, () => Promise.reject(new RefusedError('no', {hints})))
    expect(await failure(refused)).toMatchObject({exitCode: 125, code: 'refused', hints})
  })

  test('an interruption is 130', async () => {
    const stopped = run(PODS, () => Promise.reject(new InterruptedError()))
    expect((await failure(stopped)).exitCode).toBe(130)
  })

  test('a server that can’t be told the end of input is said, where there is input', async () => {
    const sources = await served({
      deployments: [rawDeployment({name: 'st-bnkd-php'})],
      replicasets: [rawReplicaSet('st-bnkd-php')],
      pods: PODS,
    })
    const {caller, written} = callerOf({input: 'x'})
    const access = accessOf(() => 0, {canEndStdin: false})
    await runIn({target: 'st-bnkd-php', allPods: false, command: ['cat']}, {...sources, access}, caller, PATIENT)
    expect(written.said).toEqual([expect.stringContaining('before Kubernetes 1.30')])
  })
})

describe('--all-pods', () => {
  test('every pod that runs, each line behind its pod, the highest code', async () => {
    const pods = [...PODS, php('php-longer'), php('dead', {containers: [crashing()]})]
    const {code, written, asked} = await run(
      pods,
      ({stdout, stderr}, _, pod) => {
        stdout.write('one\ntw')
        stdout.write('o')
        stderr.write('err\n')
        return pod === 'php-b' ? 3 : 1
      },
      {allPods: true},
    )
    expect(code).toBe(3)
    expect(asked.map(({pod, stdin}) => [pod, stdin])).toEqual([
      ['php-a', false],
      ['php-b', false],
      ['php-longer', false],
    ])
    expect(written.stdout.split('\n').toSorted((a, b) => a.localeCompare(b))).toEqual([
      '',
      'php-a       one',
      'php-a       two',
      'php-b       one',
      'php-b       two',
      'php-longer  one',
      'php-longer  two',
    ])
    expect(written.stderr.split('\n').filter((line) => line === 'php-b       err')).toHaveLength(1)
  })

  test('of a whole category', async () => {
    const pods = [rawPod({name: 'ecg', replicaSet: 'consumer-ecg-new'}), rawPod({name: 'dicom', replicaSet: 'consumer-dicom-new'})]
    const {asked} = await run(pods, () => 0, {allPods: true, target: 'consumers'})
    expect(asked.map(({pod}) => pod)).toEqual(['dicom', 'ecg'])
  })

  test('one that can’t be reached counts as 125 and does not end the others', async () => {
    const {code, written} = await run(
      PODS,
      ({stdout}, _, pod) => {
        if (pod === 'php-a') return Promise.reject(new UnreachableError('no way'))
        stdout.write('fine\n')
        return 0
      },
      {allPods: true},
    )
    expect(code).toBe(125)
    expect(written.said).toEqual(['php-a: no way'])
    expect(written.stdout).toBe('php-b  fine\n')
  })
})

test('shell: bash or sh, with the name of the terminal', async () => {
  const sources = await served({
    deployments: [rawDeployment({name: 'st-bnkd-php'})],
    replicasets: [rawReplicaSet('st-bnkd-php')],
    pods: PODS,
  })
  const access = accessOf(() => 7)
  const {caller} = callerOf({terminal: true})
  const code = await shellIn({target: 'st-bnkd-php'}, {...sources, access}, {...caller, term: 'xterm-256color'}, PATIENT)
  expect(code).toBe(7)
  expect(access.asked[0]).toMatchObject({
    tty: true,
    command: ['sh', '-c', expect.stringContaining('exec bash'), 'sapoche', 'xterm-256color'],
  })
})
