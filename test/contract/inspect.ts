import {connect} from 'node:net'
import {setTimeout as pause} from 'node:timers/promises'
import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import type {AuditInactiveReport} from '../../src/lib/runbook/audit-inactive/schema.ts'
import type {ChangesReport} from '../../src/lib/runbook/changes/schema.ts'
import type {EnvReport} from '../../src/lib/runbook/env/schema.ts'
import type {EventRecord, EventsReport} from '../../src/lib/runbook/events/schema.ts'
import type {PodsReport} from '../../src/lib/runbook/pods/schema.ts'
import type {TopReport} from '../../src/lib/runbook/top/schema.ts'
import {rolesFor} from '../../src/lib/runbook/rbac/index.ts'
import {openTerminal} from '../package/terminal.ts'
import type {Run} from '../package/program.ts'
import {podsOf} from '../real/faults.ts'
import type {InspectTarget, Started} from './inspect-target.ts'
import {RUNBOOK} from './runbook-lines.ts'
import {reportOf} from './scene.ts'
import type {Person, Rule} from './target.ts'

const EVENTS = '/api/v1/namespaces/sapoche/events'
const COMMANDS = ['pods', 'top', 'events', 'changes', 'env', 'exec', 'shell', 'forward', 'audit-inactive'] as const
type Command = (typeof COMMANDS)[number]

const WORDS: Readonly<Record<Command, readonly string[]>> = {
  pods: ['pods'],
  top: ['top'],
  events: ['events'],
  changes: ['changes'],
  env: ['env', 'worker-sapoche-pdf', '--live'],
  exec: ['exec', 'worker-sapoche-pdf', '--', 'true'],
  shell: ['shell', 'worker-sapoche-pdf'],
  forward: ['forward', 'st-bnkd-php', '0:80'],
  'audit-inactive': ['audit-inactive'],
}

function rulesOf(command: Command, kind: 'Role' | 'ClusterRole'): readonly Rule[] {
  return rolesFor(command, 'sapoche').items.flatMap((role) => (role.kind === kind ? role.rules : []))
}

const exactly = (command: Command): Person => ({
  name: `inspect-${command}`,
  rules: rulesOf(command, 'Role'),
  clusterRules: rulesOf(command, 'ClusterRole'),
})
const EXACT = COMMANDS.map(exactly)
const NOBODY: Person = {name: 'inspect-nobody', rules: [], clusterRules: []}
/** Who may exec and forward as far as Kubernetes 1.34 asks. */
const OLD: Person = {
  name: 'inspect-old',
  rules: [...rulesOf('exec', 'Role'), ...rulesOf('forward', 'Role')].map((rule) => ({
    ...rule,
    verbs: rule.verbs.filter((verb) => verb !== 'create'),
  })),
  clusterRules: [],
}

export const INSPECTORS: readonly Person[] = [...EXACT, NOBODY, OLD]

/** The read-only and access commands through an API server. `outcome`: whether the cluster passes on how a command in a container ended. */
export function inspectSuite(open: () => Promise<InspectTarget>, {outcome}: {readonly outcome: boolean}): void {
  let target: InspectTarget
  beforeAll(async () => {
    target = await open()
    await target.prepare()
  })
  afterAll(async () => {
    await target.restore()
    await target.close()
  })

  const run = (args: readonly string[], {env, ...rest}: Parameters<InspectTarget['sapoche']>[1] = {}): Promise<Run> =>
    target.sapoche(args, {...rest, env: {XDG_STATE_HOME: target.folder, ...env}})
  const read = async <T>(kind: string, ...args: readonly string[]): Promise<T> => reportOf<T>(await run([...args, '-o', 'json']), kind)
  const interrupted = async (started: Started): Promise<number | null> => {
    started.interrupt()
    return started.ended
  }

  describe('every line of the runbook', () => {
    // A command of the runbook quotes nothing but names with asterisks.
    const wordsOf = (command: string): string[] => command.split(' ').map((word) => word.replaceAll("'", ''))

    test.each(RUNBOOK.map((each) => [each.line, each] as const))('%s', async (_, {command, shows, with: needs = {}}) => {
      const args = [...wordsOf(command), ...(needs.flags ?? [])]
      if (needs.until !== undefined) {
        const started = target.start(args)
        await expect.poll(() => started.stdout(), {timeout: 15_000}).toMatch(needs.until)
        expect(await interrupted(started)).toBe(needs.code ?? 130)
        return
      }
      if (args[0] === 'exec' && !outcome) return
      const answer = await run(args, needs.input === undefined ? {} : {input: needs.input})
      expect({code: answer.code, said: answer.stdout === '' ? answer.stderr : ''}).toEqual({code: 0, said: ''})
      if (shows !== undefined) expect(answer.stdout).toMatch(shows)
    })
  })

  describe('reports by their schemas', () => {
    test('pods, also after one is gone for good', async () => {
      const before = await read<PodsReport>('PodsReport', 'pods', 'consumers')
      expect(before.summary).toMatchObject({pods: 13, ready: 13, problems: 0})
      const {items} = await read<PodsReport>('PodsReport', 'pods', 'worker-sapoche-batch-publisher')
      expect(items).toHaveLength(1)
      expect(items[0]).toMatchObject({workload: 'worker-sapoche-batch-publisher', status: 'Running', containers: {ready: 1, total: 1}})
    })

    test('top: every figure measured, none made up', {timeout: 90_000}, async () => {
      // A young pod has no metric yet.
      const top = (): Promise<TopReport> => read<TopReport>('TopReport', 'top', 'workers', '--by', 'workload')
      await expect.poll(async () => (await top()).total.containers.absent, {timeout: 60_000, interval: 1000}).toBe(0)
      const {items, total, warnings} = await top()
      expect(warnings).toEqual([])
      expect(items).toHaveLength(16)
      for (const {name, cpu, memory, measuredAt} of items) {
        const isWhole = cpu !== null && memory !== null && memory > 0 && measuredAt !== null
        expect({name, isWhole}).toEqual({name, isWhole: true})
      }
      expect(total.memory).toBe(items.reduce((sum, {memory}) => sum + (memory ?? 0), 0))
    })

    test('changes: a scaling is one row, of the event and our own journal', async () => {
      const name = 'worker-sapoche-event-tracking'
      expect((await run(['scale', name, '--replicas', '2', '--yes'])).code).toBe(0)
      const {items} = await read<ChangesReport>('ChangesReport', 'changes', name, '--since', '5m')
      const scalings = items.filter(({kind}) => kind === 'scaling' || kind === 'journal')
      expect(scalings).toHaveLength(1)
      expect(scalings[0]).toMatchObject({workload: name, sources: expect.arrayContaining(['event', 'journal'])})
      expect(scalings[0]?.by).not.toBeNull()
    })

    test('events: the workload of each, the newest last', async () => {
      const {items, summary} = await read<EventsReport>('EventsReport', 'events', 'worker-sapoche-event-tracking')
      expect(summary.events).toBe(items.length)
      expect(new Set(items.map(({workload}) => workload))).toEqual(new Set(['worker-sapoche-event-tracking']))
      expect(new Set(items.map(({object}) => object.kind))).toEqual(new Set(['Deployment', 'ReplicaSet', 'Pod']))
      const times = items.map(({at}) => at ?? '')
      expect(times).toEqual([...times].sort())
    })

    test('a flag that only another one gives sense is refused without it', async () => {
      expect(await run(['env', 'worker-sapoche-pdf', '-c', 'app'])).toMatchObject({code: 64, stderr: expect.stringContaining('--live')})
    })

    test('env: templates and a pod agree, passwords are in neither', async () => {
      const written = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE')
      const live = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE', '--live')
      const connection = {name: 'QUEUE_CONNECTION', value: 'redis', masked: false}
      expect(written.items).toContainEqual(expect.objectContaining(connection))
      expect(live.items).toContainEqual(expect.objectContaining(connection))
      const secret = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'REDIS_PASSWORD')
      expect(secret.items).toMatchObject([{value: null, source: {kind: 'Secret', key: 'redis-password'}}])
    })

    test('audit-inactive: what is inactive on purpose, then what is not', async () => {
      const asWished = await read<AuditInactiveReport>('AuditInactiveReport', 'audit-inactive')
      expect(asWished).toMatchObject({verdict: 'ok', summary: {deployments: 38, inactive: 2, expected: 2}})
      expect((await run(['scale', 'consumer-ecg', '--replicas', '0', '--yes'])).code).toBe(0)
      const answer = await run(['audit-inactive', '-o', 'json'])
      const {items} = reportOf<AuditInactiveReport>(answer, 'AuditInactiveReport')
      const found = items.find(({name}) => name === 'consumer-ecg')
      expect(answer.code).toBe(2)
      expect(found).toMatchObject({expected: false, findings: [{id: 'inactive-unexpected'}]})
      expect(Date.parse(found?.since ?? '')).toBeGreaterThan(Date.now() - 60_000)
      expect((await run(['scale', 'consumer-ecg', '--to-baseline', '--yes'])).code).toBe(0)
    })
  })

  describe('events --follow', () => {
    test('goes on after its connection was cut: every event once', async () => {
      const {proxy, kubeconfig} = await target.throughProxy()
      const started = target.start(['events', 'consumer-ecg', '--follow', '-o', 'json'], kubeconfig)
      const messages = (): string[] =>
        started
          .stdout()
          .split('\n')
          .filter(Boolean)
          .map((line) => reportOf<EventRecord>({code: 0, signal: null, stdout: line, stderr: ''}, 'EventRecord').message)
          .filter((message) => message.startsWith('number '))
      const [pod] = await podsOf(target.api, 'consumer-ecg')
      const tell = (number: number): Promise<unknown> => {
        const at = new Date().toISOString()
        return target.api.create(EVENTS, {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: {name: `consumer-ecg.${process.pid}-${number}`, namespace: 'sapoche'},
          involvedObject: {apiVersion: 'v1', kind: 'Pod', namespace: 'sapoche', name: pod?.metadata.name, uid: pod?.metadata.uid},
          type: 'Warning',
          reason: 'Contract',
          message: `number ${number}`,
          source: {component: 'contract'},
          firstTimestamp: at,
          lastTimestamp: at,
          count: 1,
        })
      }
      await tell(1)
      await expect.poll(messages, {timeout: 15_000}).toEqual(['number 1'])
      proxy.resetConnections()
      await tell(2)
      await expect.poll(messages, {timeout: 15_000}).toEqual(['number 1', 'number 2'])
      await tell(3)
      await expect.poll(messages, {timeout: 15_000}).toEqual(['number 1', 'number 2', 'number 3'])
      expect(await interrupted(started)).toBe(130)
    })
  })

  describe('exec and shell', () => {
    test('stdout and stderr apart, all of a large output', async () => {
      const both = await run(['exec', 'worker-sapoche-pdf', '--', 'sh', '-c', 'echo out; echo err >&2'])
      expect(both).toMatchObject({code: 0, stdout: 'out\n', stderr: 'err\n'})
      const large = await run(['exec', 'worker-sapoche-pdf', '--', 'head', '-c', '5000000', '/dev/zero'])
      expect([large.code, large.stdout.length, /[^\0]/.test(large.stdout)]).toEqual([0, 5_000_000, false])
    })

    test('a large input, whole', async () => {
      const input = `${'order 81 '.repeat(300_000)}\n`
      // kwok does not end the input of a command: one that counts for itself.
      const program = outcome ? ['cat'] : ['head', '-c', String(input.length)]
      const {code, stdout} = await run(['exec', 'worker-sapoche-pdf', '--', ...program], {input})
      expect([code, stdout === input]).toEqual([0, true])
    })

    test.runIf(outcome)('the exit code is that of the command; the highest of all pods', async () => {
      expect((await run(['exec', 'worker-sapoche-pdf', '--', 'sh', '-c', 'exit 3'])).code).toBe(3)
      expect((await run(['exec', 'st-bnkd-php', '--all-pods', '--', 'sh', '-c', 'exit 4'])).code).toBe(4)
    })

    test('lines of all pods, behind their names', async () => {
      const {code, stdout} = await run(['exec', 'st-bnkd-php', '--all-pods', '--', 'echo', 'hello'])
      const pods = (await podsOf(target.api, 'st-bnkd-php')).map(({metadata}) => metadata.name)
      expect(code).toBe(0)
      expect(stdout.split('\n').filter(Boolean).sort()).toEqual(pods.map((name) => `${name}  hello`).sort())
    })

    test('what is ours is 125', async () => {
      expect((await run(['exec', 'worker-sapoche-pfd', '--', 'true'])).code).toBe(125)
      expect((await run(['exec', 'worker-sapoche-pdf', '-c', 'nobody', '--', 'true'])).code).toBe(125)
      const refused = await run(['exec', 'worker-sapoche-pdf', '--', 'true'], {env: {SAPOCHE_READ_ONLY: '1'}})
      expect(refused).toMatchObject({code: 125, stdout: '', stderr: expect.stringContaining('SAPOCHE_READ_ONLY=1')})
    })

    test('a shell has the size of the terminal, also after that changes', async () => {
      const terminal = openTerminal('shell st-bnkd-php', {columns: 90, rows: 25, env: {KUBECONFIG: target.kubeconfig}})
      try {
        await terminal.shows((screen) => /[$#] ?$/.test(screen.trimEnd()))
        terminal.type('stty size\r')
        await terminal.shows((screen) => screen.includes('\n25 90\n'))
        terminal.resize(70, 20)
        await pause(300)
        terminal.type('stty size\r')
        await terminal.shows((screen) => screen.includes('\n20 70\n'))
        terminal.type('exit\r')
        expect(await terminal.ended()).toBe(0)
      } finally {
        terminal.close()
      }
    })
  })

  describe('access', () => {
    test.each(COMMANDS)('%s: the Role that sapoche rbac shows is enough', async (command) => {
      const kubeconfig = await target.kubeconfigOf(EXACT[COMMANDS.indexOf(command)]!)
      if (command === 'forward') {
        const started = target.start([...WORDS.forward, '-o', 'json'], kubeconfig)
        await expect.poll(() => started.stdout(), {timeout: 15_000}).toContain('ForwardReport')
        expect(await interrupted(started)).toBe(0)
        return
      }
      const args = command === 'exec' || command === 'shell' ? WORDS[command] : [...WORDS[command], '-o', 'json']
      const answer = await run(args, {env: {KUBECONFIG: kubeconfig}, ...(command === 'shell' ? {input: 'exit\n'} : {})})
      expect({code: answer.code, stderr: answer.stderr}).toEqual({code: 0, stderr: ''})
      if (args.includes('json')) expect(JSON.parse(answer.stdout)).toMatchObject({warnings: []})
    })

    test.each(COMMANDS)('%s without any rights: what is needed is said', async (command) => {
      const answer = await run(WORDS[command], {env: {KUBECONFIG: await target.kubeconfigOf(NOBODY)}})
      expect(answer).toMatchObject({code: command === 'exec' || command === 'shell' ? 125 : 77, stdout: ''})
      expect(answer.stderr).toMatch(/not allowed to \w+ \S+ in namespace sapoche[^]*needs +.*resources: \[/)
    })

    test.each([
      ['exec', 'pods/exec', 125],
      ['forward', 'pods/portforward', 77],
    ] as const)('%s with the rights of Kubernetes 1.34: create is what is missing', async (command, resource, code) => {
      const answer = await run(WORDS[command], {env: {KUBECONFIG: await target.kubeconfigOf(OLD)}})
      expect(answer.code).toBe(code)
      expect(answer.stderr).toContain(`not allowed to create ${resource}`)
      expect(answer.stderr).toMatch(new RegExp(`resources: \\[${resource}\\], verbs: \\[.*create.*\\]`))
    })
  })

  test('forward leaves no port behind', async () => {
    const started = target.start(['forward', 'st-bnkd-php', '0:80', '-o', 'json'])
    await expect.poll(() => started.stdout(), {timeout: 15_000}).toContain('ForwardReport')
    const {port} = (JSON.parse(started.stdout()) as {local: {port: number}}).local
    expect(await interrupted(started)).toBe(0)
    await expect(
      new Promise((resolve, reject) => connect(port, '127.0.0.1').once('connect', resolve).once('error', reject)),
    ).rejects.toMatchObject({code: 'ECONNREFUSED'})
  })
}
