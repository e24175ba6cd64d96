import {describe, expect, test} from 'vitest'
import {countOutcomes, operationExitCode, OUTCOMES, type Outcome} from '../../../src/lib/runbook/operation/outcome.ts'

const of = (...outcomes: Outcome[]) => outcomes.map((outcome) => ({outcome}))

describe('exit codes of operations (rules.md, section 6)', () => {
  test.each<[Outcome, number]>([
    ['scaled', 0],
    ['restarted', 0],
    ['rolled-back', 0],
    ['evicted', 0],
    ['unchanged', 0],
    ['inactive', 0],
    ['skipped', 0],
    ['accepted', 0],
    ['planned', 0],
    ['superseded', 2],
    ['doomed', 2],
    ['timed-out', 75],
    ['refused', 2],
    ['failed', 2],
    ['not-started', 2],
  ])('%s alone: %i', (outcome, code) => {
    expect(operationExitCode(of(outcome), false)).toBe(code)
    expect(operationExitCode(of(outcome), true)).toBe(130)
  })

  test('every outcome has its row above', () => {
    expect(OUTCOMES).toHaveLength(15)
  })

  test.each<[string, Outcome[], number]>([
    ['nothing at all', [], 0],
    ['time is the only trouble', ['restarted', 'timed-out', 'timed-out', 'skipped'], 75],
    ['time held the others up', ['timed-out', 'not-started'], 75],
    ['time and more', ['timed-out', 'doomed'], 2],
    ['one of many', ['restarted', 'restarted', 'refused'], 2],
  ])('%s', (_what, outcomes, code) => {
    expect(operationExitCode(of(...outcomes), false)).toBe(code)
  })

  test('counts leave out what did not come', () => {
    expect(countOutcomes(of('restarted', 'doomed', 'restarted'))).toEqual({restarted: 2, doomed: 1})
  })
})
