import type {Container, ContainerRole, EnvFrom, EnvSource, PodTemplate, Probe} from '../objects.ts'
import {type JsonObject, countAt, listAt, nameAt, numberAt, objectAt, objectOrNull, stringAt, stringMapAt, stringsAt} from './json.ts'

/** `spec.template` of a deployment or replica set. */
export function decodeTemplate(spec: JsonObject): PodTemplate {
  const template = objectAt(spec, 'template')
  const metadata = objectAt(template, 'metadata')
  const pod = objectAt(template, 'spec')
  return {
    labels: stringMapAt(metadata, 'labels'),
    annotations: stringMapAt(metadata, 'annotations'),
    containers: [
      ...listAt(pod, 'initContainers', (container) => decodeContainer(container, initRole(container))),
      ...listAt(pod, 'containers', (container) => decodeContainer(container, 'main')),
    ],
  }
}

/** What an init container is: one that is restarted always is a native sidecar. */
export function initRole(container: JsonObject): ContainerRole {
  return container['restartPolicy'] === 'Always' ? 'sidecar' : 'init'
}

function decodeContainer(container: JsonObject, role: ContainerRole): Container {
  const resources = objectAt(container, 'resources')
  return {
    name: stringAt(container, 'name'),
    image: stringAt(container, 'image'),
    role,
    command: stringsAt(container, 'command'),
    args: stringsAt(container, 'args'),
    env: listAt(container, 'env', (variable) => ({
      name: stringAt(variable, 'name'),
      value: typeof variable['value'] === 'string' ? variable['value'] : null,
      from: decodeEnvSource(objectOrNull(variable['valueFrom'])),
    })),
    envFrom: listAt(container, 'envFrom', decodeEnvFrom),
    ports: listAt(container, 'ports', (port) => ({
      name: stringAt(port, 'name'),
      port: countAt(port, 'containerPort'),
      protocol: nameAt(port, 'protocol') ?? 'TCP',
    })),
    startupProbe: decodeProbe(container['startupProbe']),
    livenessProbe: decodeProbe(container['livenessProbe']),
    readinessProbe: decodeProbe(container['readinessProbe']),
    requests: stringMapAt(resources, 'requests'),
    limits: stringMapAt(resources, 'limits'),
  }
}

function decodeEnvSource(from: JsonObject | null): EnvSource | null {
  if (from === null) return null
  const configMap = objectOrNull(from['configMapKeyRef'])
  if (configMap !== null) return {kind: 'ConfigMap', name: stringAt(configMap, 'name'), key: stringAt(configMap, 'key')}
  const secret = objectOrNull(from['secretKeyRef'])
  if (secret !== null) return {kind: 'Secret', name: stringAt(secret, 'name'), key: stringAt(secret, 'key')}
  const field = objectOrNull(from['fieldRef'])
  if (field !== null) return {kind: 'field', name: stringAt(field, 'fieldPath'), key: ''}
  const resource = objectOrNull(from['resourceFieldRef'])
  if (resource !== null) return {kind: 'resource', name: stringAt(resource, 'resource'), key: ''}
  return {kind: 'other', name: '', key: ''}
}

function decodeEnvFrom(source: JsonObject): EnvFrom {
  const configMap = objectOrNull(source['configMapRef'])
  return {
    kind: configMap === null ? 'Secret' : 'ConfigMap',
    name: stringAt(configMap ?? objectAt(source, 'secretRef'), 'name'),
    prefix: stringAt(source, 'prefix'),
  }
}

function decodeProbe(value: unknown): Probe | null {
  const probe = objectOrNull(value)
  if (probe === null) return null
  return {
    initialDelaySeconds: countAt(probe, 'initialDelaySeconds'),
    periodSeconds: numberAt(probe, 'periodSeconds') ?? 10,
    timeoutSeconds: numberAt(probe, 'timeoutSeconds') ?? 1,
    failureThreshold: numberAt(probe, 'failureThreshold') ?? 3,
  }
}
