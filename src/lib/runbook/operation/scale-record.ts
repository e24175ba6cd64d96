import {SCALE_ANNOTATIONS} from '../../workload/index.ts'
import type {LiveDeployment} from './live.ts'

/** A scaling, as its annotations record it; times are RFC 3339. */
export interface Scaling {
  readonly from: number
  readonly to: number
  readonly at: string
  /** Null where the count is meant to stay. */
  readonly until: string | null
  readonly by: string
  readonly reason: string | null
}

/** The annotations of a patch; null takes one away. */
export type AnnotationPatch = Readonly<Record<string, string | null>>

export function scaleRecordOf({from, to, at, until, by, reason}: Scaling): AnnotationPatch {
  return {
    [SCALE_ANNOTATIONS.previous]: String(from),
    [SCALE_ANNOTATIONS.to]: String(to),
    [SCALE_ANNOTATIONS.at]: at,
    [SCALE_ANNOTATIONS.until]: until,
    [SCALE_ANNOTATIONS.by]: by,
    [SCALE_ANNOTATIONS.reason]: reason,
  }
}

/** Takes a record away. */
export const NO_SCALE_RECORD: AnnotationPatch = Object.fromEntries(Object.values(SCALE_ANNOTATIONS).map((name) => [name, null]))

/** The time of the last recorded scaling, as it was written; undefined where there is none. */
export function recordedAt({annotations}: LiveDeployment): string | undefined {
  return annotations[SCALE_ANNOTATIONS.at]
}
