import {operationViews} from '../operation/index.ts'
import type {RollbackReport} from './schema.ts'

/** The text views of a rollback: its numbers are revisions. */
export const rollbackViews = operationViews<RollbackReport>(() => ({unit: 'revision ', kind: 'deployment.apps'}))
