/**
 * Copies bit-packed bytes to an aligned array of 32-bit words with two words of padding, so that unpacking may read one
 * word past the last value.
 */
export function alignWords(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(((bytes.length + 3) >> 2) + 3)
  new Uint8Array(words.buffer).set(bytes)
  return words
}

/** Number of bytes that `count` values of `width` bits take. */
export function packedBytes(count: number, width: number): number {
  return Math.ceil((count * width) / 8)
}

/** Bits that a 32-bit bit number reaches. */
const MAX_INT_BITS = 2 ** 32

type Unpack = (words: Uint32Array, word: number, out: Uint32Array, at: number, groups: number) => void

const UNPACKERS: (Unpack | null)[] = Array.from({ length: 33 }, () => null)

/**
 * Unpacks whole groups of 32 values of `width` 1 to 32 bits, which start at `words[word]`. The loop is generated for
 * the width, with every shift and mask a constant: three times as fast as one for all widths. Where code generation is
 * refused (a content security policy) the general loop stands in.
 */
function unpackGroups(
  width: number,
  words: Uint32Array,
  word: number,
  out: Uint32Array,
  at: number,
  groups: number,
): void {
  let unpack = UNPACKERS[width]
  if (unpack === null || unpack === undefined) {
    unpack = makeUnpack(width)
    UNPACKERS[width] = unpack
  }
  unpack(words, word, out, at, groups)
}

function makeUnpack(width: number): Unpack {
  const lines: string[] = []
  for (let k = 0; k < width; k += 1) lines.push(`const w${k} = words[word + ${k}];`)
  const mask = width === 32 ? '' : ` & ${2 ** width - 1}`
  for (let i = 0; i < 32; i += 1) {
    const bit = i * width
    const k = bit >> 5
    const shift = bit & 31
    const low = shift === 0 ? `w${k}` : `w${k} >>> ${shift}`
    const value = shift + width > 32 ? `(${low} | w${k + 1} << ${32 - shift})` : `(${low})`
    lines.push(`out[at + ${i}] = ${value}${mask};`)
  }
  const body = `for (let g = 0; g < groups; g += 1) { ${lines.join(' ')} word += ${width}; at += 32; }`
  try {
    return new Function('words', 'word', 'out', 'at', 'groups', body) as Unpack
  } catch {
    return (words, word, out, at, groups) => unpackAny(words, width, word * 32, out, at, groups * 32)
  }
}

function unpackAny(words: Uint32Array, width: number, bit: number, out: Uint32Array, at: number, count: number): void {
  const mask = width === 32 ? -1 : (1 << width) - 1
  let word = Math.floor(bit / 32)
  let shift = bit % 32
  for (let i = 0; i < count; i += 1) {
    let value = words[word]! >>> shift
    const end = shift + width
    if (end > 32) value |= words[word + 1]! << (32 - shift)
    out[at + i] = value & mask
    word += end >> 5
    shift = end & 31
  }
}

/** Unpacks values [start, end) of `width` 0 to 32 bits to out[at...). */
export function unpackRange(
  words: Uint32Array,
  width: number,
  start: number,
  end: number,
  out: Uint32Array,
  at: number,
): void {
  if (width === 0) {
    out.fill(0, at, at + end - start)
    return
  }
  let from = start
  let to = at
  const head = Math.min(end, Math.ceil(start / 32) * 32) - start
  if (head > 0) {
    unpackAny(words, width, from * width, out, to, head)
    from += head
    to += head
  }
  const groups = Math.floor((end - from) / 32)
  if (groups > 0) {
    unpackGroups(width, words, (from / 32) * width, out, to, groups)
    from += groups * 32
    to += groups * 32
  }
  if (from < end) unpackAny(words, width, from * width, out, to, end - from)
}

/** Unpacks values [start, end) of 33 to 64 bits as halves to lo[at...) and hi[at...). */
export function unpackWideRange(
  words: Uint32Array,
  width: number,
  start: number,
  end: number,
  lo: Uint32Array,
  hi: Uint32Array,
  at: number,
): void {
  const mask = width === 64 ? -1 : (1 << (width - 32)) - 1
  const bit = start * width
  let word = Math.floor(bit / 32)
  let shift = bit % 32
  const step = width - 32
  const count = end - start
  for (let i = at; i < at + count; i += 1) {
    if (shift === 0) {
      lo[i] = words[word]!
      hi[i] = words[word + 1]! & mask
    } else {
      const middle = words[word + 1]!
      lo[i] = (words[word]! >>> shift) | (middle << (32 - shift))
      hi[i] = ((middle >>> shift) | (words[word + 2]! << (32 - shift))) & mask
    }
    const next = shift + step
    word += 1 + (next >> 5)
    shift = next & 31
  }
}

/** Unpacks the values of `count` rows, of 0 to 64 bits, as halves. */
export function unpackRows(
  words: Uint32Array,
  width: number,
  rows: Uint32Array,
  count: number,
  lo: Uint32Array,
  hi: Uint32Array,
): void {
  if (width === 0) {
    lo.fill(0, 0, count)
    hi.fill(0, 0, count)
    return
  }
  const wide = width > 32
  const maskLo = width >= 32 ? -1 : (1 << width) - 1
  const maskHi = width === 64 ? -1 : wide ? (1 << (width - 32)) - 1 : 0
  if (!wide && words.length < MAX_INT_BITS / 32) {
    // bit numbers are 32-bit integers
    hi.fill(0, 0, count)
    for (let i = 0; i < count; i += 1) {
      const bit = Math.imul(rows[i]!, width)
      const word = bit >>> 5
      const shift = bit & 31
      // << 1 << 31 - shift is << 32 - shift that also holds for a shift of 0
      lo[i] = ((words[word]! >>> shift) | ((words[word + 1]! << 1) << (31 - shift))) & maskLo
    }
    return
  }
  if (width === 64) {
    for (let i = 0; i < count; i += 1) {
      const word = 2 * rows[i]!
      lo[i] = words[word]!
      hi[i] = words[word + 1]!
    }
    return
  }
  if (wide && words.length < MAX_INT_BITS / 32) {
    for (let i = 0; i < count; i += 1) {
      const bit = Math.imul(rows[i]!, width)
      const word = bit >>> 5
      const shift = bit & 31
      const second = words[word + 1]!
      lo[i] = (words[word]! >>> shift) | ((second << 1) << (31 - shift))
      hi[i] = ((second >>> shift) | ((words[word + 2]! << 1) << (31 - shift))) & maskHi
    }
    return
  }
  for (let i = 0; i < count; i += 1) {
    const bit = rows[i]! * width
    const word = Math.floor(bit / 32)
    const shift = bit % 32
    const first = words[word]!
    const second = words[word + 1]!
    lo[i] = (shift === 0 ? first : (first >>> shift) | (second << (32 - shift))) & maskLo
    if (wide) hi[i] = (shift === 0 ? second : (second >>> shift) | (words[word + 2]! << (32 - shift))) & maskHi
    else hi[i] = 0
  }
}
