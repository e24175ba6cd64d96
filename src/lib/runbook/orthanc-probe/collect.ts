import type {OrthancReader} from '../../clients/orthanc/types.ts'
import {ServerDownError} from '../../clients/reach/errors.ts'
import {SapocheError} from '../../errors/index.ts'
import {askOrthanc, unasked} from './ask.ts'
import {readScene, type Scene} from './scene.ts'
import type {Member, OrthancSight, ProbeOptions, ProbeSources} from './types.ts'
import {askPage, askViewer, type OpenOrthanc, type ViewerSight, type WebSight} from './web.ts'

/** One look at everything. */
export interface Look {
  readonly scene: Scene
  /** Of each pod of the service, or of the one that a URL leads to. */
  readonly servers: readonly ServerSight[]
  readonly viewer: ViewerSight | null
  readonly designSystem: WebSight | null
  /** By the API server's clock. */
  readonly at: number
}

export interface ServerSight {
  /** Null for a URL. */
  readonly member: Member | null
  readonly sight: OrthancSight
  /** Why it was not asked; null where it was. */
  readonly why: string | null
}

/**
 * The cluster first, then each pod, the viewer and the design system side by side. Rejects as `readScene` and the gate, with an
 * AccessDeniedError (77) where the credentials are wrong, and with what the way was lost by (69, 75, 77) where it was lost to every server, and
 * nothing before it fails.
 */
export async function look(options: ProbeOptions, sources: ProbeSources, signal: AbortSignal): Promise<Look> {
  const {orthanc: gate, catalogue, now} = sources
  const scene = await readScene(sources, signal)
  const open = await openServers(options, sources, scene)
  try {
    const known = open.flatMap(({reader, member}): OpenOrthanc[] =>
      reader === null || member?.port == null ? [] : [{reader, pod: member.pod.name, port: member.port}],
    )
    const [servers, viewer, designSystem] = await Promise.all([
      Promise.all(open.map((server) => askServer(server, options, signal))),
      askViewer(scene, catalogue.servers.viewer.url, known, gate, signal),
      askPage('design system', scene.designSystem, catalogue.servers.designSystem.url, gate, signal),
    ])
    requireWay(servers, scene)
    return {scene, servers, viewer, designSystem, at: now()}
  } finally {
    for (const {reader} of open) reader?.close()
  }
}

interface OpenServer {
  readonly target: string
  readonly member: Member | null
  readonly reader: OrthancReader | null
  readonly why: string | null
}

async function openServers(options: ProbeOptions, {orthanc: gate}: ProbeSources, {orthanc, login}: Scene): Promise<OpenServer[]> {
  const own = options['read-secrets'] === true ? login : null
  const {direct} = gate
  if (direct !== null || orthanc === null) {
    const reader = await gate.open(null, own)
    return [{target: direct ?? '', member: null, reader, why: null}]
  }
  const {pods, service, found, port} = orthanc
  if (pods.length === 0) return [{target: service, member: null, reader: null, why: found === null ? 'needs the service' : 'no pod runs'}]
  return await Promise.all(
    pods.map(async (member): Promise<OpenServer> => {
      const {pod} = member
      const target = pod.name
      if (pod.endpoint.state === 'off') return {target, member, reader: null, why: 'the pod does not run'}
      if (member.port === null) return {target, member, reader: null, why: `port ${port} of the service leads to no port of the pod`}
      return {target, member, reader: await gate.open({pod: pod.name, port: member.port}, own), why: null}
    }),
  )
}

async function askServer({target, member, reader, why}: OpenServer, options: ProbeOptions, signal: AbortSignal): Promise<ServerSight> {
  if (reader === null) return {member, sight: unasked(target), why}
  return {member, sight: await askOrthanc(reader, {name: target, member}, options, signal), why}
}

/** That the way is dead says nothing of Orthanc (rules.md, section 6), unless the layers before it have told the cause. */
function requireWay(servers: readonly ServerSight[], {orthanc}: Scene): void {
  if (orthanc?.findings.endpoints.status === 'critical') return
  const asked = servers.flatMap(({sight: {alive}}) => alive ?? [])
  const [first] = asked
  if (first?.lost == null || asked.some(({lost}) => lost === null || lost.isDead)) return
  const {error} = first.lost
  if (error instanceof SapocheError && !(error instanceof ServerDownError)) throw error
}
