import {describe, expect, test} from 'vitest'
import {formatCpu, formatMemory, parseQuantity, quantityNumber} from '../../src/lib/text/quantity.ts'

describe('parseQuantity', () => {
  test.each<[string, number]>([
    ['0', 0],
    ['1', 1],
    ['250m', 0.25],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['+2', 2],
    ['-3', -3],
    ['123456789n', 0.123456789],
    ['15u', 0.000015],
    ['2k', 2000],
    ['3M', 3e6],
    ['4G', 4e9],
    ['1T', 1e12],
    ['1P', 1e15],
    ['64Ki', 65_536],
    ['64Mi', 67_108_864],
    ['1.5Gi', 1_610_612_736],
    ['1Ti', 1_099_511_627_776],
    ['12e3', 12_000],
    ['12E3', 12_000],
    ['1e-3', 0.001],
    ['1E', 1e18],
    ['1Ei', 2 ** 60],
  ])('%s', (text, value) => expect(quantityNumber(parseQuantity(text) ?? -1n)).toBe(value))

  test.each(['', 'm', 'Mi', '1 Mi', '1mi', '1KI', '1ki', 'abc', '1.2.3', '1e', '0x1', '1e9999', '--1'])('"%s" is none', (text) =>
    expect(parseQuantity(text)).toBe(null),
  )

  test('what is finer than a billionth is rounded up', () => {
    expect(parseQuantity('0.1n')).toBe(1n)
    expect(parseQuantity('1.0000000001')).toBe(1_000_000_001n)
  })

  test('sums are exact', () => {
    const sum = Array.from({length: 10}, () => parseQuantity('100m') ?? 0n).reduce((a, b) => a + b, 0n)
    expect(quantityNumber(sum)).toBe(1)
    expect(quantityNumber((parseQuantity('100m') ?? 0n) + (parseQuantity('200m') ?? 0n))).toBe(0.3)
  })
})

test.each<[number, string]>([
  [0, '0m'],
  [0.0004, '1m'],
  [0.25, '250m'],
  [0.3, '300m'],
  [1.5, '1500m'],
  [9.999, '9999m'],
  [12.34, '12.3'],
])('formatCpu %d', (cores, text) => expect(formatCpu(cores)).toBe(text))

test.each<[number, string]>([
  [0, '0'],
  [512, '512'],
  [1023.7, '1Ki'],
  [65_536, '64Ki'],
  [67_108_864, '64Mi'],
  [1_610_612_736, '1.5Gi'],
  [1024 ** 3, '1Gi'],
  [1024 ** 3 - 1, '1Gi'],
  [200 * 1024 ** 3, '200Gi'],
])('formatMemory %d', (bytes, text) => expect(formatMemory(bytes)).toBe(text))
