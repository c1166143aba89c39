import type { PrimitiveVector } from '@volley/core'

/** The distinct numbers of a list, ascending. */
export function distinctSorted(numbers: Uint32Array): Uint32Array {
  const sorted = numbers.slice().sort()
  let count = 0
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i]!
  return sorted.subarray(0, count)
}

/** Puts 1 at the place of each ordinal that one of `length` rows has. */
export function markOrdinals(ordinals: PrimitiveVector, length: number, places: Uint32Array): void {
  const values = ordinals.values as Uint32Array
  if (ordinals.validity === null) for (let i = 0; i < length; i++) places[values[i]!] = 1
  else for (let i = 0; i < length; i++) if (ordinals.isValid(i)) places[values[i]!] = 1
}

/** The marked ordinals, `most` of them at most, ascending; each one's place becomes its position among them. */
export function numberMarked(places: Uint32Array, most: number): Uint32Array {
  const distinct = new Uint32Array(Math.min(most, places.length))
  let count = 0
  for (let ordinal = 0; ordinal < places.length; ordinal++) {
    if (places[ordinal] === 0) continue
    places[ordinal] = count
    distinct[count++] = ordinal
  }
  return distinct.subarray(0, count)
}
