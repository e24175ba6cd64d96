/** Milliseconds since the epoch of an RFC 3339 time or an HTTP date; null for anything else. */
export function parseTime(text: unknown): number | null {
  if (typeof text !== 'string') return null
  const milliseconds = Date.parse(text)
  return Number.isNaN(milliseconds) ? null : milliseconds
}

/** RFC 3339 in UTC, as in every JSON document. */
export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

/** As `isoTime`, of a time that may be unknown. */
export function isoTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : isoTime(milliseconds)
}

/** `2026-11-22 03:12:07Z`, as in headers for people. */
export function clockTime(milliseconds: number): string {
  return isoTime(milliseconds)
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z')
}
