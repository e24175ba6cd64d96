import {existsSync, statSync} from 'node:fs'
import {expect, test} from 'vitest'
import {run} from './program.ts'

test('sapoche sandbox serves until Ctrl-C, and takes its kubeconfig along', async () => {
  let status: Promise<Awaited<ReturnType<typeof run>>> | undefined
  let kubeconfig = ''
  let mode = 0
  const served = await run(['sandbox', 'crashloop', '-o', 'json'], {
    started: (child) =>
      child.stdout!.once('data', (text: string) => {
        kubeconfig = JSON.parse(text).kubeconfig
        mode = statSync(kubeconfig).mode & 0o777
        status = run(['status', '--json'], {env: {KUBECONFIG: kubeconfig}})
        void status.then(() => child.kill('SIGINT'))
      }),
  })
  expect({code: served.code, stderr: served.stderr}).toEqual({code: 0, stderr: ''})
  const {code, stdout} = (await status)!
  expect(code).toBe(2)
  expect(JSON.parse(stdout)).toMatchObject({verdict: 'critical', context: 'sandbox'})
  expect(mode).toBe(0o600)
  expect(existsSync(kubeconfig)).toBe(false)
})

test('sapoche sandbox --list', async () => {
  const {code, stdout} = await run(['sandbox', '--list', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).items.map(({name}: {name: string}) => name)).toEqual(
    expect.arrayContaining(['baseline', 'crashloop', 'image-pull', 'stopped-consumer', 'rollout-stuck', 'node-lost', 'scaled-out']),
  )
})

test('a scenario that there is not: 64 and the nearest', async () => {
  const {code, stdout} = await run(['sandbox', 'crashlop', '--json'])
  expect(code).toBe(64)
  expect(JSON.parse(stdout)).toMatchObject({error: {code: 'usage', suggestions: ['crashloop']}})
})
