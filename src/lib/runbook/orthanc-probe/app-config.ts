import {stripLine} from '../../text/strip.ts'
import {findEndpoint, type Neighbourhood} from '../endpoints/index.ts'

/** A DICOMweb root of OHIF's `app-config.js`. */
export interface Root {
  /** Its settings that are set to it: `qidoRoot`, `wadoRoot`, `wadoUriRoot`. */
  readonly settings: readonly string[]
  /** As it may be shown: without user, password and query. Null where it is no plain text, but computed. */
  readonly text: string | null
}

/** Where a root leads. */
export type Way =
  /** To where the page itself comes from. */
  | {readonly kind: 'same'; readonly path: string}
  /** To a pod of the namespace; `isInternal`: by a name or address that only the cluster knows. */
  | {
      readonly kind: 'pod'
      readonly host: string
      readonly pod: string
      readonly port: number
      readonly path: string
      readonly isTls: boolean
      readonly isInternal: boolean
    }
  /** To a name of the cluster that nothing answers to, or that has no pod. */
  | {readonly kind: 'nowhere'; readonly host: string}
  | {readonly kind: 'outside'; readonly host: string}

// The value is a text in any of JavaScript's quotes; what is no text ends at the next comma or line.
const SETTING = /(?:^|[\s{,'"])(qidoRoot|wadoRoot|wadoUriRoot)['"]?\s*:\s*(?:(['"`])(.*?)\2|[^\s,'"`][^,\n]*)/g
const COMMENTS = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm

/** The roots that a configuration sets, each once. Pure. */
export function rootsOf(config: string): Root[] {
  const roots = new Map<string | null, string[]>()
  for (const [, setting = '', quote, value = ''] of config.replace(COMMENTS, '').matchAll(SETTING)) {
    const text = quote === undefined ? null : shown(value)
    const settings = roots.get(text) ?? []
    if (!settings.includes(setting)) roots.set(text, [...settings, setting])
  }
  return [...roots].map(([text, settings]) => ({settings, text}))
}

/** `${window.location.origin}/dicom-web` is where the page comes from; any other expression is not known. */
function shown(value: string): string | null {
  const text = stripLine(value.replace(/^\$\{(window\.)?location\.origin\}/, ''))
  if (text.includes('${')) return null
  return text.replace(/[?#].*$/, '').replace(/^([a-z]+:)?\/\/[^/]*@/i, '$1//')
}

/** Where a root leads, as seen from a browser and from within the namespace. Pure. */
export function wayOf(text: string, around: Neighbourhood): Way {
  const [, scheme, authority = '', path = ''] = /^(https?:)?\/\/([^/]*)(\/.*)?$/i.exec(text) ?? []
  if (authority === '') return {kind: 'same', path: text.startsWith('/') ? text : `/${text}`}
  const isTls = scheme?.toLowerCase() === 'https:'
  const [, host = '', given] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? []
  const bare = host.replace(/^\[|\]$/g, '')
  const port = given === undefined ? (isTls ? 443 : 80) : Number(given)
  const found = findEndpoint({host: bare, port}, around.namespace, [around])
  if (found !== null) {
    if (found.endpoint === null) return {kind: 'nowhere', host}
    const {pod, port: podPort} = found.endpoint
    return {kind: 'pod', host, pod, port: podPort, path, isTls, isInternal: true}
  }
  const byNode = around.services.flatMap((service) =>
    service.ports.filter(({nodePort}) => nodePort === port).map((each) => [service, each] as const),
  )[0]
  if (byNode !== undefined) {
    const [{name}, {port: servicePort}] = byNode
    const behind = findEndpoint({host: name, port: servicePort}, around.namespace, [around])
    if (behind?.endpoint == null) return {kind: 'nowhere', host}
    return {kind: 'pod', host, pod: behind.endpoint.pod, port: behind.endpoint.port, path, isTls, isInternal: false}
  }
  return isOnlyInside(bare, around.namespace) ? {kind: 'nowhere', host} : {kind: 'outside', host}
}

/** A name without a dot, of the namespace, or of the cluster's domain: `orthanc`, `orthanc.sapoche`, `orthanc.sapoche.svc`. */
function isOnlyInside(host: string, namespace: string): boolean {
  return !host.includes('.') || host.endsWith(`.${namespace}`) || /\.svc(\.|$)|\.cluster\.local\.?$/.test(host)
}
