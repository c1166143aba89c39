import type { ValueLayout } from './value-layout.ts'

/**
 * Copies `count` values of a fixed width, stored one after another from byte `start` on, to rows `from` and on of `out`,
 * which starts at a multiple of the width.
 */
export function copyPlain(
  bytes: Uint8Array,
  start: number,
  count: number,
  layout: ValueLayout,
  out: Uint8Array,
  from: number,
): void {
  const { stored, kind, width } = layout
  const end = start + count * stored
  if (end > bytes.length) throw new Error('the values of a page end early')
  if (kind === 'copy') out.set(bytes.subarray(start, end), from * stored)
  else if (kind === 'narrow') {
    for (let k = 0; k < count; k++) {
      for (let i = 0; i < width; i++) out[(from + k) * width + i] = bytes[start + k * 4 + i]!
    }
  } else {
    const words = new Uint32Array(out.buffer, out.byteOffset, out.byteLength >>> 2)
    if (kind === 'big-endian') widenBigEndian(bytes, start, stored, count, words, from)
    else widen(bytes, start, stored, count, words, from)
  }
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Integers of 4 or 8 bytes as 128-bit ones, in four words. */
function widen(bytes: Uint8Array, start: number, stored: number, count: number, out: Uint32Array, from: number): void {
  const address = bytes.byteOffset + start
  const words = (count * stored) >>> 2
  const source =
    address % 4 === 0 && isLittleEndian
      ? new Int32Array(bytes.buffer, address, words)
      : new Int32Array(bytes.slice(start, start + count * stored).buffer)
  if (stored === 4) {
    for (let k = 0; k < count; k++) {
      const value = source[k]!
      const at = (from + k) * 4
      out[at] = value
      const sign = value >> 31
      out[at + 1] = sign
      out[at + 2] = sign
      out[at + 3] = sign
    }
    return
  }
  for (let k = 0; k < count; k++) {
    const high = source[2 * k + 1]!
    const at = (from + k) * 4
    out[at] = source[2 * k]!
    out[at + 1] = high
    const sign = high >> 31
    out[at + 2] = sign
    out[at + 3] = sign
  }
}

/** Big-endian integers of up to 16 bytes as 128-bit ones. */
function widenBigEndian(
  bytes: Uint8Array,
  start: number,
  stored: number,
  count: number,
  out: Uint32Array,
  from: number,
): void {
  for (let k = 0; k < count; k++) {
    const first = start + k * stored
    const last = first + stored - 1
    const fill = (bytes[first]! << 24) >> 31
    for (let w = 0; w < 4; w++) {
      let word = 0
      for (let i = 3; i >= 0; i--) {
        const at = last - 4 * w - i
        word = (word << 8) | (at >= first ? bytes[at]! : fill & 0xff)
      }
      out[(from + k) * 4 + w] = word
    }
  }
}

/**
 * Moves the first values (of `width` bytes), which are those that are present, to the rows that `levels` says are:
 * `levels[k]` is of row `from + k`.
 */
export function spreadValues(
  out: Uint8Array,
  width: number,
  levels: Uint32Array,
  from: number,
  count: number,
  present: number,
): void {
  const slots = width < 4 ? width : width >>> 2
  const values = width < 4 ? out : new Uint32Array(out.buffer, out.byteOffset, out.byteLength >>> 2)
  let at = from + present
  for (let k = count - 1; k >= 0 && at <= from + k; k--) {
    if (levels[k] === 0) continue
    at--
    for (let i = 0; i < slots; i++) values[(from + k) * slots + i] = values[at * slots + i]!
  }
}
