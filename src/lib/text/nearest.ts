import {distance} from 'fastest-levenshtein'

const MOST = 5

/**
 * The candidates that `word` was probably meant to be, best first, at most five:
 * those it begins, then those it is part of, then those within a third of its length in edits.
 */
export function nearestNames(word: string, candidates: readonly string[]): string[] {
  const wanted = word.toLowerCase()
  const allowed = Math.max(2, Math.floor(wanted.length / 3))
  const ranked: {name: string; rank: number; edits: number}[] = []
  for (const name of new Set(candidates)) {
    const candidate = name.toLowerCase()
    const edits = distance(wanted, candidate)
    if (wanted !== '' && candidate.startsWith(wanted)) ranked.push({name, rank: 0, edits})
    else if (wanted !== '' && candidate.includes(wanted)) ranked.push({name, rank: 1, edits})
    else if (edits <= allowed) ranked.push({name, rank: 2, edits})
  }
  ranked.sort((a, b) => a.rank - b.rank || a.edits - b.edits || (a.name < b.name ? -1 : 1))
  return ranked.slice(0, MOST).map((entry) => entry.name)
}
