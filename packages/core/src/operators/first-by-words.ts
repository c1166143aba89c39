/** Buckets of a pass. */
const BUCKETS = 4096
/** Rows of which it is not worth telling apart those that count. */
const FEW = 1024

/**
 * Row numbers, ascending, among which the first `count` of `length` rows by their words are; few others. Where the words do
 * not say all, those are with them that tie with the last; else, of rows that tie, those with the lowest numbers count.
 */
export function firstByWords(
  words: readonly Uint32Array[],
  length: number,
  count: number,
  exact: boolean,
): Uint32Array {
  const counts = new Uint32Array(BUCKETS)
  const keeps = new Uint8Array(length)
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
    for (const row of sure) keeps[row] = 1
    wanted -= before
    rows = open
  }
  const alike = exact && w === words.length
  if (rows === null) keeps.fill(1, 0, alike ? wanted : length)
  else for (const row of alike ? rows.subarray(0, wanted) : rows) keeps[row] = 1
  return rowsKept(keeps)
}

function rowsKept(keeps: Uint8Array): Uint32Array {
  const rows = new Uint32Array(keeps.length)
  let count = 0
  for (let row = 0; row < keeps.length; row++) {
    rows[count] = row
    count += keeps[row]!
  }
  return rows.slice(0, count)
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
