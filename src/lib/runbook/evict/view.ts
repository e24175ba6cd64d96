import {operationViews} from '../operation/index.ts'
import type {EvictReport} from './schema.ts'

/** The text views of an eviction. */
export const evictViews = operationViews<EvictReport>(() => ({unit: '', kind: 'pod'}))
