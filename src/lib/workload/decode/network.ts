import type {EndpointSlice, Service, ServicePort} from '../objects.ts'
import {type JsonObject, countAt, listAt, nameAt, numberAt, numberOrStringAt, objectAt, stringAt, stringMapAt, stringsAt} from './json.ts'
import {decodeMetadata} from './metadata.ts'

const SERVICE_NAME = 'kubernetes.io/service-name'

/** core/v1 Service. */
export function decodeService(object: JsonObject): Service {
  const spec = objectAt(object, 'spec')
  const selector = stringMapAt(spec, 'selector')
  return {
    ...decodeMetadata(object),
    type: nameAt(spec, 'type') ?? 'ClusterIP',
    clusterIP: nameAt(spec, 'clusterIP'),
    selector: Object.keys(selector).length === 0 ? null : selector,
    ports: listAt(spec, 'ports', decodePort),
  }
}

function decodePort(port: JsonObject): ServicePort {
  const number = countAt(port, 'port')
  return {
    name: stringAt(port, 'name'),
    port: number,
    targetPort: numberOrStringAt(port, 'targetPort') ?? number,
    nodePort: numberAt(port, 'nodePort'),
    protocol: nameAt(port, 'protocol') ?? 'TCP',
  }
}

/** discovery.k8s.io/v1 EndpointSlice. A `ready` that is left out counts as true (rules.md, section 4). */
export function decodeEndpointSlice(object: JsonObject): EndpointSlice {
  return {
    ...decodeMetadata(object),
    service: stringAt(objectAt(objectAt(object, 'metadata'), 'labels'), SERVICE_NAME),
    endpoints: listAt(object, 'endpoints', (endpoint) => ({
      target: nameAt(objectAt(endpoint, 'targetRef'), 'uid') ?? stringsAt(endpoint, 'addresses')[0] ?? '',
      ready: objectAt(endpoint, 'conditions')['ready'] !== false,
    })),
    ports: listAt(object, 'ports', (port) => stringAt(port, 'name')),
  }
}
