import {readFileSync} from 'node:fs'
import path from 'node:path'
import {describe, expect, test} from 'vitest'
import {ROOT} from '../package/program.ts'
import {sandboxTarget} from './target.ts'

/** A command of the README, and what it shows there. */
interface Step {
  readonly command: string
  readonly shown: string
}

/** The walks of the README, by their scenario. */
function walks(): [string, Step[]][] {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8')
  const part = /<!-- walks:.*-->\n([^]*)<!-- walksstop -->/.exec(readme)?.[1] ?? ''
  return [...part.matchAll(/<!-- walk: ([\w-]+) -->\n\n```\n([^]*?)\n```\n/g)].map(([, scenario = '', text = '']) => [
    scenario,
    text.split(/^\$ sapoche /m).flatMap((step) => {
      const [command = '', ...shown] = step.split('\n')
      return command === '' ? [] : [{command, shown: shown.join('\n')}]
    }),
  ])
}

const LISTS = /^(scale|restart) /

/** By the last verdict that it shows. */
function codeOf({shown}: Step): number {
  const [, verdict = 'OK'] = /^(OK|WARNING|CRITICAL) {2}/m.exec(shown) ?? []
  return ['OK', 'WARNING', 'CRITICAL'].indexOf(verdict)
}

/** Lines without what differs from run to run: numbers, and names and words that stand for chance. */
function lines({command, shown}: Step): string[] {
  if (command.startsWith('logs '))
    return shown
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/)[1] ?? '')
  return shown
    .split('\n')
    .map((line) =>
      line
        .replace(/-[a-z0-9]{7,10}-[a-z0-9]{5}\b/g, '-POD')
        .replace(/\d+(\.\d+)?/g, '#')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .filter((line) => line !== '' && !line.startsWith('sapoche context '))
}

describe.concurrent("the runbook's trees in the README", () => {
  test('are there', () => {
    expect(walks().map(([scenario, {length}]) => [scenario, length > 2])).toEqual([
      ['consumer-stuck', true],
      ['silent-backlog', true],
      ['worker-backlog', true],
    ])
  })

  test.each(walks())('%s: every line, with its exit code and what it shows', async (scenario, steps) => {
    const target = await sandboxTarget([], scenario)
    try {
      for (const step of steps) {
        // As a terminal shows it.
        const args = [...step.command.split(' '), ...(LISTS.test(step.command) ? ['-o', 'table'] : [])]
        const {code, stdout, stderr} = await target.sapoche(args, {env: {HOME: target.folder}})
        const found = {code, stderr, lines: lines({...step, shown: stdout})}
        expect({command: step.command, ...found}).toEqual({command: step.command, code: codeOf(step), stderr: '', lines: lines(step)})
      }
    } finally {
      await target.close()
    }
  })
})
