import { splitKeys } from './multi-terms.ts'
import { compareKeys, type EncodedKey } from './term-key.ts'

/** How the keys of an aggregation compare: those of multi_terms one after another. */
export function keyComparison(kind: 'terms' | 'multi_terms'): (a: EncodedKey, b: EncodedKey) => number {
  return kind === 'terms' ? compareKeys : compareJoined
}

/** Positions of keys in their order. */
export function rankKeys(keys: readonly EncodedKey[], kind: 'terms' | 'multi_terms'): Float64Array {
  const compare = keyComparison(kind)
  const order = [...keys.keys()].sort((a, b) => compare(keys[a]!, keys[b]!))
  const ranks = new Float64Array(keys.length)
  for (const [rank, k] of order.entries()) ranks[k] = rank
  return ranks
}

function compareJoined(a: EncodedKey, b: EncodedKey): number {
  const left = splitKeys(a)
  const right = splitKeys(b)
  for (const [k, key] of left.entries()) {
    const sign = compareKeys(key, right[k]!)
    if (sign !== 0) return sign
  }
  return 0
}
