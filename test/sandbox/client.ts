import https from 'node:https'
import {builtinCatalogue} from '../../src/lib/catalogue/index.ts'
import {startSandbox, type Sandbox, type SandboxOptions} from '../../src/lib/sandbox/index.ts'

export const NS = '/api/v1/namespaces/sapoche'
export const APPS = '/apis/apps/v1/namespaces/sapoche'
export const SLICES = '/apis/discovery.k8s.io/v1/namespaces/sapoche/endpointslices'

export interface Reply<T> {
  code: number
  headers: NodeJS.Dict<string | string[]>
  body: T
}

export interface Options {
  /** Sent as JSON. */
  body?: unknown
  type?: string
  accept?: string
  token?: string
  agent?: string
}

/** A sandbox for a test, with pods that start in 5 ms. */
export async function start(scenario = 'baseline', options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return await startSandbox({scenario, catalogue: builtinCatalogue, now: () => Date.now(), paceMs: 5, ...options})
}

/** One request over HTTP/1.1, on a connection of its own. */
export async function request<T>(sandbox: Sandbox, method: string, path: string, options: Options = {}): Promise<Reply<T>> {
  const {body, type = 'application/json', accept = 'application/json', token = sandbox.token, agent = 'test/1.0'} = options
  const {promise, resolve, reject} = Promise.withResolvers<Reply<T>>()
  const headers = {authorization: `Bearer ${token}`, accept, 'content-type': type, 'user-agent': agent}
  const sent = https.request(sandbox.url + path, {method, ca: sandbox.caPem, headers, agent: false}, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (part: string) => (text += part))
    answer.on('end', () => {
      const json = answer.headers['content-type'] === 'application/json'
      resolve({code: answer.statusCode ?? 0, headers: answer.headers, body: (json ? JSON.parse(text) : text) as T})
    })
  })
  sent.on('error', reject)
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return await promise
}

export async function list<T>(sandbox: Sandbox, path: string): Promise<T[]> {
  return (await request<{items: T[]}>(sandbox, 'GET', path)).body.items
}
