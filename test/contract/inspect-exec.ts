import {expect, test} from 'vitest'
import {openTerminal, sizeWithin} from '../package/terminal.ts'
import {deleteDeployment, podsOf, waitForPods} from '../real/faults.ts'
import type {InspectTarget} from './inspect-target.ts'
import {deployment} from './scene.ts'

/** `outcome`: whether the cluster passes on how a command in a container ended. */
export function execSuite(opened: () => InspectTarget, {outcome}: {readonly outcome: boolean}): void {
  const run: InspectTarget['sapoche'] = (args, options) => opened().sapoche(args, options)

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
    const pods = (await podsOf(opened().api, 'st-bnkd-php')).map(({metadata}) => metadata.name)
    expect(code).toBe(0)
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(pods.map((name) => `${name}  hello`).sort())
  })

  test('a pod that is not ready, where there is no better one, which is said', async () => {
    const {api} = opened()
    const name = `stuck-${process.pid}`
    await api.create('/apis/apps/v1/namespaces/sapoche/deployments', deployment(name, {labels: {'sapoche.test/state': 'unready'}}))
    try {
      const isRunning = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
        pods.length === 1 && pods.every(({status}) => status.containerStatuses?.[0]?.state?.running !== undefined)
      const [pod] = await waitForPods(api, name, 'it runs', isRunning)
      const {code, stdout, stderr} = await run(['exec', name, '--', 'echo', 'hello'])
      expect({code, stdout, stderr}).toEqual({code: 0, stdout: 'hello\n', stderr: `sapoche: pod ${pod?.metadata.name} (not ready)\n`})
    } finally {
      await deleteDeployment(api, name)
    }
  })

  test('what is ours is 125', async () => {
    expect((await run(['exec', 'worker-sapoche-pfd', '--', 'true'])).code).toBe(125)
    expect((await run(['exec', 'worker-sapoche-pdf', '-c', 'nobody', '--', 'true'])).code).toBe(125)
    for (const args of [
      ['exec', 'worker-sapoche-pdf', '--', 'true'],
      ['shell', 'worker-sapoche-pdf'],
    ]) {
      const refused = await run(args, {env: {SAPOCHE_READ_ONLY: '1'}})
      expect(refused).toMatchObject({code: 125, stdout: '', stderr: expect.stringContaining('SAPOCHE_READ_ONLY=1')})
    }
  })

  test('on a terminal: where it runs, its output, and nothing of what was waited for', async () => {
    // kwok closes a terminal when its program has ended, whether all was read or not: one that stays for a moment.
    const words = `exec st-bnkd-php -- sh -c 'echo hello; sleep 1'`
    const terminal = openTerminal(words, {columns: 120, env: {KUBECONFIG: opened().kubeconfig}})
    try {
      expect(await terminal.ended()).toBe(0)
      const lines = terminal.lines().filter(Boolean)
      expect(lines).toEqual(['begun', expect.stringMatching(/^sapoche: pod st-bnkd-php-\S+ \(one of \d pods\)$/), 'hello', 'ended 0'])
    } finally {
      terminal.close()
    }
  })

  test('a shell has the size of the terminal, also after that changes', async () => {
    const terminal = openTerminal('shell st-bnkd-php', {columns: 90, rows: 25, env: {KUBECONFIG: opened().kubeconfig}})
    try {
      await terminal.shows((text) => /[$#] ?$/.test(text.trimEnd()))
      expect(await sizeWithin(terminal)).toBe('25 90')
      terminal.resize(70, 20)
      // The change takes its way through the API server.
      await expect.poll(() => sizeWithin(terminal)).toBe('20 70')
      terminal.type('exit\r')
      expect(await terminal.ended()).toBe(0)
    } finally {
      terminal.close()
    }
  })
}
