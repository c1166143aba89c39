import { concatWords } from '@volley/kernels'
import { allRows } from '../vectors/selection.ts'

/** Buckets of a pass. */
const BUCKETS = 4096
/** Rows of which it is not worth telling apart those that count. */
const FEW = 1024

/**
 * Row numbers, ascending, among which the first `count` of `length` rows by their words are, with all that tie with the last of
 * them; few others.
 */
export function firstByWords(words: readonly Uint32Array[], length: number, count: number): Uint32Array {
  const counts = new Uint32Array(BUCKETS)
  const kept: Uint32Array[] = []
  let wanted = count
  // Of these, which are alike before word `w`, the first `wanted` count.
  let rows: Uint32Array | null = null
  let w = 0
  for (;;) {
    const size = rows === null ? length : rows.length
    if (w === words.length || size <= wanted || size <= FEW) break
    const word = words[w]!
    const [least, most] = boundsOf(word, rows, size)
    if (least === most) {
      w++
      continue
    }
    const shift = Math.max(0, 32 - Math.clz32(most - least) - 12)
    counts.fill(0)
    if (rows === null) for (let i = 0; i < size; i++) counts[(word[i]! - least) >>> shift]!++
    else for (let i = 0; i < size; i++) counts[(word[rows[i]!]! - least) >>> shift]!++
    let bucket = 0
    let before = 0
    while (before + counts[bucket]! < wanted) before += counts[bucket++]!
    const sure = new Uint32Array(before)
    const open = new Uint32Array(counts[bucket]!)
    part(word, rows, size, least, shift, bucket, sure, open)
    kept.push(sure)
    wanted -= before
    rows = open
  }
  if (rows === null) return Uint32Array.from(allRows(length))
  kept.push(rows)
  return concatWords(kept).sort()
}

function boundsOf(word: Uint32Array, rows: Uint32Array | null, size: number): readonly [number, number] {
  let least = 0xffffffff
  let most = 0
  for (let i = 0; i < size; i++) {
    const value = rows === null ? word[i]! : word[rows[i]!]!
    if (value < least) least = value
    if (value > most) most = value
  }
  return [least, most]
}

/** Puts rows of the buckets before one to `sure`, and its own to `open`. */
function part(
  word: Uint32Array,
  rows: Uint32Array | null,
  size: number,
  least: number,
  shift: number,
  bucket: number,
  sure: Uint32Array,
  open: Uint32Array,
): void {
  let before = 0
  let own = 0
  for (let i = 0; i < size; i++) {
    const row = rows === null ? i : rows[i]!
    const place = (word[row]! - least) >>> shift
    if (place < bucket) sure[before++] = row
    else if (place === bucket) open[own++] = row
  }
}
