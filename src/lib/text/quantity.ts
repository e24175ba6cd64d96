/**
 * Quantities as Kubernetes writes them (`250m`, `64Mi`, `1.5`, `12e3`, `123456n`), exact: in billionths of their unit (cores, bytes),
 * so that sums of many stay exact too. Finer ones are rounded up, as the API server does.
 */
export type Quantity = bigint

const NANO = 1_000_000_000n
const FACTORS: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1000n,
  m: 1_000_000n,
  '': NANO,
  k: NANO * 1000n,
  M: NANO * 1000n ** 2n,
  G: NANO * 1000n ** 3n,
  T: NANO * 1000n ** 4n,
  P: NANO * 1000n ** 5n,
  E: NANO * 1000n ** 6n,
  Ki: NANO * 1024n,
  Mi: NANO * 1024n ** 2n,
  Gi: NANO * 1024n ** 3n,
  Ti: NANO * 1024n ** 4n,
  Pi: NANO * 1024n ** 5n,
  Ei: NANO * 1024n ** 6n,
}

/** Null for what is no quantity (apimachinery, pkg/api/resource: a signed number, and one suffix or a decimal exponent). */
export function parseQuantity(text: string): Quantity | null {
  const [, sign, whole = '', fraction = '', suffix = '', exponent] =
    /^([+-]?)(\d*)(?:\.(\d*))?(?:([num]|[kMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return null
  let numerator = BigInt(whole + fraction) * (FACTORS[suffix] ?? NANO)
  let denominator = 10n ** BigInt(fraction.length)
  const power = Number(exponent ?? 0)
  if (power >= 0) numerator *= 10n ** BigInt(power)
  else denominator *= 10n ** BigInt(-power)
  const rest = numerator % denominator === 0n ? 0n : 1n
  const magnitude = numerator / denominator + rest
  return sign === '-' ? -magnitude : magnitude
}

/** In cores or bytes. */
export function quantityNumber(quantity: Quantity): number {
  return Number(quantity / NANO) + Number(quantity % NANO) / Number(NANO)
}

/** `250m`, `12.5` (from ten cores on); what is used at all is at least `1m`. */
export function formatCpu(cores: number): string {
  if (cores >= 10) return String(Math.round(cores * 10) / 10)
  return `${Math.ceil(cores * 1000 - 1e-9)}m`
}

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const

/** `512`, `64Mi`, `1.5Gi`: to three digits. */
export function formatMemory(bytes: number): string {
  let value = bytes
  let unit = 0
  while (Math.round(value) >= 1024 && unit < BINARY.length - 1) {
    value /= 1024
    unit++
  }
  const shown = value < 10 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value)
  return `${shown}${BINARY[unit]}`
}
