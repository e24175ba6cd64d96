/** Who wrote which field: as much of server-side field management as answers "who set replicas, and when". */
import {clone, isRecord, pick, same} from './json.ts'
import type {FieldSet, KubeObject, ManagedFields} from './types.ts'

export interface Writer {
  readonly manager: string
  readonly subresource: string | null
  readonly time: string
}

/**
 * Sets `after.metadata.managedFields`: the fields that differ from `before` now belong to the writer.
 * As seen on kube-apiserver 1.36: an entry of the scale subresource has no time, and a count of zero that was set through it belongs to
 * nobody (a Scale leaves zero out).
 */
export function recordWrite(before: KubeObject | null, after: KubeObject, {manager, subresource, time}: Writer): void {
  const fields = changed(before === null ? {} : owned(before), owned(after))
  const entries = clone(before?.metadata.managedFields ?? [])
  if (fields !== null && Object.keys(fields).length > 0) {
    const mine = (entry: ManagedFields) => entry.manager === manager && entry.subresource === (subresource ?? undefined)
    const nobodys = subresource === 'scale' && pick(after.spec, 'replicas') === 0
    for (const entry of entries) if (nobodys || !mine(entry)) subtract(entry.fieldsV1, fields)
    const entry = entries.find(mine)
    if (entry === undefined && !nobodys) {
      const origin = {manager, operation: 'Update', apiVersion: after.apiVersion, fieldsType: 'FieldsV1'} as const
      entries.push({...origin, ...(subresource !== 'scale' && {time}), fieldsV1: fields, ...(subresource !== null && {subresource})})
    } else if (entry !== undefined && !nobodys) {
      add(entry.fieldsV1, fields)
      if (subresource !== 'scale') entry.time = time
    }
  }
  const kept = entries.filter((entry) => Object.keys(entry.fieldsV1).length > 0)
  if (kept.length > 0) after.metadata.managedFields = kept
}

function owned({metadata, apiVersion: _version, kind: _kind, ...rest}: KubeObject): Record<string, unknown> {
  const {labels, annotations} = metadata
  return {...rest, metadata: {...(labels && {labels}), ...(annotations && {annotations})}}
}

/** Null where nothing differs. */
function changed(before: unknown, after: unknown): FieldSet | null {
  const children = childrenOf(before, after)
  if (children === null) return same(before, after) ? null : {}
  const fields: FieldSet = {}
  for (const [key, was, is] of children) {
    const below = is === undefined ? null : changed(was, is)
    if (below !== null) fields[key] = below
  }
  return before === undefined || Object.keys(fields).length > 0 ? fields : null
}

/** What is below a value as [key, before, after]: the fields of a mapping, the items of a list that is keyed by name. Null for a leaf. */
function childrenOf(before: unknown, after: unknown): [string, unknown, unknown][] | null {
  if (isRecord(after)) return Object.entries(after).map(([name, is]) => [`f:${name}`, isRecord(before) ? before[name] : undefined, is])
  if (!Array.isArray(after) || !after.every((item) => isRecord(item) && typeof item['name'] === 'string')) return null
  return after.map((item: Record<string, unknown>) => {
    const was: unknown = Array.isArray(before) ? before.find((other) => isRecord(other) && other['name'] === item['name']) : undefined
    return [`k:${JSON.stringify({name: item['name']})}`, was, item]
  })
}

function add(to: FieldSet, fields: FieldSet): void {
  for (const [key, below] of Object.entries(fields)) add((to[key] ??= {}), below)
}

function subtract(from: FieldSet, fields: FieldSet): void {
  for (const [key, below] of Object.entries(fields)) {
    const own = from[key]
    if (own === undefined) continue
    subtract(own, below)
    if (Object.keys(own).length === 0) delete from[key]
  }
}
