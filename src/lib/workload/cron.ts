const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** Nothing that matters lies further back: the search for missed times ends there. */
const HORIZON = 800

const MACROS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '@yearly': '0 0 1 1 *',
    '@annually': '0 0 1 1 *',
    '@monthly': '0 0 1 * *',
    '@weekly': '0 0 * * 0',
    '@daily': '0 0 * * *',
    '@midnight': '0 0 * * *',
    '@hourly': '0 * * * *',
  }),
)
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** A schedule of a CronJob, each field as the set of its values. */
interface Cron {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly days: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  readonly weekdays: ReadonlySet<number>
  /** Where both the day of the month and of the week are limited, either will do. */
  readonly eitherDay: boolean
}

/**
 * The last two times that a schedule was due in (since, until], newest first; fewer where there were fewer.
 * Null for a schedule that this does not understand (`@every`, a time zone that is not known): it is not judged then.
 * Five fields and macros as the CronJob controller takes them (robfig/cron). The zone's offset is that of `until`:
 * around a change of daylight saving time it may be an hour off.
 */
export function lastDueTimes(schedule: string, timeZone: string | null, since: number, until: number): number[] | null {
  const cron = parseCron(schedule)
  const offset = timeZone === null ? 0 : zoneOffset(timeZone, until)
  if (cron === null || offset === null) return null
  const due: number[] = []
  const today = Math.floor((until + offset) / DAY)
  for (let day = today; day > today - HORIZON && (day + 1) * DAY > since + offset; day--) {
    if (!isDueOn(cron, day)) continue
    for (let hour = 23; hour >= 0; hour--) {
      if (!cron.hours.has(hour)) continue
      for (let minute = 59; minute >= 0; minute--) {
        if (!cron.minutes.has(minute)) continue
        const time = day * DAY + hour * HOUR + minute * MINUTE - offset
        if (time > until) continue
        if (time <= since || due.length === 2) return due
        due.push(time)
      }
    }
  }
  return due
}

function isDueOn({days, months, weekdays, eitherDay}: Cron, day: number): boolean {
  const date = civilDate(day)
  if (!months.has(date.month)) return false
  const byDay = days.has(date.day)
  const byWeekday = weekdays.has((((day + 4) % 7) + 7) % 7)
  return eitherDay ? byDay || byWeekday : byDay && byWeekday
}

/** Month and day of the month of a day since the epoch (Howard Hinnant's civil_from_days). */
function civilDate(day: number): {month: number; day: number} {
  const shifted = day + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365)
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  const month = Math.floor((5 * ofYear + 2) / 153)
  return {month: month < 10 ? month + 3 : month - 9, day: ofYear - Math.floor((153 * month + 2) / 5) + 1}
}

function parseCron(schedule: string): Cron | null {
  const text = schedule.trim()
  const fields = (MACROS.get(text) ?? text).split(/\s+/)
  const [minute, hour, day, month, weekday] = fields
  if (fields.length !== 5 || minute === undefined || hour === undefined || day === undefined) return null
  if (month === undefined || weekday === undefined) return null
  const minutes = parseField(minute, 0, 59, [])
  const hours = parseField(hour, 0, 23, [])
  const days = parseField(day, 1, 31, [])
  const months = parseField(month, 1, 12, MONTHS)
  const weekdays = parseField(weekday, 0, 6, WEEKDAYS)
  if (minutes === null || hours === null || days === null || months === null || weekdays === null) return null
  return {minutes, hours, days, months, weekdays, eitherDay: isLimited(day) && isLimited(weekday)}
}

/** A field is free where one of its parts is a star without a step. */
function isLimited(field: string): boolean {
  return !field.split(',').some((part) => /^[*?](\/1)?$/.test(part))
}

function parseField(field: string, lowest: number, highest: number, names: readonly string[]): Set<number> | null {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const match = /^(?:([*?])|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part)
    if (match === null) return null
    const [, star, from, to, step] = match
    const first = star === undefined ? valueOf(from, lowest, names) : lowest
    const open = star !== undefined || (to === undefined && step !== undefined)
    const last = open ? highest : to === undefined ? first : valueOf(to, lowest, names)
    const every = step === undefined ? 1 : Number(step)
    if (first === null || last === null || first < lowest || last > highest || first > last || every === 0) return null
    for (let value = first; value <= last; value += every) values.add(value)
  }
  return values
}

function valueOf(text: string | undefined, lowest: number, names: readonly string[]): number | null {
  if (text === undefined) return null
  const named = names.indexOf(text.toLowerCase())
  if (named !== -1) return named + lowest
  return /^\d+$/.test(text) ? Number(text) : null
}

/** How far a zone is ahead of UTC at a time; null for a zone that is not known. */
function zoneOffset(timeZone: string, at: number): number | null {
  let name: string | undefined
  try {
    const parts = new Intl.DateTimeFormat('en-US', {timeZone, timeZoneName: 'longOffset'}).formatToParts(at)
    name = parts.find(({type}) => type === 'timeZoneName')?.value
  } catch {
    return null
  }
  const match = /^GMT(?:([+-])(\d\d):(\d\d))?$/.exec(name ?? '')
  if (match === null) return null
  const [, sign, hours, minutes] = match
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * HOUR + Number(minutes ?? 0) * MINUTE)
}
