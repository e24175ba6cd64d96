// What JSON leaves as it is, and a terminal, or who reads its lines, takes for more than a character: DEL, C1, ends of lines, bidirectional marks.
const RAW = /[\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g

/** `value` as JSON that is safe on a terminal, too: the same value for whoever parses it. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replace(RAW, escaped)
}

/** YAML whose strings stand in double quotes, made as safe as `toJson`. */
export function escapeRaw(text: string): string {
  return text.replace(RAW, escaped)
}

export function holdsRaw(text: string): boolean {
  return text.search(RAW) !== -1
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
