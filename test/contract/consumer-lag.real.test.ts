import {beforeEach, describe, expect, test} from 'vitest'
import {KAFKA_USERS} from '../real/kafka.ts'
import {backlogAccessSuite} from './backlog-access.ts'
import {consumerLagSuite} from './consumer-lag.ts'
import {type RealLagStage, realLagStage} from './lag-real.ts'
import {writeFileFor} from './target.ts'

describe('on real servers', () =>
  consumerLagSuite(realLagStage, (open) => {
    beforeEach(() => open().kafka.mustRun())
    logins(open)
    backlogAccessSuite('consumer-lag', () => open().target)
  }))

/** TLS and a login inside the port-forward. */
function logins(open: () => RealLagStage): void {
  const lag = async (environment: Readonly<Record<string, string>>) => {
    const {target, kafka} = open()
    const kafkaPlace = {address: `${kafka.cluster[0]!.name}:9093`, tls: true}
    const category = {name: 'consumers', singular: 'consumer', title: 'Consumers', match: ['*']}
    const catalogue = {namespace: 'sapoche', categories: [category], workloads: [], servers: {kafka: kafkaPlace}}
    const file = await writeFileFor(target, 'secure.yaml', JSON.stringify(catalogue))
    const ca = await writeFileFor(target, 'kafka-ca.pem', kafka.ca)
    const args = ['consumer-lag', '--window', '0s', '-o', 'json', '--fail-on', 'never', '--group', '*', '--catalogue', file, '--tls-ca', ca]
    return await target.sapoche(args, {env: environment})
  }
  const {username, password} = KAFKA_USERS.reader

  describe('logins', () => {
    test.each(['plain', 'scram-sha-256', 'scram-sha-512'])('%s', async (mechanism) => {
      const env = {SAPOCHE_KAFKA_USERNAME: username, SAPOCHE_KAFKA_PASSWORD: password, SAPOCHE_KAFKA_MECHANISM: mechanism}
      await open().allow(username)
      const run = await lag(env)
      expect({code: run.code, stderr: run.stderr}).toEqual({code: 0, stderr: ''})
      expect(JSON.parse(run.stdout).items.length).toBeGreaterThan(0)
    })

    test('a wrong password: 77, with who was refused, and without the password', async () => {
      const env = {SAPOCHE_KAFKA_USERNAME: username, SAPOCHE_KAFKA_PASSWORD: 'guessed', SAPOCHE_KAFKA_MECHANISM: 'scram-sha-512'}
      const run = await lag(env)
      expect(run.code).toBe(77)
      expect(JSON.parse(run.stdout).error.message).toMatch(/redpanda-0.* refused user "reader" with the password of SAPOCHE_KAFKA_PASSWORD/)
      expect(run.stdout + run.stderr).not.toContain('guessed')
    })
  })
}
