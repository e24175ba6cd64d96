import {expect, test} from 'vitest'
import type {EnvReport} from '../../src/lib/runbook/env/schema.ts'
import {deleteDeployment, podsOf, waitForPods} from '../real/faults.ts'
import {APPS, CORE, stepsOf} from './inspect-steps.ts'
import type {InspectTarget} from './inspect-target.ts'
import {deployment} from './scene.ts'

/** The environment, as it is declared and as a pod has it. */
export function envSuite(opened: () => InspectTarget): void {
  const {run, read} = stepsOf(opened)

  test('templates and a pod agree, passwords are in neither', async () => {
    const written = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE')
    const live = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'QUEUE', '--live')
    const connection = {name: 'QUEUE_CONNECTION', value: 'redis', masked: false}
    expect(written.items).toContainEqual(expect.objectContaining(connection))
    expect(live.items).toContainEqual(expect.objectContaining(connection))
    const secret = await read<EnvReport>('EnvReport', 'env', 'worker-sapoche-pdf', '--match', 'REDIS_PASSWORD')
    expect(secret.items).toMatchObject([{value: null, source: {kind: 'Secret', key: 'redis-password'}}])
  })

  test('ConfigMaps are followed, one that changed after its pod started is said, and a Secret may hold matches', async () => {
    const {api} = opened()
    const name = `env-${process.pid}`
    const metadata = {name, namespace: 'sapoche'}
    await api.create(`${CORE}/configmaps`, {apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {BROKER_URL: 'amqp://me:hidden@mq'}})
    const envFrom = [{configMapRef: {name}}, {secretRef: {name: 'sapoche-contract', optional: true}}]
    await api.create(`${APPS}/deployments`, deployment(name, {container: {envFrom}}))
    try {
      const isRunning = (pods: Awaited<ReturnType<typeof podsOf>>): boolean =>
        pods.some(({status}) => status.containerStatuses?.[0]?.state?.running !== undefined)
      const [pod] = await waitForPods(api, name, 'it runs', isRunning)
      const fresh = await read<EnvReport>('EnvReport', 'env', name)
      expect(fresh.items).toMatchObject([{name: 'BROKER_URL', value: 'amqp://me:***@mq', masked: true, source: {kind: 'ConfigMap', name}}])
      // Times of the API are whole seconds.
      await expect
        .poll(async () => {
          await api.patch(`${CORE}/configmaps/${name}`, {data: {BROKER_URL: `amqp://mq-${Date.now()}`}}, 'merge')
          return (await read<EnvReport>('EnvReport', 'env', name)).stale
        })
        .toMatchObject([{workload: name, configMap: name, pod: pod?.metadata.name}])
      const text = await run(['env', name, '--match', 'NOTHING'])
      expect(text).toMatchObject({code: 0, stdout: expect.stringMatching(/Secret sapoche-contract may hold matches: --live/), stderr: ''})
    } finally {
      await deleteDeployment(api, name)
      await api.delete(`${CORE}/configmaps/${name}`)
    }
  })

  test('a flag that only another one gives sense is refused without it', async () => {
    expect(await run(['env', 'worker-sapoche-pdf', '-c', 'app'])).toMatchObject({code: 64, stderr: expect.stringContaining('--live')})
  })
}
