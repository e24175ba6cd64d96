import {strip, stripLine} from '../../text/strip.ts'
import {clip, type ViewOptions} from '../../text/view.ts'
import type {ProgressRow} from './run.ts'

/** A screen's height is not known here: more running workloads than these are counted. */
const MOST_ROWS = 15

/** What is under way: a line for each workload that is being waited for, and one that counts the others. Nothing when nothing runs. */
export function progressView(rows: readonly ProgressRow[], {width}: Pick<ViewOptions, 'width'>): string {
  const running = rows.filter(({state}) => state === 'running')
  const shown = running.slice(0, MOST_ROWS)
  const longest = Math.max(0, ...shown.map(({name}) => name.length))
  const lines = shown.map(({name, words, seconds}) => {
    const time = seconds < 1 ? '' : `, ${Math.floor(seconds)} s`
    return `  ${strip(name).padEnd(longest)}  ${clip(stripLine(words), width - longest - 6 - time.length)}${time}`
  })
  const others = [
    [running.length - shown.length, 'more running'],
    [rows.filter(({state}) => state === 'ended').length, 'done'],
    [rows.filter(({state}) => state === 'to-come').length, 'to come'],
  ] as const
  const counts = others.filter(([amount]) => amount > 0).map(([amount, word]) => `${amount} ${word}`)
  return [...lines, ...(counts.length === 0 ? [] : [`  ${counts.join(', ')}`])].map((line) => `${line}\n`).join('')
}
