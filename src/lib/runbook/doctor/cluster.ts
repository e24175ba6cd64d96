import {builtinCatalogue, isMeantFor, type Catalogue} from '../../catalogue/index.ts'
import {ForbiddenError, UnauthorizedError} from '../../clients/kubernetes/errors.ts'
import type {ClusterReader, ServerConnection, ServerWay} from '../../clients/kubernetes/types.ts'
import {ConfigurationError, RefusedError, SapocheError} from '../../errors/index.ts'
import {age} from '../../text/age.ts'
import {count} from '../../text/view.ts'
import {readSubjects, type Subject} from '../bindings/index.ts'
import {clockWarning} from '../cluster/index.ts'
import {decodePodWithSpec, type Inventory, type PodWithSpec, readInventory} from '../inventory/index.ts'
import type {Warning} from '../schema.ts'
import {readMetrics} from '../top/index.ts'
import {failureOf, type Found, type Path} from './path.ts'
import {whoAmI} from './review.ts'
import type {DoctorSources, OpenCluster} from './types.ts'

const DAY_MS = 86_400_000
/** A certificate that ends so soon is said. */
const SOON_MS = 7 * DAY_MS

export interface Reached extends Omit<OpenCluster, 'version'> {
  /** The API server's; null where it may not be read. */
  readonly version: string | null
}

/** From the kubeconfig to a login. Null where it does not come to that. */
export async function reachCluster(
  hops: Path,
  sources: DoctorSources,
  catalogue: Catalogue | null,
  signal: AbortSignal,
): Promise<{way: ServerWay | null; reached: Reached | null}> {
  const expected = catalogue ?? builtinCatalogue
  const way = await hops.hop('kubeconfig', null, async () => wayFound(await sources.findWay(expected), catalogue, sources.now()))
  await hops.hop('connection', way?.server ?? null, async () => {
    const found = await way!.dial(signal)
    return connectionFound(found, way!, sources.now())
  })
  const reached = await logIn(hops, sources, expected, way, signal)
  hops.say('clock', null, () => clockFound(reached!.cluster))
  return {way, reached}
}

function wayFound<W extends ServerWay>(way: W, catalogue: Catalogue | null, now: number): Found<W> {
  const context = way.context === null ? 'of this pod' : `context ${way.context}`
  const user = way.user === '' ? 'no user' : `user "${way.user}"`
  const found = {value: way, target: way.file, reason: `${context}, ${user}, login by ${way.login}`}
  if (catalogue !== null && !isMeantFor(catalogue, way)) {
    const cure = 'choose another context with --context, or another catalogue with --catalogue'
    return {
      ...found,
      status: 'warning',
      reason: `${context} at ${way.server} is none that the catalogue is meant for (${catalogue.clusters.join(', ')})`,
      cure,
    }
  }
  const ends = way.certificateEnds
  if (ends === null || ends - now > SOON_MS) return found
  return {...found, status: 'warning', reason: `${found.reason}, which ${endWords(ends, now)}`, cure: 'get a new client certificate'}
}

function connectionFound({tls, protocol, certificateEnds}: ServerConnection, {proxy, isChecked}: ServerWay, now: number): Found<true> {
  const words = [tls ?? 'plain http', protocol, ...(proxy === null ? [] : [`through the proxy ${proxy}`])].join(', ')
  const value = true as const
  if (tls === null) return {value, reason: `${words}: no credentials are sent`}
  if (!isChecked) {
    const cure = 'certificate-authority of the cluster in the kubeconfig, in place of insecure-skip-tls-verify'
    return {value, status: 'warning', reason: `${words}; its certificate is not checked`, cure}
  }
  if (certificateEnds === null) return {value, reason: words}
  const ends = `its certificate ${endWords(certificateEnds, now)}`
  if (certificateEnds - now > SOON_MS) return {value, reason: `${words}, ${ends}`}
  return {value, status: 'warning', reason: `${words}; ${ends}`, cure: 'renew it on the server'}
}

function endWords(ends: number, now: number): string {
  return ends <= now ? `ended ${age(now - ends)} ago` : `ends in ${age(ends - now)}`
}

/** The API server, and whom it takes us for. One that answers 401 is there, and refuses the login. */
async function logIn(
  hops: Path,
  sources: DoctorSources,
  catalogue: Catalogue,
  way: ServerWay | null,
  signal: AbortSignal,
): Promise<Reached | null> {
  const ask = async (): Promise<Found<Reached & {refused: SapocheError | null}>> => {
    const open = await sources.openCluster(catalogue)
    try {
      const version = await open.version({signal})
      return {value: {...open, version, refused: null}, reason: version}
    } catch (error) {
      const failure = failureOf(error)
      if (failure instanceof ForbiddenError)
        return {value: {...open, version: null, refused: null}, reason: 'answers; its version may not be read'}
      if (!(failure instanceof RefusedError || failure instanceof ConfigurationError)) throw failure
      const value = {...open, version: null, refused: failure}
      return failure instanceof UnauthorizedError ? {value, reason: 'answers 401'} : {value, status: 'skipped', reason: 'needs login'}
    }
  }
  const answer = await hops.hop('API server', way?.server ?? null, ask, 'try again in a while, and ask whoever runs the cluster')
  return await hops.hop('login', null, async () => {
    const {refused, ...reached} = answer!
    if (refused !== null) throw refused
    return {value: reached, reason: await whoWords(reached, signal)}
  })
}

/** Servers before 1.28 can't say it, and others may not. */
async function whoWords({cluster}: Reached, signal: AbortSignal): Promise<string> {
  try {
    const {name} = await whoAmI(cluster, signal)
    return name === '' ? 'accepted' : `as ${name}`
  } catch (error) {
    failureOf(error)
    return 'accepted'
  }
}

function clockFound(cluster: ClusterReader): Omit<Found<null>, 'value'> {
  if (cluster.serverClock() === null) return {status: 'unknown', reason: 'the API server does not say its time'}
  const [skew] = clockWarning(cluster)
  if (skew === undefined) return {reason: "within 5 s of the API server's"}
  const cure = "set this machine's clock, or the server's: logins and certificates are judged by them"
  return {status: 'warning', reason: skew.message, cure}
}

/** What the namespace runs, with its environments. */
export interface Contents {
  readonly inventory: Inventory<PodWithSpec>
  readonly subjects: readonly Subject[]
  readonly warnings: readonly Warning[]
}

/** The contents, null where they can't be read; and whether there is such a namespace at all. */
export async function readContents(
  hops: Path,
  reached: Reached | null,
  catalogue: Catalogue | null,
  signal: AbortSignal,
): Promise<{contents: Contents | null; isThere: boolean}> {
  let isThere = true
  const read = async (): Promise<Found<Contents>> => {
    const {cluster} = reached!
    try {
      const inventory = await readInventory({targets: []}, {cluster, catalogue: catalogue ?? builtinCatalogue}, signal, decodePodWithSpec)
      const {subjects, warnings} = await readSubjects(cluster, inventory.groups, signal)
      const own = inventory.warnings.filter(({code}) => code !== 'clock-skew')
      return contentsFound({inventory, subjects, warnings: [...own, ...warnings]}, catalogue)
    } catch (error) {
      isThere = !(error instanceof ConfigurationError)
      throw error
    }
  }
  const contents = await hops.hop('namespace', reached?.cluster.namespace ?? null, read)
  return {contents, isThere}
}

function contentsFound(value: Contents, catalogue: Catalogue | null): Found<Contents> {
  const {deployments, pods, groups} = value.inventory
  const listed = groups.filter((group) => group.listed !== null)
  const missing = catalogue === null ? 0 : listed.filter(({deployment}) => deployment === null).length
  const reason = `${count(deployments.length, 'deployment')}, ${count(pods.length, 'pod')}`
  if (missing * 2 <= listed.length) return {value, reason}
  const cure = 'choose another with --context or --namespace'
  return {value, status: 'warning', reason: `${reason}; ${missing} of ${listed.length} workloads of the catalogue are not there`, cure}
}

/** `top` alone rests on it. */
export async function examineMetrics(hops: Path, reached: Reached | null, signal: AbortSignal): Promise<void> {
  await hops.look('metrics', 'metrics.k8s.io', 'warning', async () => {
    const metrics = await readMetrics(reached!.cluster, signal)
    return {value: true, reason: `of ${count(metrics.size, 'pod')}`}
  })
}
