import {createServer, type AddressInfo, type Server} from 'node:net'
import {ConfigurationError, UsageError} from '../../errors/index.ts'

/** This machine alone: what is forwarded has mostly no authentication of its own. */
export const HOST = '127.0.0.1'

/**
 * A server on the first of these ports that is free, 0 for any, and its port. Its connections are paused, and may close one direction alone.
 * Rejects with a UsageError (64) where the last one is taken or needs a privilege.
 */
export async function listen(ports: readonly number[]): Promise<{readonly server: Server; readonly port: number}> {
  for (const [index, port] of ports.entries()) {
    const server = createServer({allowHalfOpen: true, pauseOnConnect: true})
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, HOST, resolve)
      })
      return {server, port: (server.address() as AddressInfo).port}
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : ''
      if (code !== 'EADDRINUSE' && code !== 'EACCES')
        throw new ConfigurationError(`can't listen on ${HOST}:${port}: ${code}`, {cause: error})
      if (index < ports.length - 1) continue
      throw new UsageError(
        code === 'EACCES' ? `port ${port} needs a privilege on this machine` : `port ${port} is in use on this machine`,
        {
          cause: error,
          hints: [{label: 'cure', text: 'choose another LOCAL port; 0 takes any that is free'}],
        },
      )
    }
  }
  throw new Error('no port to listen on')
}
