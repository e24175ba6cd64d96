import type {ClusterReader, JsonObject} from '../../clients/kubernetes/types.ts'
import {InterruptedError, SapocheError} from '../../errors/index.ts'
import {listAt, objectAt, stringMapAt, timeAt} from '../../workload/index.ts'
import type {Warning} from '../schema.ts'
import {warningFrom} from './read.ts'
import {RESOURCES} from './resources.ts'

/** The data of a ConfigMap; null where it doesn't exist, `unreadable` where it may not be read. */
export type ConfigMapData = ReadonlyMap<string, string> | null | 'unreadable'

export interface ConfigMaps {
  readonly data: ReadonlyMap<string, ConfigMapData>
  /** When each was written last, where something says so. */
  readonly changedAt: ReadonlyMap<string, number>
  /** One for each reason. */
  readonly warnings: readonly Warning[]
}

/** A request for each name. One that can't be read is a warning. Rejects when interrupted, and with nothing else. */
export async function readConfigMaps(cluster: ClusterReader, names: readonly string[], signal: AbortSignal): Promise<ConfigMaps> {
  const data = new Map<string, ConfigMapData>()
  const changedAt = new Map<string, number>()
  const failed: {readonly name: string; readonly warning: Warning}[] = []
  const read = async (name: string): Promise<void> => {
    try {
      const found = await cluster.get(RESOURCES.configMaps, name, decodeConfigMap, {signal})
      data.set(name, found?.data ?? null)
      if (found !== null && found.changedAt !== null) changedAt.set(name, found.changedAt)
    } catch (error) {
      if (error instanceof InterruptedError || !(error instanceof SapocheError)) throw error
      data.set(name, 'unreadable')
      failed.push({name, warning: warningFrom(error)})
    }
  }
  await Promise.all(names.map(read))
  const warnings = [...Map.groupBy(failed, ({warning}) => warning.message)].map(([message, of]) => ({
    code: of[0]?.warning.code ?? '',
    message: `${of.length === 1 ? 'ConfigMap' : 'ConfigMaps'} ${of.map(({name}) => name).join(', ')} can't be read: ${message}`,
  }))
  return {data, changedAt, warnings}
}

function decodeConfigMap(object: JsonObject): {data: ReadonlyMap<string, string>; changedAt: number | null} {
  return {data: new Map(Object.entries(stringMapAt(object, 'data'))), changedAt: writtenAt(object)}
}

/** The last write that `metadata.managedFields` tells of, else the creation. */
export function writtenAt(object: JsonObject): number | null {
  const metadata = objectAt(object, 'metadata')
  const times = [timeAt(metadata, 'creationTimestamp'), ...listAt(metadata, 'managedFields', (entry) => timeAt(entry, 'time'))]
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}
