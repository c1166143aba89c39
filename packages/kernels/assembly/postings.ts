// Posting lists and positions in blocks of 128 numbers, packed in four lanes (formats/tantivy.md section 1.3): row i of a
// block is numbers 4i to 4i+3, at the same bit of the lanes, so that a row is one vector. Sets of documents as bitmaps.

/**
 * Unpacks blocks of strict document deltas to `out`, 128 a block, and answers all documents OR-ed: its top bit tells that
 * one has left the range. Block b starts at words + 4 offsets[b] and has flags[b] & 31 bits a number.
 */
export function unpackDocs(words: usize, offsets: usize, flags: usize, blocks: i32, previous: i32, out: usize): i32 {
  const one = i32x4.splat(1)
  const zero = i32x4.splat(0)
  let last = i32x4.splat(previous)
  let seen = zero
  let to = out
  for (let b = 0; b < blocks; b++) {
    const width = i32(load<u8>(flags + usize(b)) & 31)
    const mask = i32x4.splat((1 << width) - 1)
    let at = words + (usize(load<u32>(offsets + (usize(b) << 2))) << 2)
    let row = v128.load(at)
    let shift = 0
    for (let i = 0; i < 32; i++) {
      let values = i32x4.shr_u(row, shift)
      shift += width
      if (shift >= 32) {
        shift -= 32
        at += 16
        row = v128.load(at)
        if (shift > 0) values = v128.or(values, i32x4.shl(row, width - shift))
      }
      values = i32x4.add(v128.and(values, mask), one)
      values = i32x4.add(values, v128.shuffle<i32>(zero, values, 0, 4, 5, 6))
      values = i32x4.add(values, v128.shuffle<i32>(zero, values, 0, 1, 4, 5))
      values = i32x4.add(values, last)
      last = v128.shuffle<i32>(values, values, 3, 3, 3, 3)
      seen = v128.or(seen, values)
      v128.store(to, values)
      to += 16
    }
  }
  return (
    i32x4.extract_lane(seen, 0) | i32x4.extract_lane(seen, 1) | i32x4.extract_lane(seen, 2) | i32x4.extract_lane(seen, 3)
  )
}

/** Unpacks blocks of plain numbers, of widths[b] bits each and at offsets[b] words, and adds `addend` to each. */
export function unpackNumbers(words: usize, offsets: usize, widths: usize, blocks: i32, addend: i32, out: usize): void {
  const add = i32x4.splat(addend)
  let to = out
  for (let b = 0; b < blocks; b++) {
    const width = i32(load<u8>(widths + usize(b)))
    const mask = i32x4.splat(width == 32 ? -1 : (1 << width) - 1)
    let at = words + (usize(load<u32>(offsets + (usize(b) << 2))) << 2)
    let row = v128.load(at)
    let shift = 0
    for (let i = 0; i < 32; i++) {
      let values = i32x4.shr_u(row, shift)
      shift += width
      if (shift >= 32) {
        shift -= 32
        at += 16
        row = v128.load(at)
        if (shift > 0) values = v128.or(values, i32x4.shl(row, width - shift))
      }
      v128.store(to, i32x4.add(v128.and(values, mask), add))
      to += 16
    }
  }
}

export function setBits(docs: usize, count: i32, bits: usize): void {
  const end = docs + (usize(count) << 2)
  for (let at = docs; at < end; at += 4) {
    const doc = load<u32>(at)
    const word = bits + usize((doc >>> 5) << 2)
    store<u32>(word, load<u32>(word) | (1 << (doc & 31)))
  }
}

/** Writes the documents whose bit is `wanted` (0 or 1) to `out`, which may be `docs`; answers their number. */
export function keepBits(docs: usize, count: i32, bits: usize, wanted: i32, out: usize): i32 {
  const end = docs + (usize(count) << 2)
  const flip = wanted ^ 1
  let to = out
  for (let at = docs; at < end; at += 4) {
    const doc = load<u32>(at)
    store<u32>(to, doc)
    to += usize((((load<u32>(bits + usize((doc >>> 5) << 2)) >>> (doc & 31)) & 1) ^ flip) << 2)
  }
  return i32((to - out) >> 2)
}

/** Number of the documents whose bit is set. */
export function countKept(docs: usize, count: i32, bits: usize): i32 {
  const end = docs + (usize(count) << 2)
  let kept = 0
  for (let at = docs; at < end; at += 4) {
    const doc = load<u32>(at)
    kept += i32((load<u32>(bits + usize((doc >>> 5) << 2)) >>> (doc & 31)) & 1)
  }
  return kept
}

/** Number of set bits; `words` is a multiple of 2. */
export function countBits(bits: usize, words: i32): i32 {
  const end = bits + (usize(words) << 2)
  let count: i64 = 0
  for (let at = bits; at < end; at += 8) count += popcnt(load<i64>(at))
  return i32(count)
}

/** Writes the numbers of the set bits, from `first` on, to `out`; answers how many. `words` is a multiple of 2. */
export function takeBits(bits: usize, words: i32, first: i32, out: usize): i32 {
  let to = out
  for (let k = 0; k < words; k += 2) {
    let word = load<u64>(bits + (usize(k) << 2))
    const base = first + 32 * k
    while (word != 0) {
      store<u32>(to, base + i32(ctz(word)))
      to += 4
      word &= word - 1
    }
  }
  return i32((to - out) >> 2)
}

/**
 * Documents of [start, end] with a position of one term at `distance` behind one of another. Each term has its documents,
 * its frequencies, and the position deltas of all its documents one after another. Writes documents and the numbers of
 * matches; answers how many documents.
 */
export function phrasePair(
  docsA: usize, freqsA: usize, countA: i32, positionsA: usize,
  docsB: usize, freqsB: usize, countB: i32, positionsB: usize,
  distance: i32, start: u32, end: u32, outDocs: usize, outFreqs: usize,
): i32 {
  const endA = docsA + (usize(countA) << 2)
  const endB = docsB + (usize(countB) << 2)
  const toFreqsA = freqsA - docsA
  const toFreqsB = freqsB - docsB
  let found: usize = 0
  while (docsA < endA && docsB < endB) {
    const a = load<u32>(docsA)
    const b = load<u32>(docsB)
    const sizeA = usize(load<u32>(docsA + toFreqsA)) << 2
    const sizeB = usize(load<u32>(docsB + toFreqsB)) << 2
    if (a == b) {
      if (a > end) break
      if (a >= start) {
        const matches = countPairs(positionsA, positionsA + sizeA, positionsB, positionsB + sizeB, distance)
        store<u32>(outDocs + found, a)
        store<u32>(outFreqs + found, matches)
        found += usize(matches > 0) << 2
      }
    }
    const stepA = usize(a <= b)
    const stepB = usize(b <= a)
    docsA += stepA << 2
    docsB += stepB << 2
    positionsA += sizeA * stepA
    positionsB += sizeB * stepB
  }
  return i32(found >> 2)
}

// @ts-ignore: decorator
@inline
function countPairs(fromA: usize, endA: usize, fromB: usize, endB: usize, distance: i32): i32 {
  let a = fromA
  let b = fromB
  let x = load<i32>(a) + distance
  let y = load<i32>(b)
  let count = 0
  for (;;) {
    count += i32(x == y)
    const stepA = x <= y
    const stepB = y <= x
    if (stepA) {
      a += 4
      if (a >= endA) break
      x += load<i32>(a)
    }
    if (stepB) {
      b += 4
      if (b >= endB) break
      y += load<i32>(b)
    }
  }
  return count
}
