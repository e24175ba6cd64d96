/** What there is inside of the sandbox's pods: programs for exec, and servers behind ports. */
import type {Catalogue} from '../catalogue/types.ts'
import type {OwnPrograms} from './exec.ts'
import {Ports} from './port-forward.ts'
import {type Program, say} from './programs.ts'
import type {SandboxRedis} from './redis.ts'
import {RedisError, type Reply, Word} from './redis-store.ts'
import type {Insides} from './upgrade.ts'

const REDIS_PORT = 6379

export class Pods implements Insides {
  readonly ports = new Ports()
  readonly #programs = new Map<string, Record<string, Program>>()

  constructor({services}: Catalogue, redis: SandboxRedis) {
    for (const {workload} of services.filter(({ports}) => ports.some(({port}) => port === REDIS_PORT))) {
      this.ports.serve({workload, port: REDIS_PORT}, (stream) => redis.serve(stream))
      this.give(workload, 'redis-cli', redisCli(redis))
    }
  }

  programs(workload: string): OwnPrograms {
    return this.#programs.get(workload) ?? {}
  }

  give(workload: string, name: string, program: Program): void {
    this.#programs.set(workload, {...this.programs(workload), [name]: program})
  }
}

/** One command, as in the runbook: `redis-cli LLEN queue_name`. */
function redisCli(redis: SandboxRedis): Program {
  return async ({words: [, command = 'PING', ...args], stdout, tty}) => {
    try {
      return await say(stdout, `${replyText(redis.run(command, ...args), tty)}\n`)
    } catch (error) {
      if (!(error instanceof RedisError)) throw error
      return await say(stdout, `(error) ${error.message}\n`)
    }
  }
}

/** Raw where stdout is no terminal, as redis-cli does it. */
function replyText(reply: Reply, tty: boolean): string {
  if (reply === null) return tty ? '(nil)' : ''
  if (reply instanceof Word) return reply.text
  if (typeof reply === 'number') return tty ? `(integer) ${reply}` : String(reply)
  if (typeof reply === 'string') return tty ? `"${reply}"` : reply
  return reply.map((each) => replyText(each, tty)).join('\n')
}
