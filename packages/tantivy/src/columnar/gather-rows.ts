/** Values min + gcd * raw, each raw one of `width` bits, packed one after another with two words of padding. */
export interface ScaledValues {
  readonly words: Uint32Array
  readonly width: number
  /** Halves of the least value as signed integers, with the sign of the values undone where they have one: that is an addition, too. */
  readonly minLo: number
  readonly minHi: number
  readonly gcd: number
}

/** Bits of what a double holds exactly, less one for a carry. */
const EXACT_BITS = 52
/** Bits that a 32-bit bit number reaches. */
const MAX_INT_BITS = 2 ** 32

const WORD = 2 ** 32
/** What makes the order of signed numbers that of unsigned ones. */
const SIGN = 0x80000000 | 0

/**
 * What rows are gathered from one by one in a single pass, with each value's address independent of the others: so that the
 * processor fetches many at a time. Null for values that no such loop is for.
 */
export function scaledValues(words: Uint32Array, width: number, min: bigint, gcd: bigint): ScaledValues | null {
  const bits = gcd < 2n ? 0 : gcd.toString(2).length
  if (words.length >= MAX_INT_BITS / 32 || (bits > 0 && width + bits > EXACT_BITS) || (bits > 0 && width > 32)) {
    return null
  }
  const [minLo, minHi] = [Number(BigInt.asIntN(32, min)), Number(BigInt.asIntN(32, min >> 32n))]
  return { words, width, minLo, minHi, gcd: bits === 0 ? 1 : Number(gcd) }
}

/** Rows whose words are fetched together. */
const AHEAD = 256
/** Bits from row to row, on average, from which each value lies in a line of its own, or nearly so. */
const FAR = 256

/** Runs a loop over `count` rows: at once, or where they lie far apart by parts, each of them after `touch`. */
function inParts(
  { words, width }: ScaledValues,
  rows: Uint32Array,
  count: number,
  loop: (from: number, end: number) => void,
): void {
  const span = count === 0 ? 0 : Math.abs(rows[count - 1]! - rows[0]!)
  if (span * width <= count * FAR) {
    loop(0, count)
    return
  }
  for (let from = 0; from < count; from += AHEAD) {
    const end = Math.min(count, from + AHEAD)
    touch(words, width, rows, from, end)
    loop(from, end)
  }
}

/** What keeps the reads of `touch` from being left out. */
const touched = new Uint32Array(1)

/** Reads a word of each row and nothing more: so short a loop has the processor wait for more lines at a time. */
function touch(words: Uint32Array, width: number, rows: Uint32Array, from: number, to: number): void {
  let all = 0
  for (let i = from; i < to; i += 1) all ^= words[Math.imul(rows[i]!, width) >>> 5]!
  touched[0] = all
}

/** Writes the values of `count` rows, in any order, as pairs of halves, to out[2 * at...). */
export function gatherWide(values: ScaledValues, rows: Uint32Array, count: number, out: Uint32Array, at: number): void {
  const gather = loopFor(values)
  inParts(values, rows, count, (from, end) => gather(values, rows, from, end, out, 2 * (at + from)))
}

/** Writes the values of rows[from...end) as pairs of halves to out[to...). */
type WideLoop = (
  values: ScaledValues,
  rows: Uint32Array,
  from: number,
  end: number,
  out: Uint32Array,
  to: number,
) => void

function loopFor({ width, gcd }: ScaledValues): WideLoop {
  if (width === 64) return gatherWords
  if (width > 32) return gatherLong
  return gcd === 1 ? gatherPlain : gatherScaled
}

const gatherPlain: WideLoop = ({ words, width, minLo, minHi }, rows, from, end, out, to) => {
  const mask = maskOf(width)
  const carryBelow = minLo ^ SIGN
  for (let i = from; i < end; i += 1) {
    const bit = Math.imul(rows[i]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    // << 1 << 31 - shift is << 32 - shift that also holds for a shift of 0
    const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
    const low = (raw + minLo) | 0
    out[to] = low
    out[to + 1] = (minHi + +((low ^ SIGN) < carryBelow)) | 0
    to += 2
  }
}

const gatherScaled: WideLoop = ({ words, width, minLo, minHi, gcd }, rows, from, end, out, to) => {
  const mask = maskOf(width)
  const least = minLo >>> 0
  for (let i = from; i < end; i += 1) {
    const bit = Math.imul(rows[i]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
    const value = (raw >>> 0) * gcd + least
    out[to] = value
    out[to + 1] = minHi + Math.floor(value / WORD)
    to += 2
  }
}

const gatherLong: WideLoop = ({ words, width, minLo, minHi }, rows, from, end, out, to) => {
  const mask = (1 << (width - 32)) - 1
  const carryBelow = minLo ^ SIGN
  for (let i = from; i < end; i += 1) {
    const bit = Math.imul(rows[i]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    const second = words[word + 1]!
    const low = (((words[word]! >>> shift) | ((second << 1) << (31 - shift))) + minLo) | 0
    const high = ((second >>> shift) | ((words[word + 2]! << 1) << (31 - shift))) & mask
    out[to] = low
    out[to + 1] = (high + minHi + +((low ^ SIGN) < carryBelow)) | 0
    to += 2
  }
}

const gatherWords: WideLoop = ({ words, minLo, minHi }, rows, from, end, out, to) => {
  const carryBelow = minLo ^ SIGN
  for (let i = from; i < end; i += 1) {
    const word = rows[i]! << 1
    const low = (words[word]! + minLo) | 0
    out[to] = low
    out[to + 1] = (words[word + 1]! + minHi + +((low ^ SIGN) < carryBelow)) | 0
    to += 2
  }
}

/** Writes the low halves of the values of `count` rows, in any order, of at most 32 bits, to out[at...). */
export function gatherLow(values: ScaledValues, rows: Uint32Array, count: number, out: Uint32Array, at: number): void {
  inParts(values, rows, count, (from, end) => gatherLowPart(values, rows, from, end, out, at + from))
}

function gatherLowPart(
  { words, width, minLo, gcd }: ScaledValues,
  rows: Uint32Array,
  from: number,
  end: number,
  out: Uint32Array,
  at: number,
): void {
  const mask = maskOf(width)
  let to = at
  for (let i = from; i < end; i += 1) {
    const bit = Math.imul(rows[i]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
    out[to] = Math.imul(raw, gcd) + minLo
    to += 1
  }
}

/**
 * Writes names[k] to out[at...) for each k below `count` whose row rows[k] has a raw value in [least, most]; returns their
 * number.
 */
export function matchRaw(
  values: ScaledValues,
  rows: Uint32Array,
  names: Uint32Array,
  count: number,
  least: bigint,
  most: bigint,
  out: Uint32Array,
  at: number,
): number {
  const { width } = values
  let to = at
  if (width > 32) {
    const range = longRange(least, most)
    inParts(values, rows, count, (from, end) => {
      to = matchLongPart(values, rows, names, from, end, range, out, to)
    })
    return to - at
  }
  const low = Number(least)
  const range = (Number(most) - low) ^ SIGN
  inParts(values, rows, count, (from, end) => {
    to = matchPart(values, rows, names, from, end, low, range, out, to)
  })
  return to - at
}

/** The same for rows[from...end) and raw values of at most 32 bits; returns the end of what was written. */
function matchPart(
  { words, width }: ScaledValues,
  rows: Uint32Array,
  names: Uint32Array,
  from: number,
  end: number,
  low: number,
  range: number,
  out: Uint32Array,
  at: number,
): number {
  const mask = maskOf(width)
  let to = at
  for (let k = from; k < end; k += 1) {
    const bit = Math.imul(rows[k]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
    out[to] = names[k]!
    to += +(((raw - low) ^ SIGN) <= range)
  }
  return to
}

/** Halves of the bounds of raw values. */
interface LongRange {
  readonly fromLow: number
  readonly fromHigh: number
  readonly toLow: number
  readonly toHigh: number
}

function longRange(least: bigint, most: bigint): LongRange {
  const [fromLow, fromHigh] = [Number(least & 0xffffffffn), Number(least >> 32n)]
  const [toLow, toHigh] = [Number(most & 0xffffffffn), Number(most >> 32n)]
  return { fromLow, fromHigh, toLow, toHigh }
}

/** The same for raw values of more than 32 bits. */
function matchLongPart(
  { words, width }: ScaledValues,
  rows: Uint32Array,
  names: Uint32Array,
  from: number,
  end: number,
  { fromLow, fromHigh, toLow, toHigh }: LongRange,
  out: Uint32Array,
  at: number,
): number {
  const mask = highMaskOf(width)
  let to = at
  for (let k = from; k < end; k += 1) {
    const bit = Math.imul(rows[k]!, width)
    const word = bit >>> 5
    const shift = bit & 31
    const second = words[word + 1]!
    const high = (((second >>> shift) | ((words[word + 2]! << 1) << (31 - shift))) & mask) >>> 0
    if (high < fromHigh || high > toHigh) continue
    const low = ((words[word]! >>> shift) | ((second << 1) << (31 - shift))) >>> 0
    if ((high === fromHigh && low < fromLow) || (high === toHigh && low > toLow)) continue
    out[to] = names[k]!
    to += 1
  }
  return to
}

function maskOf(width: number): number {
  return width === 32 ? -1 : (1 << width) - 1
}

/** Of the high halves of values of more than 32 bits. */
function highMaskOf(width: number): number {
  return width === 64 ? -1 : (1 << (width - 32)) - 1
}

/**
 * Writes the rows of some spans, each a start and an end, whose raw value is in [from, to] to out, where each span has room;
 * returns their number.
 */
export function matchSpans(
  { words, width }: ScaledValues,
  spans: Uint32Array,
  from: bigint,
  to: bigint,
  out: Uint32Array,
): number {
  if (width > 32) return matchLongSpans(words, width, spans, longRange(from, to), out)
  const mask = maskOf(width)
  const low = Number(from)
  const range = (Number(to) - low) ^ SIGN
  let found = 0
  for (let k = 0; k < spans.length; k += 2) {
    const end = spans[k + 1]!
    let bit = Math.imul(spans[k]!, width)
    for (let row = spans[k]!; row < end; row += 1) {
      const word = bit >>> 5
      const shift = bit & 31
      const raw = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & mask
      out[found] = row
      found += +(((raw - low) ^ SIGN) <= range)
      bit = (bit + width) | 0
    }
  }
  return found
}

function matchLongSpans(
  words: Uint32Array,
  width: number,
  spans: Uint32Array,
  { fromLow, fromHigh, toLow, toHigh }: LongRange,
  out: Uint32Array,
): number {
  const mask = highMaskOf(width)
  let found = 0
  for (let k = 0; k < spans.length; k += 2) {
    const end = spans[k + 1]!
    let bit = Math.imul(spans[k]!, width)
    for (let row = spans[k]!; row < end; row += 1, bit = (bit + width) | 0) {
      const word = bit >>> 5
      const shift = bit & 31
      const second = words[word + 1]!
      const high = (((second >>> shift) | ((words[word + 2]! << 1) << (31 - shift))) & mask) >>> 0
      if (high < fromHigh || high > toHigh) continue
      const low = ((words[word]! >>> shift) | ((second << 1) << (31 - shift))) >>> 0
      if ((high === fromHigh && low < fromLow) || (high === toHigh && low > toLow)) continue
      out[found] = row
      found += 1
    }
  }
  return found
}
