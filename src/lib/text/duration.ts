const UNITS: Readonly<Record<string, number>> = {ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000}

/** The longest delay that a timer of Node takes: what is longer would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Beyond 100 years no moment is left to count from. */
const LONGEST_MS = 36_500 * 86_400_000

/** Milliseconds of `90s`, `5m`, `1h30m`, `2d`, `0` (Go's notation, plus days); null where it is none. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return null
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) total += Number(amount) * UNITS[unit!]!
  return total > LONGEST_MS ? null : Math.round(total)
}
