import * as fc from 'fast-check'
import {expect, test} from 'vitest'
import {junit} from '../../src/lib/runbook/junit.ts'

test('whatever a name or reason holds, the attributes are those of XML 1.0', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(...'a<>&"\'\n\t\r ]\u0000\u001B\u0085\u009B\u202E\uFFFE\uFFFF'.split(''), '-->', ']]>', '<!--'),
  })
  fc.assert(
    fc.property(hostile, hostile, fc.constantFrom('ok', 'critical', 'unknown', 'skipped'), (name, reason, severity) => {
      const text = junit('status', [{group: name, name, severity, reason}], 'warning')
      expect(text).not.toMatch(/[^\n\u0020-\uD7FF\uE000-\uFFFD]|[\u007F-\u009F\u202E]/)
      const [testcase = ''] = text.split('\n').filter((line) => line.includes('<testcase'))
      expect(testcase).toMatch(/^ {4}(<\/?[a-z]+( [a-z]+="[^"<]*")*\/?>)+$/)
      expect(testcase).not.toMatch(/&(?!(amp|lt|gt|quot|#10|#9);)/)
    }),
  )
})
