import {once} from 'node:events'
import {type AddressInfo, createServer, type Socket} from 'node:net'
import {serveRedis} from '../../src/lib/sandbox/redis-server.ts'
import {RedisStore, runCommand} from '../../src/lib/sandbox/redis-store.ts'
import {startRedis} from '../real/redis.ts'
import type {RedisPerson, StartRedis} from './queue-reader.ts'

/** The sandbox's Redis, on a port of loopback. */
export const startSandboxRedis: StartRedis = async (users = []) => {
  const store = new RedisStore()
  store.state = {...store.state, lastSaveAt: Math.floor(Date.now() / 1000)}
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    serveRedis(socket, {store, users})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    run: async (name, ...args) => runCommand(store, name, args.map(String)),
    async fill() {
      store.state = {...store.state, usedMemory: store.state.maxMemory + 1, refusedWrites: 1}
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A redis-server. */
export const startRealRedis: StartRedis = async (people = []) => {
  const owner = people.find(({name}) => name === 'default')
  const redis = await startRedis({config: people.map(userLine), password: owner?.password ?? ''})
  return {
    port: redis.port,
    run: redis.run,
    fill: () => redis.fill(),
    stop: () => redis.stop(),
  }
}

/** A line of redis.conf. */
function userLine({name, password, commands}: RedisPerson): string {
  const rights = commands === null ? '~* +@all' : `~* -@all ${commands.map((command) => `+${command.toLowerCase()}`).join(' ')}`
  return `user ${name} on >${password} ${rights}`
}
