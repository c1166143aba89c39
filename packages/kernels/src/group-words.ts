import { wasmKernels } from './wasm-kernels.ts'

/** Keys of two words each, by group, in an open-addressed table of 2^bits slots that hold group + 1, 0 where they are free. */
export interface WordGroups {
  /** The words of group g are at 2 g and 2 g + 1. */
  readonly keys: Int32Array
  readonly slots: Uint32Array
  readonly bits: number
}

/**
 * Gives each of `count` keys, two words each, its group, in the order of appearance; writes them to `out` and returns the
 * number of groups. The table has room for `groups` and `count` more, in at most half of its slots. In WebAssembly where
 * all views are of one arena, else in JavaScript, with the same result.
 */
export function groupWords(
  words: Int32Array,
  count: number,
  table: WordGroups,
  groups: number,
  out: Uint32Array,
): number {
  const { keys, slots, bits } = table
  const most = groups + count
  if (2 * count > words.length || count > out.length || 2 * most > keys.length || 2 * most > slots.length) {
    throw new RangeError(`groups of ${count} keys: the table, the keys or the result is shorter`)
  }
  if (2 ** bits > slots.length || 2 ** bits < 2 * most) throw new RangeError(`${most} groups in 2^${bits} slots`)
  const { buffer } = words
  const one = keys.buffer === buffer && slots.buffer === buffer && out.buffer === buffer
  const wasm = one ? wasmKernels(buffer) : null
  if (wasm === null) return groupTwin(words, count, table, groups, out)
  const number = wasm.groupWords(
    words.byteOffset,
    count,
    keys.byteOffset,
    slots.byteOffset,
    bits,
    groups,
    out.byteOffset,
  )
  return number >>> 0
}

function groupTwin(
  words: Int32Array,
  count: number,
  { keys, slots, bits }: WordGroups,
  groups: number,
  out: Uint32Array,
): number {
  const shift = 32 - bits
  const mask = 2 ** bits - 1
  let known = groups
  for (let i = 0; i < count; i += 1) {
    const low = words[2 * i]!
    const high = words[2 * i + 1]!
    let slot = hashWords(low, high) >>> shift
    let entry = slots[slot]!
    while (entry !== 0 && (keys[2 * entry - 2] !== low || keys[2 * entry - 1] !== high)) {
      slot = (slot + 1) & mask
      entry = slots[slot]!
    }
    if (entry === 0) {
      keys[2 * known] = low
      keys[2 * known + 1] = high
      entry = known += 1
      slots[slot] = entry
    }
    out[i] = entry - 1
  }
  return known
}

/** The hash whose upper bits choose a slot. */
export function hashWords(low: number, high: number): number {
  const hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0xc2b2ae35)
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1) >>> 0
}
