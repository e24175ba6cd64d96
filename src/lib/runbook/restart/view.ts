import {operationViews} from '../operation/index.ts'
import type {RestartReport} from './schema.ts'

/** The text views of a restart: its numbers are revisions. */
export const restartViews = operationViews<RestartReport>(() => ({unit: 'revision ', kind: 'deployment.apps'}))
