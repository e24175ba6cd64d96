import {shortMessage} from './trouble.ts'
import type {EndpointSlice, Service} from './objects.ts'
import type {Judgement, Severity, Unreadable} from './types.ts'
import {worst} from './verdict.ts'

/** What the catalogue says of a service. */
export interface ServiceExpectation {
  readonly type: string
  /** Null where any will do. */
  readonly clusterIP: string | null
  /** A node port of null means that any will do. */
  readonly ports: readonly {readonly port: number; readonly nodePort: number | null}[]
}

export interface ServiceFacts {
  /** Null where the catalogue lacks it: at most a warning then, unless `strict`. */
  readonly expectation: ServiceExpectation | null
  readonly strict: boolean
  /** Null where the cluster lacks it. */
  readonly service: Service | null | Unreadable
  /** All slices of the namespace, or of this service. */
  readonly slices: readonly EndpointSlice[] | Unreadable
  /** The workload behind it; null where none is known. */
  readonly workload: Pick<Judgement, 'health' | 'desired'> | null
}

export interface ServicePortReport {
  /** '' for the only port. */
  readonly name: string
  readonly port: number
  readonly nodePort: number | null
  readonly targetPort: number | string
  /** Null where endpoint slices can't be read. */
  readonly readyEndpoints: number | null
}

export interface ServiceJudgement {
  /** As it is, else as the catalogue says; null where neither is known. */
  readonly type: string | null
  readonly ports: readonly ServicePortReport[]
  /** Of the port that has the fewest; null where they can't be read, or the service isn't there. */
  readonly readyEndpoints: number | null
  /** Null where it has none, or is not there. */
  readonly clusterIP: string | null
  readonly severity: Severity
  readonly reason: string
}

/** What is wrong with a service. */
export interface Fault {
  readonly severity: Severity
  readonly words: string
}

/** One service and its ready endpoints (rules.md, section 4). Never throws. */
export function judgeService(facts: ServiceFacts): ServiceJudgement {
  const {service, expectation} = facts
  const type = expectation?.type ?? null
  const nothing = {ports: [], readyEndpoints: null, clusterIP: null}
  if (service === 'unreadable') return report({...nothing, type}, [unread('services')], facts)
  if (service === null) {
    const severity = facts.workload?.health === 'inactive' ? 'warning' : 'critical'
    return report({...nothing, type}, [{severity, words: 'not in the cluster'}], facts)
  }
  const {clusterIP} = service
  const differences = expectation === null ? [] : serviceDifferences(service, expectation)
  if (service.type === 'ExternalName' || service.selector === null) {
    const why = service.type === 'ExternalName' ? 'ExternalName' : 'no selector'
    const head = {type: service.type, ports: portReports(service, null), readyEndpoints: null, clusterIP}
    return report(head, [...differences, {severity: 'info', words: `not judged: ${why}`}], facts)
  }
  if (facts.slices === 'unreadable') {
    const head = {type: service.type, ports: portReports(service, null), readyEndpoints: null, clusterIP}
    return report(head, [unread('endpoint slices'), ...differences], facts)
  }
  const slices = facts.slices.filter((slice) => slice.service === service.name)
  const ports = portReports(service, slices)
  const counts = ports.map((port) => port.readyEndpoints ?? 0)
  const readyEndpoints = counts.length === 0 ? readyTargets(slices).size : Math.min(...counts)
  return report({type: service.type, ports, readyEndpoints, clusterIP}, [...endpointFaults(ports, slices, facts), ...differences], facts)
}

function unread(what: string): Fault {
  return {severity: 'unknown', words: `${what} can't be read`}
}

function portReports(service: Service, slices: readonly EndpointSlice[] | null): ServicePortReport[] {
  return service.ports.map(({name, port, nodePort, targetPort}) => ({
    name,
    port,
    nodePort,
    targetPort,
    readyEndpoints: slices === null ? null : readyTargets(slices.filter((slice) => slice.ports.includes(name))).size,
  }))
}

/** Distinct targets that are ready, over all slices: a pod of a dual-stack service stands in two. */
function readyTargets(slices: readonly EndpointSlice[]): Set<string> {
  const targets = new Set<string>()
  for (const slice of slices) for (const {target, ready} of slice.endpoints) if (ready) targets.add(target)
  return targets
}

function endpointFaults(ports: readonly ServicePortReport[], slices: readonly EndpointSlice[], {workload}: ServiceFacts): Fault[] {
  const pods = readyTargets(slices).size
  if (pods === 0) return [{severity: severityBehind(workload), words: `no ready endpoints${behindWords(workload)}`}]
  return ports
    .filter((port) => port.readyEndpoints === 0)
    .map(({port, targetPort}) => {
      const cause =
        typeof targetPort === 'string'
          ? `its target port ${shortMessage(targetPort)} is named by none of the ${pods} ready pods`
          : `none of the ${pods} ready pods has it`
      return {severity: severityBehind(workload), words: `port ${port} has no ready endpoints: ${cause}`}
    })
}

/** A service without endpoints is as bad as its workload: not critical where that is inactive, or has its grace. */
function severityBehind(workload: ServiceFacts['workload']): Severity {
  if (workload?.health === 'inactive') return 'info'
  if (workload?.health === 'progressing') return 'warning'
  return workload?.health === 'unknown' ? 'unknown' : 'critical'
}

function behindWords(workload: ServiceFacts['workload']): string {
  return workload === null || workload.health === 'ok' ? '' : `; the workload behind it is ${workload.health}`
}

/** Type and ports that differ are a warning, another cluster IP is for information. */
export function serviceDifferences(service: Service, {type, clusterIP, ports}: ServiceExpectation): Fault[] {
  const faults: Fault[] = []
  if (service.type !== type) faults.push({severity: 'warning', words: `type ${service.type} where the catalogue expects ${type}`})
  for (const expected of ports) {
    const found = service.ports.find(({port}) => port === expected.port)
    if (found === undefined) faults.push({severity: 'warning', words: `no port ${expected.port}, which the catalogue expects`})
    else if (expected.nodePort !== null && found.nodePort !== expected.nodePort) {
      const words = `node port ${found.nodePort ?? 'none'} of port ${expected.port} where the catalogue expects ${expected.nodePort}`
      faults.push({severity: 'warning', words})
    }
  }
  const extra = service.ports.filter(({port}) => !ports.some((expected) => expected.port === port)).map(({port}) => port)
  if (extra.length > 0) faults.push({severity: 'warning', words: `port ${extra.join(', ')} is not in the catalogue`})
  if (clusterIP !== null && service.clusterIP !== clusterIP) {
    faults.push({severity: 'info', words: `cluster IP ${service.clusterIP ?? 'none'} where the catalogue expects ${clusterIP}`})
  }
  return faults
}

function report(
  head: Omit<ServiceJudgement, 'severity' | 'reason'>,
  faults: readonly Fault[],
  {expectation, strict}: ServiceFacts,
): ServiceJudgement {
  const severity = worst(faults.map((fault) => fault.severity))
  const capped = expectation === null && !strict && (severity === 'critical' || severity === 'unknown')
  return {...head, severity: capped ? 'warning' : severity, reason: faults.map(({words}) => words).join('; ')}
}
