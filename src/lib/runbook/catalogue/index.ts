import type {FailOn} from '../junit.ts'
import {diffJunit, diffNames, diffTable, diffWide} from './diff-view.ts'
import type {CatalogueDiff} from './schema.ts'
import {catalogueNames, catalogueTable, catalogueWide, validationText} from './show-view.ts'

export {exitCodeOf} from '../../workload/index.ts'
export {diffCatalogue} from './diff.ts'
export type {CatalogueDiff, DiffItem} from './schema.ts'
export {showCatalogue, validateCatalogue} from './show.ts'

/** The text formats of `catalogue show`. */
export const catalogueViews = {table: catalogueTable, wide: catalogueWide, name: catalogueNames}

/** The text format of `catalogue validate`. */
export const validationViews = {table: validationText}

/** The text formats of `catalogue diff`; what fails in junit is up to `--fail-on`. */
export function diffViews(failOn: FailOn) {
  return {table: diffTable, wide: diffWide, name: diffNames, junit: (report: CatalogueDiff) => diffJunit(report, failOn)}
}
