import {distance} from 'fastest-levenshtein'

const MOST = 5

/**
 * The candidates that `word` was probably meant to be, nearest first, at most five:
 * those it begins; failing that those it is part of; failing that those within a third of its length in edits.
 */
export function nearestNames(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase()
  const allowed = Math.max(2, Math.floor(wanted.length / 3))
  const ranked = [...new Set(candidates)].map((name) => ({name, edits: distance(wanted, name.toLowerCase())}))
  ranked.sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
  const tiers = [
    ranked.filter(({name}) => wanted !== '' && name.toLowerCase().startsWith(wanted)),
    ranked.filter(({name}) => wanted !== '' && name.toLowerCase().includes(wanted)),
    ranked.filter(({edits}) => edits <= allowed),
  ]
  const nearest = tiers.find((tier) => tier.length > 0) ?? []
  return nearest.slice(0, MOST).map(({name}) => name)
}
