import { VolleyError } from '../errors.ts'
import { indexOfBytes } from '../vectors/bytes-kernels.ts'

/** A test of one byte run. */
export interface BytesTest {
  test(bytes: Uint8Array, start: number, end: number): boolean
}

/** What stands between two `%`: literal bytes, with -1 for `_`. `points` is its length in code points. */
interface Segment {
  readonly units: Int16Array
  /** The bytes, when there is no `_`. */
  readonly literal: Uint8Array | null
  readonly points: number
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * A compiled LIKE pattern: segments between `%`, the first anchored at the start and the last at the end unless the
 * pattern starts or ends with `%`. Between them, the leftmost match of each segment is right, so the time is bounded by
 * the product of the two lengths.
 */
export class LikePattern implements BytesTest {
  readonly #segments: readonly Segment[]
  readonly #insensitive: boolean
  #scratch = new Uint8Array(256)

  /** @throws VolleyError 22025 when the pattern ends with its escape character. */
  constructor(pattern: string, options: { readonly caseInsensitive: boolean; readonly escape: string | null }) {
    this.#insensitive = options.caseInsensitive
    this.#segments = parsePattern(options.caseInsensitive ? pattern.toLowerCase() : pattern, options.escape ?? '\\')
  }

  /** The bytes that a row need only contain, for a pattern of them between two `%`; null for others. */
  get contained(): Uint8Array | null {
    const [first, middle, last, ...more] = this.#segments
    if (this.#insensitive || last === undefined || more.length > 0) return null
    return first!.units.length === 0 && last.units.length === 0 ? middle!.literal : null
  }

  /** The longest bytes that a row must contain, for a pattern with something between two `%`; null for others. */
  get required(): Uint8Array | null {
    if (this.#insensitive || this.#segments.length < 3) return null
    let longest: Uint8Array | null = null
    for (const { literal } of this.#segments) {
      if (literal !== null && literal.length > (longest?.length ?? 1)) longest = literal
    }
    return longest
  }

  test(bytes: Uint8Array, start: number, end: number): boolean {
    if (!this.#insensitive) return this.#match(bytes, start, end)
    const length = end - start
    if (this.#scratch.length < length) this.#scratch = new Uint8Array(length * 2)
    const scratch = this.#scratch
    let ascii = 0
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i]!
      ascii |= byte
      scratch[i] = byte >= 65 && byte <= 90 ? byte + 32 : byte
    }
    if (ascii < 0x80) return this.#match(scratch, 0, length)
    const lower = encoder.encode(decoder.decode(bytes.slice(start, end)).toLowerCase())
    return this.#match(lower, 0, lower.length)
  }

  #match(bytes: Uint8Array, start: number, end: number): boolean {
    const segments = this.#segments
    const last = segments.length - 1
    let at = matchAt(segments[0]!, bytes, start, end)
    if (at < 0) return false
    if (last === 0) return at === end
    for (let s = 1; s < last; s++) {
      at = findFrom(segments[s]!, bytes, at, end)
      if (at < 0) return false
    }
    const tail = stepBack(bytes, at, end, segments[last]!)
    return tail >= 0 && matchAt(segments[last]!, bytes, tail, end) === end
  }
}

function parsePattern(pattern: string, escape: string): Segment[] {
  const segments: Segment[] = []
  let units: number[] = []
  let points = 0
  const close = (): void => {
    const literal = units.includes(-1) ? null : Uint8Array.from(units)
    segments.push({ units: Int16Array.from(units), literal, points })
    units = []
    points = 0
  }
  const characters = [...pattern]
  for (let i = 0; i < characters.length; i++) {
    let character = characters[i]!
    if (escape !== '' && character === escape) {
      if (++i === characters.length) {
        throw new VolleyError('a LIKE pattern must not end with its escape character', { code: '22025' })
      }
      character = characters[i]!
    } else if (character === '%') {
      close()
      continue
    } else if (character === '_') {
      units.push(-1)
      points++
      continue
    }
    units.push(...encoder.encode(character))
    points++
  }
  close()
  return segments
}

/** Position behind the segment matched at `at`, or -1. */
function matchAt(segment: Segment, bytes: Uint8Array, at: number, end: number): number {
  const { units } = segment
  for (let u = 0; u < units.length; u++) {
    if (at >= end) return -1
    const unit = units[u]!
    if (unit >= 0) {
      if (bytes[at++] !== unit) return -1
      continue
    }
    at++
    while (at < end && (bytes[at]! & 0xc0) === 0x80) at++
  }
  return at
}

/** Position behind the leftmost match from `at` on, or -1. */
function findFrom(segment: Segment, bytes: Uint8Array, at: number, end: number): number {
  const { literal } = segment
  if (literal !== null) {
    const found = indexOfBytes(bytes, at, end, literal)
    return found < 0 ? -1 : found + literal.length
  }
  while (at <= end) {
    const behind = matchAt(segment, bytes, at, end)
    if (behind >= 0) return behind
    at++
    while (at < end && (bytes[at]! & 0xc0) === 0x80) at++
  }
  return -1
}

/** Where a match that ends at `end` would start, or -1 when that is before `start`. */
function stepBack(bytes: Uint8Array, start: number, end: number, segment: Segment): number {
  if (segment.literal !== null) return end - segment.literal.length < start ? -1 : end - segment.literal.length
  let at = end
  for (let p = 0; p < segment.points; p++) {
    if (at <= start) return -1
    at--
    while (at > start && (bytes[at]! & 0xc0) === 0x80) at--
  }
  return at
}
