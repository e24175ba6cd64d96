/**
 * A document with each string in it changed, those of lists and maps too (the keys of maps among them). `field` is the name of the field that
 * holds the string, or the list that it is in; '' outside of any.
 */
export function mapStrings<T>(document: T, change: (text: string, field: string) => string): T {
  const mapped = (value: unknown, field: string): unknown => {
    if (typeof value === 'string') return change(value, field)
    if (Array.isArray(value)) return value.map((each) => mapped(each, field))
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof Map) return new Map([...value].map(([key, each]) => [mapped(key, ''), mapped(each, '')]))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each, name)]))
  }
  return mapped(document, '') as T
}
