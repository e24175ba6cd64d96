import {UsageError} from '../../errors/index.ts'

/** `LOCAL[:REMOTE]` as it was typed. */
export interface PortWish {
  /** Null where it was left out; 0 for any free one (`:80`, `0:80`). */
  readonly local: number | null
  /** A number, the name of a port, or null where it was left out. */
  readonly remote: number | string | null
}

/** A port that a service or a container has. */
export interface RemotePort {
  /** '' where it has none. */
  readonly name: string
  readonly port: number
}

const HIGHEST = 65_535
/** Below it only root may listen. */
const UNPRIVILEGED = 1024

const SCHEMES: ReadonlyMap<number, string> = new Map([
  [80, 'http'],
  [443, 'https'],
  [3000, 'http'],
  [3306, 'mysql'],
  [5432, 'postgresql'],
  [6379, 'redis'],
  [8000, 'http'],
  [8042, 'http'],
  [8080, 'http'],
  [8443, 'https'],
])

/** Throws a UsageError (64) for what is no such pair. */
export function parsePorts(text: string | undefined): PortWish {
  if (text === undefined) return {local: null, remote: null}
  const [, local = '', remote] = /^(\d*)(?::([\w-]+))?$/.exec(text) ?? []
  if (local === '' && remote === undefined) throw new UsageError(`"${text}" are no ports; write LOCAL or LOCAL:REMOTE, such as 8042:80`)
  const number = (digits: string): number => {
    if (Number(digits) > HIGHEST) throw new UsageError(`there is no port ${digits}`)
    return Number(digits)
  }
  return {
    local: local === '' ? 0 : number(local),
    remote: remote === undefined ? null : /^\d+$/.test(remote) ? number(remote) : remote,
  }
}

/**
 * The port that is meant, of those that there are: by number or name; where none is named the only one, or the one with the local number.
 * `others` lets a number pass that nothing declares. Throws a UsageError with what there is.
 */
export function choosePort(wish: PortWish, ports: readonly RemotePort[], owner: string, others: boolean): number {
  const {remote, local} = wish
  const found = ports.find(({name, port}) => (remote === null ? port === local : port === remote || (name !== '' && name === remote)))
  if (found !== undefined) return found.port
  if (remote === null && ports.length === 1 && ports[0] !== undefined) return ports[0].port
  if (typeof remote === 'number' && others) return remote
  const list = ports.map(({name, port}) => (name === '' ? String(port) : `${port} (${name})`)).join(', ')
  if (ports.length === 0) throw new UsageError(`${owner} declares no ports; name one: LOCAL:REMOTE`)
  if (remote === null) throw new UsageError(`${owner} has ports ${list}; name one: LOCAL:REMOTE`)
  throw new UsageError(`${owner} has no port ${remote}; it has ${list}`, {suggestions: ports.map(({port}) => String(port))})
}

/** Local ports to listen on, best first: the one that was asked for alone, else the remote numbers that need no privilege, else any free one. */
export function localPorts({local}: PortWish, remote: number, podPort: number): number[] {
  if (local !== null) return [local]
  return [...new Set([remote, podPort].filter((port) => port >= UNPRIVILEGED)), 0]
}

/** `http://127.0.0.1:8042`; without a scheme where the ports suggest none. */
export function urlOf(local: number, remote: number, podPort: number): string {
  const scheme = SCHEMES.get(remote) ?? SCHEMES.get(podPort)
  return `${scheme === undefined ? '' : `${scheme}://`}127.0.0.1:${local}`
}
