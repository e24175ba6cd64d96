import type {Catalogue} from '../../catalogue/index.ts'
import {strip} from '../../text/strip.ts'
import {isoTime} from '../../text/time.ts'
import {podState, standing, verdictOf} from '../../workload/index.ts'
import {valueOf} from './ask.ts'
import type {Look, ServerSight} from './collect.ts'
import {allCommands, nextCommands} from './next.ts'
import {type Exposure, orthancLayers, type OrthancRules} from './orthanc-steps.ts'
import type {OrthancFacts, OrthancProbeReport, ProbeStep} from './schema.ts'
import type {Finding, Member, Place, ProbeOptions, Step} from './types.ts'
import {designSystemSteps, viewerSteps} from './web-steps.ts'

export interface ReportOptions extends ProbeOptions {
  readonly catalogue: Catalogue
  readonly namespace: string
  readonly context: string | null
  readonly through: 'direct' | 'tunnel'
}

/** The report on one look. Pure. */
export function probeReport(look: Look, options: ReportOptions): OrthancProbeReport {
  const steps = stepsOf(look, options).map((step) => required(step, options.require ?? []))
  const inStatus = (status: ProbeStep['status']): number => steps.filter((step) => step.status === status).length
  return {
    apiVersion: 'sapoche/v1',
    kind: 'OrthancProbeReport',
    generatedAt: isoTime(look.at),
    context: options.context,
    namespace: options.namespace,
    verdict: verdictOf(
      steps.flatMap(({status}) => (status === 'skipped' ? [] : [{severity: status}])),
      new Set(),
    ),
    through: options.through,
    summary: {
      steps: steps.length,
      ok: inStatus('ok'),
      warning: inStatus('warning'),
      critical: inStatus('critical'),
      unknown: inStatus('unknown'),
      skipped: inStatus('skipped'),
    },
    steps: steps.map(({name, target, status, ms, reason}) => ({name, target, status, ms, reason})),
    orthanc: look.servers.filter(({why}) => why === null).map(factsOf),
    notChecked: notChecked(steps, options['read-secrets'] === true),
    next: allCommands(steps),
    warnings: [...look.scene.warnings],
  }
}

function stepsOf(look: Look, options: ReportOptions): Step[] {
  const {scene, servers, viewer, designSystem, at} = look
  const rules: OrthancRules = {...options, now: at, exposure: exposureOf(scene.orthanc, options.catalogue)}
  return [
    ...withCommands(scene.orthanc, [
      ...placeSteps(scene.orthanc),
      ...idlePods(scene.orthanc, servers),
      ...servers.flatMap((server) => serverSteps(server, scene.orthanc, rules)),
    ]),
    ...withCommands(scene.viewer, viewerSteps(viewer)),
    ...withCommands(scene.designSystem, designSystemSteps(designSystem)),
  ]
}

function withCommands(place: Place | null, steps: readonly ProbeStep[]): Step[] {
  return steps.map((step) => {
    const clean = {...step, target: strip(step.target), reason: strip(step.reason)}
    return {...clean, next: nextCommands(clean, place)}
  })
}

function placeSteps(place: Place | null): ProbeStep[] {
  if (place === null) return []
  const {service: target, found, findings, pods} = place
  const steps: ProbeStep[] = [{name: 'service', target, ms: null, ...findings.service}]
  if (found !== null) steps.push({name: 'endpoints', target, ms: null, ...findings.endpoints})
  if (pods.length === 0) steps.push({name: 'pod', target: place.workload ?? target, ms: null, ...noPods(place)})
  return steps
}

/** Pods of the service that are not asked, for a URL leads elsewhere. */
function idlePods(place: Place | null, servers: readonly ServerSight[]): ProbeStep[] {
  const asked = new Set(servers.map(({member}) => member))
  return (place?.pods ?? []).filter((member) => !asked.has(member)).map((member) => podStep(member, place))
}

/** As bad as its workload is: one that is meant to be at zero is no fault. */
function noPods({judgement, findings, found}: Place): Finding {
  if (found === null) return {status: 'skipped', reason: 'needs the service'}
  if (found.selector === null) return {status: 'unknown', reason: 'the service selects no pods; --orthanc-url reaches what is behind it'}
  // Pods that are well, and not behind the service.
  if (judgement === null || judgement.health === 'ok') return {status: findings.endpoints.status, reason: 'the service selects none'}
  const {severity, health, reason} = judgement
  return {status: severity === 'info' ? 'ok' : severity, reason: `no pod: ${health}${reason === '' ? '' : `, ${reason}`}`}
}

function serverSteps({member, sight, why}: ServerSight, place: Place | null, rules: OrthancRules): ProbeStep[] {
  const {target} = sight
  // A pod that runs and can't be reached may be well, or not.
  const isUnreached = member !== null && member.port === null && member.pod.endpoint.state !== 'off'
  return [
    ...(member === null ? [] : [podStep(member, place)]),
    ...orthancLayers(sight, rules, why).map(({name, status, ms, reason}) => {
      return {name, target, status: name === 'http' && isUnreached ? 'unknown' : status, ms, reason} satisfies ProbeStep
    }),
  ]
}

function podStep(member: Member, place: Place | null): ProbeStep {
  return {name: 'pod', target: member.pod.name, ms: null, ...podFinding(member, place)}
}

function podFinding({pod}: Member, place: Place | null): Finding {
  const {word, ready, total} = podState(pod)
  const containers = `${ready}/${total} containers ready`
  if (pod.endpoint.state === 'ready') return {status: 'ok', reason: containers}
  const row = place?.judgement?.pods.find(({name}) => name === pod.name)
  const why = [word === 'Running' ? '' : word, containers, row?.reason ?? ''].filter((part) => part !== '').join('; ')
  // What has ended, or is on its way out, is not judged; what others serve meanwhile is no outage.
  if (standing(pod) !== 'counted') return {status: 'ok', reason: why}
  const severity = place?.judgement?.severity
  return {status: severity === 'critical' || severity === 'unknown' ? severity : 'warning', reason: why}
}

function exposureOf(place: Place | null, {services, servers}: Catalogue): Exposure {
  const name = place?.service ?? servers.orthanc.address ?? 'Orthanc'
  return {
    service: name,
    type: place?.found?.type ?? null,
    nodePorts: place?.found?.ports.flatMap(({nodePort}) => nodePort ?? []) ?? [],
    anonymous: services.find((service) => service.name === name)?.anonymous === true,
  }
}

function factsOf({sight: {target, system, statistics, jobs}}: ServerSight): OrthancFacts {
  const said = valueOf(system)
  const sums = valueOf(statistics)
  const listed = valueOf(jobs)
  const text = (value: string | null | undefined): string | null => (value == null ? null : strip(value))
  return {
    target,
    version: text(said?.version),
    databasePlugin: text(said?.databasePlugin),
    storagePlugin: text(said?.storagePlugin),
    readOnly: said?.readOnly ?? null,
    maximumStorage: whole(said?.maximumStorage),
    maximumStorageMode: said?.maximumStorageMode ?? null,
    diskSize: whole(sums?.diskSize),
    instances: whole(sums?.instances),
    failedJobs: listed === null ? null : listed.filter(({state}) => state === 'Failure').length,
  }
}

function whole(value: number | null | undefined): number | null {
  return value == null ? null : Math.round(value)
}

function required(step: Step, names: readonly string[]): Step {
  if (step.status !== 'skipped' || !names.includes(step.name)) return step
  return {...step, status: 'unknown', reason: `required, and not looked at: ${step.reason}`}
}

/** What was skipped, by name, with the reasons or the way to it: `database (needs credentials: --read-secrets)`. */
function notChecked(steps: readonly Step[], hasReadSecrets: boolean): string[] {
  const skipped = steps
    .filter(({status}) => status === 'skipped')
    .map(({name, target, reason}) => [name === 'viewer' ? `viewer ${target}` : name, reason] as const)
  const words = (reason: string): string =>
    reason === 'needs credentials' && !hasReadSecrets ? `${reason}: --read-secrets` : reason.replace(/^only with /, '')
  return [...new Set(skipped.map(([name, reason]) => `${name} (${words(reason)})`))]
}
