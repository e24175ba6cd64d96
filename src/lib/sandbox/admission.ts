/** Defaults and validation of what is written, as far as the controllers here depend on it. */
import type {Cluster} from './cluster.ts'
import {type Fault, invalid, notImplemented} from './failure.ts'
import {isRecord, pick, same, scalar} from './json.ts'
import {AUTOSCALERS, DAEMON_SETS, DEPLOYMENTS, JOBS, PODS, QUOTAS, STATEFUL_SETS, type Resource, SERVICES} from './resources.ts'
import {COUNTED} from './quotas.ts'
import {matches} from './selectors.ts'
import type {Deployment, KubeObject, Service} from './types.ts'

/** Fills in defaults and checks. `object` is a draft and is changed in place; `old` is what it replaces. Throws 422 with every fault found. */
export function admit(cluster: Cluster, resource: Resource, object: KubeObject, old: KubeObject | null): void {
  const faults: Fault[] = []
  const {name} = object.metadata
  if (!/^[a-z0-9]([-a-z0-9.:]*[a-z0-9])?$/.test(name) || name.length > 253) {
    const why = `Invalid value: "${name}": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`
    faults.push({field: 'metadata.name', reason: 'FieldValueInvalid', why})
  }
  if (resource === DEPLOYMENTS) faults.push(...admitDeployment(object, old))
  if (resource === PODS) faults.push(...admitPod(object, old))
  if (resource === AUTOSCALERS) faults.push(...admitAutoscaler(object))
  if (resource === SERVICES) faults.push(...admitService(cluster, object))
  if (resource === QUOTAS) admitQuota(object)
  const defaults = OTHERS.get(resource)
  if (defaults !== undefined) faults.push(...admitOther(object, defaults))
  if (faults.length > 0) throw invalid(resource, name, faults)
}

const required = (field: string): Fault => ({field, reason: 'FieldValueRequired', why: 'Required value'})
const wrong = (field: string, value: unknown, why: string): Fault => ({
  field,
  reason: 'FieldValueInvalid',
  why: `Invalid value: ${JSON.stringify(value)}: ${why}`,
})
const forbidden = (field: string, why: string): Fault => ({field, reason: 'FieldValueForbidden', why: `Forbidden: ${why}`})

function admitDeployment(object: KubeObject, old: KubeObject | null): Fault[] {
  if (!isRecord(object.spec)) return [required('spec')]
  const given = object.spec
  const strategy = isRecord(given['strategy']) ? given['strategy'] : {}
  const type = strategy['type'] ?? 'RollingUpdate'
  const rolling = {maxUnavailable: '25%', maxSurge: '25%', ...(isRecord(strategy['rollingUpdate']) ? strategy['rollingUpdate'] : {})}
  const recreate = {type, ...(strategy['rollingUpdate'] == null ? {} : {rollingUpdate: strategy['rollingUpdate']})}
  const defaults = {replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600}
  const spec = {...defaults, ...given, strategy: type === 'RollingUpdate' ? {type, rollingUpdate: rolling} : recreate}
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) spec[name] ??= defaults[name]
  object.spec = spec
  object.status ??= {}
  const faults = podSpecFaults(pick(spec, 'template.spec'), 'spec.template.spec')
  for (const field of [...Object.keys(defaults), 'minReadySeconds'] as const) {
    const value = pick(spec, field) ?? 0
    if (!Number.isInteger(value) || Number(value) < 0) faults.push(wrong(`spec.${field}`, value, 'must be greater than or equal to 0'))
  }
  if (type !== 'RollingUpdate' && type !== 'Recreate')
    faults.push(wrong('spec.strategy.type', type, 'supported values: "Recreate", "RollingUpdate"'))
  if (type === 'Recreate' && strategy['rollingUpdate'] != null) {
    faults.push(forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"))
  }
  for (const bound of ['maxSurge', 'maxUnavailable'] as const) {
    if (type === 'RollingUpdate' && !/^\d+%?$/.test(scalar(rolling[bound]) ?? '')) {
      faults.push(wrong(`spec.strategy.rollingUpdate.${bound}`, rolling[bound], 'must be an integer or a percentage'))
    }
  }
  const selector = given['selector']
  if (!isRecord(selector) || Object.keys(selector).length === 0) return [...faults, required('spec.selector')]
  const labels = pick(spec, 'template.metadata.labels')
  if (!matches(selector, isRecord(labels) ? (labels as Record<string, string>) : {})) {
    faults.push(wrong('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  const before = (old as Deployment | null)?.spec.selector
  if (before !== undefined && !same(before, selector)) faults.push(wrong('spec.selector', selector, 'field is immutable'))
  return faults
}

function admitQuota({spec}: KubeObject): void {
  const hard = pick(spec, 'hard')
  const other = Object.keys(isRecord(hard) ? hard : {}).find((name) => !(COUNTED as readonly string[]).includes(name))
  if (other !== undefined) throw notImplemented(`a quota on ${other}; it keeps quotas on pods`)
}

/** The kinds of others.ts, with the defaults of their specs. */
const OTHERS = new Map<Resource, Record<string, unknown>>([
  [STATEFUL_SETS, {replicas: 1, podManagementPolicy: 'OrderedReady', updateStrategy: {type: 'RollingUpdate'}, revisionHistoryLimit: 10}],
  [DAEMON_SETS, {updateStrategy: {type: 'RollingUpdate'}, revisionHistoryLimit: 10}],
  [JOBS, {parallelism: 1, completions: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false}],
])

function admitOther(object: KubeObject, defaults: Record<string, unknown>): Fault[] {
  if (!isRecord(object.spec)) return [required('spec')]
  object.spec = {...defaults, ...object.spec}
  const template = pick(object.spec, 'template')
  if (isRecord(template)) template['metadata'] ??= {}
  return podSpecFaults(pick(template, 'spec'), 'spec.template.spec')
}

function admitAutoscaler({spec}: KubeObject): Fault[] {
  if (isRecord(spec)) {
    spec['minReplicas'] ??= 1
    spec['metrics'] ??= [{type: 'Resource', resource: {name: 'cpu', target: {type: 'Utilization', averageUtilization: 80}}}]
  }
  const maximum = pick(spec, 'maxReplicas')
  const minimum = pick(spec, 'minReplicas') ?? 1
  const faults = pick(spec, 'scaleTargetRef.name') === undefined ? [required('spec.scaleTargetRef.name')] : []
  if (!Number.isInteger(maximum) || Number(maximum) < Number(minimum)) {
    faults.push(wrong('spec.maxReplicas', maximum ?? null, 'must be greater than or equal to `minReplicas`'))
  }
  return faults
}

function admitPod(object: KubeObject, old: KubeObject | null): Fault[] {
  const faults = podSpecFaults(object.spec, 'spec')
  const still = (pod: KubeObject) => {
    const containers = pick(pod, 'spec.containers')
    const named = Array.isArray(containers) ? containers.map((container: object) => ({...container, image: ''})) : []
    return {...(isRecord(pod.spec) ? pod.spec : {}), containers: named}
  }
  if (faults.length === 0 && old !== null && !same(still(object), still(old))) {
    faults.push(forbidden('spec', 'pod updates may not change fields other than `spec.containers[*].image`'))
  }
  return faults
}

/** Defaults and faults of a pod's spec at `field`. */
function podSpecFaults(spec: unknown, field: string): Fault[] {
  const containers = pick(spec, 'containers')
  if (!isRecord(spec) || !Array.isArray(containers) || containers.length === 0) return [required(`${field}.containers`)]
  const {initContainers} = spec
  const faults = [...containerFaults(containers, `${field}.containers`)]
  if (Array.isArray(initContainers)) faults.push(...containerFaults(initContainers, `${field}.initContainers`))
  spec['restartPolicy'] ??= 'Always'
  spec['terminationGracePeriodSeconds'] ??= 30
  spec['dnsPolicy'] ??= 'ClusterFirst'
  spec['securityContext'] ??= {}
  spec['schedulerName'] ??= 'default-scheduler'
  return faults
}

function containerFaults(containers: readonly unknown[], field: string): Fault[] {
  const faults: Fault[] = []
  const seen = new Set<unknown>()
  for (const [index, container] of containers.entries()) {
    const at = `${field}[${index}]`
    if (!isRecord(container)) {
      faults.push(required(at))
      continue
    }
    const {name, image, ports} = container
    if (typeof name !== 'string' || name === '') faults.push(required(`${at}.name`))
    if (typeof image !== 'string' || image === '') faults.push(required(`${at}.image`))
    if (seen.has(name)) faults.push({field: `${at}.name`, reason: 'FieldValueDuplicate', why: `Duplicate value: ${JSON.stringify(name)}`})
    seen.add(name)
    container['resources'] ??= {}
    container['terminationMessagePath'] ??= '/dev/termination-log'
    container['terminationMessagePolicy'] ??= 'File'
    container['imagePullPolicy'] ??= /:(?!latest$)/.test(scalar(image) ?? '') ? 'IfNotPresent' : 'Always'
    if (Array.isArray(ports)) for (const port of ports) if (isRecord(port)) port['protocol'] ??= 'TCP'
  }
  return faults
}

function admitService(cluster: Cluster, object: KubeObject): Fault[] {
  if (!isRecord(object.spec)) return [required('spec')]
  const {spec} = object
  spec['type'] ??= 'ClusterIP'
  if (pick(object, 'status.loadBalancer') === undefined) object.status = {loadBalancer: {}}
  if (spec['type'] === 'ExternalName') return []
  const {ports} = spec
  if (!Array.isArray(ports) || ports.length === 0) return [required('spec.ports')]
  const others = cluster.store.list(SERVICES).filter(({metadata}) => metadata.uid !== object.metadata.uid)
  const external = spec['type'] !== 'ClusterIP'
  const faults: Fault[] = []
  ports.forEach((port: unknown, index) => {
    if (!isRecord(port) || typeof port['port'] !== 'number') return faults.push(required(`spec.ports[${index}].port`))
    port['protocol'] ??= 'TCP'
    port['targetPort'] ??= port['port']
    if (external) port['nodePort'] ??= free(30_000, (n) => others.some(usesNodePort(n)))
    return undefined
  })
  spec['clusterIP'] ??= `10.27.0.${free(10, (n) => others.some((service) => service.spec.clusterIP === `10.27.0.${n}`))}`
  const internal = {
    clusterIPs: [spec['clusterIP']],
    sessionAffinity: 'None',
    internalTrafficPolicy: 'Cluster',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
  }
  object.spec = {...internal, ...(external && {externalTrafficPolicy: 'Cluster'}), ...spec}
  return faults
}

function usesNodePort(port: number): (service: Service) => boolean {
  return (service) => service.spec.ports?.some(({nodePort}) => nodePort === port)
}

function free(from: number, taken: (n: number) => boolean): number {
  let n = from
  while (taken(n)) n += 1
  return n
}
