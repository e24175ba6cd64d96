import {createServer, type AddressInfo, type Socket} from 'node:net'
import {once} from 'node:events'
import {describe} from 'vitest'
import {serveRedis} from '../../src/lib/sandbox/redis-server.ts'
import {RedisStore, runCommand} from '../../src/lib/sandbox/redis-store.ts'
import {queueReaderSuite} from './queue-reader.ts'

describe("on the sandbox's Redis", () => {
  queueReaderSuite(async (users = []) => {
    const store = new RedisStore()
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      serveRedis(socket, {store, users})
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      run: async (name, ...args) => runCommand(store, name, args.map(String)),
      async stop() {
        for (const socket of sockets) socket.destroy()
        server.close()
        await once(server, 'close')
      },
    }
  })
})
