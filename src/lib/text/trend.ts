const BARS = '▁▂▃▄▅▆▇█'

/**
 * The newest `room` values as a line of bars, the lowest at zero and the highest at the largest value; a blank where a value is not known.
 * Values that are not zero stand above the line of those that are.
 */
export function trend(values: readonly (number | null)[], room: number): string {
  const shown = values.slice(-room)
  const most = Math.max(0, ...shown.map((value) => value ?? 0))
  return shown
    .map((value) => {
      if (value === null) return ' '
      return value <= 0 || most === 0 ? BARS[0] : BARS[Math.max(1, Math.round((value / most) * (BARS.length - 1)))]
    })
    .join('')
}

/** Whether a line of bars shows anything but zeros and blanks. */
export function hasBars(line: string): boolean {
  return /[▂-█]/.test(line)
}
