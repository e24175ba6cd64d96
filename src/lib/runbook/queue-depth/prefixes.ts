import type {Subject} from '../bindings/index.ts'

/** Where a worker keeps its queues inside a Redis, as its environment says. */
export interface Place {
  /** What its keys begin with; null where nothing says. */
  readonly prefix: string | null
  readonly database: number | null
  readonly appName: string | null
}

const DEFAULTS = ['', 'laravel_database_', 'laravel-database-']

/** `REDIS_PREFIX`, `REDIS_DB` and `APP_NAME`, as Laravel's config/database.php reads them. */
export function placeOf({environments}: Subject): Place {
  const value = (name: string): string | null =>
    environments.map(({variables}) => variables.get(name)?.value ?? null).find((text) => text !== null) ?? null
  const database = value('REDIS_DB')
  return {
    prefix: value('REDIS_PREFIX'),
    database: database !== null && /^\d+$/.test(database) ? Number(database) : null,
    appName: value('APP_NAME'),
  }
}

/** Prefixes that Laravel would make of the application's name, up to version 12 and from 13 on, before those without a name. */
export function likelyPrefixes(places: readonly Place[]): string[] {
  const names = places.flatMap(({appName}) => appName ?? [])
  return [...new Set([...names.flatMap((name) => [`${slug(name, '_')}_database_`, `${slug(name, '-')}-database-`]), ...DEFAULTS])]
}

/** Laravel's Str::slug: letters and digits in lower case, everything else a single separator. */
function slug(text: string, separator: '_' | '-'): string {
  const other = separator === '_' ? '-' : '_'
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(other, separator)
    .replace(/[^-_\p{L}\p{N}\s]/gu, '')
    .replace(separator === '_' ? /[_\s]+/g : /[-\s]+/g, separator)
    .replace(separator === '_' ? /^_+|_+$/g : /^-+|-+$/g, '')
}
