/** `pods/NAME/portforward` of the sandbox, in the protocol of channels: what listens in the pods is handed each connection as a stream. */
import {createServer} from 'node:http'
import {Duplex} from 'node:stream'
import type {Channels} from './channels.ts'
import {badRequest} from './failure.ts'
import type {Pod} from './types.ts'

export const PORT_FORWARD_PROTOCOLS = ['v4.channel.k8s.io']

/** Answers one connection until it is over. */
export type ServePort = (stream: Duplex, pod: string) => void

/** What listens where: the pods of a workload (`app` label), or every pod. */
export interface PortPlace {
  readonly workload?: string
  readonly port: number
  /** Whether something listens at the moment; always, where it is not said. */
  readonly isOpen?: () => boolean
}

const [DATA, ERROR] = [0, 1] as const
/** Named ports of which one may expect HTTP. */
const WEB = /^(http|web)/

export class Ports {
  readonly #served: {place: PortPlace; serve: ServePort}[] = []

  /** What is given later goes before. */
  serve(place: PortPlace, serve: ServePort): void {
    this.#served.unshift({place, serve})
  }

  /** Null where nothing listens. Ports that are named `http` have a page each, unless something else was given. */
  find({metadata, spec}: Pod, port: number): ServePort | null {
    const workload = metadata.labels?.['app']
    const given = this.#served.find(({place}) => place.port === port && (place.workload === undefined || place.workload === workload))
    if (given !== undefined) return given.place.isOpen?.() === false ? null : given.serve
    const declared = spec.containers.flatMap(({ports = []}) => ports).find(({containerPort}) => containerPort === port)
    return declared !== undefined && WEB.test(declared.name ?? '') ? servePage : null
  }
}

/** The one port that a query asks for; throws 400 as a kubelet does. */
export function portOf(query: URLSearchParams): number {
  const text = query.get('ports') ?? ''
  const port = Number(text)
  if (text === '') throw badRequest('query parameter "ports" is required')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw badRequest(`unable to parse "${text}" as a port`)
  return port
}

/** Joins the client and whatever listens on the port; says on the error channel that nothing does. */
export function forwardPort(pod: Pod, port: number, serve: ServePort | null, channels: Channels): void {
  const prefix = Buffer.of(port & 0xff, port >> 8)
  channels.send(DATA, prefix)
  channels.send(ERROR, prefix)
  const {name, uid} = pod.metadata
  const fail = (why: string): void => {
    channels.send(ERROR, Buffer.from(`error forwarding port ${port} to pod ${name}, uid ${uid}: ${why}`))
    channels.close()
  }
  if (serve === null) {
    return fail(`failed to connect to localhost:${port} inside namespace: dial tcp4 127.0.0.1:${port}: connect: connection refused`)
  }
  const [input, output] = [channels.input(DATA), channels.output(DATA)]
  const stream = Duplex.from({readable: input, writable: output})
  stream.on('error', () => fail(`read tcp4 127.0.0.1:${port}: read: connection reset by peer`))
  // The protocol can't close one direction alone.
  output.on('finish', () => channels.close())
  channels.gone.addEventListener('abort', () => stream.destroy())
  serve(stream, name)
}

function servePage(stream: Duplex, pod: string): void {
  createServer((request, response) => response.end(`${pod} of the sandbox: ${request.method} ${request.url}\n`)).emit('connection', stream)
}
