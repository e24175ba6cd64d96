import {describe} from 'vitest'
import {operationsAccessSuite} from './operations-access.ts'
import {operationFaultsSuite} from './operations-faults.ts'
import {restartSuite} from './operations-restart.ts'
import {rollbackSuite} from './operations-rollback.ts'
import {scaleSuite} from './operations-scale.ts'
import type {Target} from './target.ts'

export {OPERATORS} from './operations-access.ts'

/** The commands that change workloads, on any cluster. `openFor` opens it for `OPERATORS` as well. */
export function operationsSuite(open: () => Promise<Target>, openFor: () => Promise<Target>): void {
  describe('scale', () => scaleSuite(open))
  describe('restart', () => restartSuite(open))
  describe('rollback, history, evict, journal', () => rollbackSuite(open))
  describe('faults', () => operationFaultsSuite(open))
  describe('permissions', () => operationsAccessSuite(openFor))
}
