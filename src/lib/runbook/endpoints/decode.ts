import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {findCondition, decodePod, listAt, nameAt, numberAt, objectAt, standing, stringAt, stringMapAt} from '../../workload/index.ts'

/** A pod as far as connections go. */
export interface EndpointPod {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly ips: readonly string[]
  /** Ports of its containers by their names. */
  readonly ports: ReadonlyMap<string, number>
  /** `ready`, `running` but not ready, or `off`: not started, ended, or on its way out. */
  readonly state: 'ready' | 'running' | 'off'
}

/** core/v1 Pod. */
export function decodeEndpointPod(object: JsonObject): EndpointPod {
  const pod = decodePod(object)
  const status = objectAt(object, 'status')
  const ports = listAt(objectAt(object, 'spec'), 'containers', (container) =>
    listAt(container, 'ports', (port) => [stringAt(port, 'name'), numberAt(port, 'containerPort') ?? 0] as const),
  )
  const isUp = standing(pod) === 'counted' && pod.phase === 'Running'
  const isReady = isUp && findCondition(pod.conditions, 'Ready')?.status === 'True'
  return {
    name: pod.name,
    labels: stringMapAt(objectAt(object, 'metadata'), 'labels'),
    ips: [nameAt(status, 'podIP') ?? '', ...listAt(status, 'podIPs', (entry) => stringAt(entry, 'ip'))].filter((ip) => ip !== ''),
    ports: new Map(ports.flat().filter(([name]) => name !== '')),
    state: isReady ? 'ready' : isUp ? 'running' : 'off',
  }
}
