import type {JsonObject} from '../../clients/kubernetes/types.ts'
import {listAt, objectAt, stringAt} from '../../workload/index.ts'

/** Names of the ConfigMaps and Secrets that a pod spec refers to. */
export interface References {
  readonly configMaps: ReadonlySet<string>
  readonly secrets: ReadonlySet<string>
}

/** All that core/v1 PodSpec can refer to them by: environment, volumes (projected ones too), pull secrets, secrets of volume drivers. */
export function referencesOf(spec: JsonObject): References {
  const configMaps: string[] = []
  const secrets: string[] = []
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of objectsAt(spec, list)) {
      for (const {valueFrom} of objectsAt(container, 'env').map((variable) => ({valueFrom: objectAt(variable, 'valueFrom')}))) {
        configMaps.push(nameIn(valueFrom, 'configMapKeyRef'))
        secrets.push(nameIn(valueFrom, 'secretKeyRef'))
      }
      for (const from of objectsAt(container, 'envFrom')) {
        configMaps.push(nameIn(from, 'configMapRef'))
        secrets.push(nameIn(from, 'secretRef'))
      }
    }
  }
  for (const volume of objectsAt(spec, 'volumes')) {
    configMaps.push(nameIn(volume, 'configMap'))
    secrets.push(stringAt(objectAt(volume, 'secret'), 'secretName'))
    for (const source of objectsAt(objectAt(volume, 'projected'), 'sources')) {
      configMaps.push(nameIn(source, 'configMap'))
      secrets.push(nameIn(source, 'secret'))
    }
    for (const driver of Object.keys(volume)) {
      secrets.push(nameIn(objectAt(volume, driver), 'secretRef'), nameIn(objectAt(volume, driver), 'nodePublishSecretRef'))
    }
  }
  for (const pull of objectsAt(spec, 'imagePullSecrets')) secrets.push(stringAt(pull, 'name'))
  return {configMaps: named(configMaps), secrets: named(secrets)}
}

function objectsAt(object: JsonObject, key: string): JsonObject[] {
  return listAt(object, key, (item) => item)
}

function nameIn(object: JsonObject, key: string): string {
  return stringAt(objectAt(object, key), 'name')
}

function named(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => name !== ''))
}
