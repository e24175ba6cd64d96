import {clockTime, parseTime} from '../../text/time.ts'
import {operationViews, type ShownWords} from '../operation/index.ts'
import type {ScaleReport} from './schema.ts'

/** The text views of a scaling. */
export const scaleViews = operationViews(words)

function words({temporary, reverted, dryRun}: ScaleReport): ShownWords {
  return {
    unit: '',
    kind: 'deployment.apps',
    notes: temporary === null || dryRun ? [] : notes(temporary, reverted),
    ...(reverted === null ? {} : {interruption: 'it went back before its time'}),
  }
}

function notes({until}: NonNullable<ScaleReport['temporary']>, reverted: ScaleReport['reverted']): string[] {
  if (reverted === null) {
    return [
      `temporary until ${clockTime(parseTime(until) ?? 0)}: nobody goes back by itself; sapoche status shows it as overdue from then on`,
    ]
  }
  return reverted.map(({name, before, after, outcome, reason}) => {
    const how =
      outcome === 'scaled' || outcome === 'accepted' ? `went back from ${before} to ${after}` : `did not go back: ${outcome}, ${reason}`
    return `${name} ${how}`
  })
}
