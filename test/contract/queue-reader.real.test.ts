import {describe} from 'vitest'
import {startRedis} from '../real/redis.ts'
import {queueReaderSuite, type RedisPerson} from './queue-reader.ts'

/** A line of redis.conf. */
function userLine({name, password, commands}: RedisPerson): string {
  const rights = commands === null ? '~* +@all' : `~* -@all ${commands.map((command) => `+${command.toLowerCase()}`).join(' ')}`
  return `user ${name} on >${password} ${rights}`
}

describe('on a real Redis', () => {
  queueReaderSuite(async (people = []) => {
    const owner = people.find(({name}) => name === 'default')
    const redis = await startRedis({config: people.map(userLine), password: owner?.password ?? ''})
    return {port: redis.port, run: redis.run, stop: () => redis.stop()}
  })
})
