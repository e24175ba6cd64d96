import type {Partition} from '../../clients/kafka/types.ts'

const SHOWN = 3

/** `sapoche.ecg 0, 2`, `sapoche.ecg 0, 1, 2 and 9 more`. */
export function placesText(places: readonly Partition[]): string {
  const shown = places.slice(0, SHOWN)
  const texts = [...Map.groupBy(shown, ({topic}) => topic)].map(
    ([topic, partitions]) => `${topic} ${partitions.map(({partition}) => partition).join(', ')}`,
  )
  const more = places.length - shown.length
  return `${texts.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
