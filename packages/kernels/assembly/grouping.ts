// Numbers distinct keys by first appearance: open addressing over 2^bits slots. Those of keys hold number + 1 in their low
// `bits` bits (0 is free) and a tag, other bits of the hash, in the rest of 32; those of texts number + 1 in the low word and a tag
// in the high one. The caller keeps the table at most half full.
//
// Both kernels start at row `first` and stop where the table is full (`limit` keys) or, for texts, where the heap is. They
// answer how many rows are done; the number of keys is read from `state` and written there.

const K0: u64 = 0x9e3779b97f4a7c15
const K1: u64 = 0xbf58476d1ce4e5b9
const K2: u64 = 0x94d049bb133111eb

// @ts-ignore: decorator
@inline
function finish(hash: u64): u64 {
  let h = hash ^ (hash >> 32)
  h *= K1
  return h ^ (h >> 29)
}

// @ts-ignore: decorator
@inline
function hashParts(at: usize, parts: i32): u64 {
  let h = load<u64>(at) * K0
  for (let i = 1; i < parts; i++) h = (rotl<u64>(h, 29) ^ load<u64>(at + (<usize>i << 3))) * K0
  return finish(h)
}

// @ts-ignore: decorator
@inline
function sameParts(a: usize, b: usize, parts: i32): bool {
  for (let i = 0; i < parts; i++) {
    if (load<u64>(a + (<usize>i << 3)) != load<u64>(b + (<usize>i << 3))) return false
  }
  return true
}

/** Rows whose places in the table are loaded together, and from how many slots, as a power of 2, that pays. */
const TOUCHED = 128
const TOUCHED_FROM = 14
/** Texts that are hashed together, and from how many slots. */
const HASHED = 64
const HASHED_FROM = 18

/**
 * Writes the hashes of some keys, cut to 32 bits, to `hashed`: the slot in the high bits, the tag below. Loads the slots and the
 * keys that are there, without a branch, so that what misses the cache is waited for together; what is loaded goes to a place
 * that nothing reads.
 */
// @ts-ignore: decorator
@inline
function touch(
  keys: usize,
  parts: i32,
  count: i32,
  slots: usize,
  bits: i32,
  stored: usize,
  state: usize,
  hashed: usize,
): void {
  const size: usize = <usize>parts << 3
  const shift: u32 = 32 - bits
  for (let k = 0; k < count; k++) {
    store<u32>(hashed + (<usize>k << 2), <u32>(hashParts(keys + <usize>k * size, parts) >> 32))
  }
  if (bits < TOUCHED_FROM) return
  const mask: u32 = (<u32>1 << bits) - 1
  let sum: u64 = 0
  for (let k = 0; k < count; k++) {
    sum += load<u32>(slots + (<usize>(load<u32>(hashed + (<usize>k << 2)) >> shift) << 2))
  }
  for (let k = 0; k < count; k++) {
    const number = load<u32>(slots + (<usize>(load<u32>(hashed + (<usize>k << 2)) >> shift) << 2)) & mask
    sum += load<u64>(stored + <usize>select<u32>(number - 1, 0, number != 0) * size)
  }
  store<u64>(state + 8, sum)
}

// @ts-ignore: decorator
@inline
function group(
  keys: usize,
  parts: i32,
  first: i32,
  count: i32,
  slots: usize,
  bits: i32,
  stored: usize,
  limit: i32,
  state: usize,
  out: usize,
): i32 {
  let groups = load<i32>(state)
  const shift: u32 = 32 - bits
  const mask: u32 = (<u32>1 << bits) - 1
  const size: usize = <usize>parts << 3
  let touched = first
  for (let k = first; k < count; k++) {
    const at = keys + <usize>k * size
    if (k == touched) {
      touched = min(count, k + TOUCHED)
      touch(at, parts, touched - k, slots, bits, stored, state, out + (<usize>k << 2))
    }
    const h = load<u32>(out + (<usize>k << 2))
    const tag = h << bits
    let slot = h >> shift
    while (true) {
      const entry = load<u32>(slots + (<usize>slot << 2))
      if (entry == 0) {
        if (groups == limit) {
          store<i32>(state, groups)
          return k
        }
        copyParts(stored + <usize>groups * size, at, parts)
        groups++
        store<u32>(slots + (<usize>slot << 2), tag | <u32>groups)
        store<i32>(out + (<usize>k << 2), groups - 1)
        break
      }
      if ((entry & ~mask) == tag) {
        const found = (entry & mask) - 1
        if (sameParts(stored + <usize>found * size, at, parts)) {
          store<u32>(out + (<usize>k << 2), found)
          break
        }
      }
      slot = (slot + 1) & mask
    }
  }
  store<i32>(state, groups)
  return count
}

// @ts-ignore: decorator
@inline
function copyParts(to: usize, from: usize, parts: i32): void {
  for (let i = 0; i < parts; i++) store<u64>(to + (<usize>i << 3), load<u64>(from + (<usize>i << 3)))
}

/** Keys of `parts` 64-bit parts each, one after the other; those of key g are kept at `stored`. */
export function groupKeys(
  keys: usize,
  parts: i32,
  first: i32,
  count: i32,
  slots: usize,
  bits: i32,
  stored: usize,
  limit: i32,
  state: usize,
  out: usize,
): i32 {
  if (parts == 1) return group(keys, 1, first, count, slots, bits, stored, limit, state, out)
  if (parts == 2) return group(keys, 2, first, count, slots, bits, stored, limit, state, out)
  return group(keys, parts, first, count, slots, bits, stored, limit, state, out)
}

/** Enters the first `count` keys of `stored` into empty slots; `hashed` has room for the hashes of 128. */
export function enterKeys(
  stored: usize,
  parts: i32,
  first: i32,
  end: i32,
  slots: usize,
  bits: i32,
  hashed: usize,
): void {
  const shift: u32 = 32 - bits
  const mask: u32 = (<u32>1 << bits) - 1
  const size: usize = <usize>parts << 3
  for (let from = first; from < end; from += TOUCHED) {
    const to = min(end, from + TOUCHED)
    touch(stored + <usize>from * size, parts, to - from, slots, bits, stored, hashed, hashed + 16)
    for (let g = from; g < to; g++) {
      const h = load<u32>(hashed + 16 + (<usize>(g - from) << 2))
      let slot = h >> shift
      while (load<u32>(slots + (<usize>slot << 2)) != 0) slot = (slot + 1) & mask
      store<u32>(slots + (<usize>slot << 2), (h << bits) | <u32>(g + 1))
    }
  }
}

// @ts-ignore: decorator
@inline
function enter(hash: u64, number: i32, slots: usize, bits: i32): void {
  const mask: usize = (<usize>1 << bits) - 1
  let slot = <usize>(hash >> (64 - <u64>bits))
  while (load<u64>(slots + (slot << 3)) != 0) slot = (slot + 1) & mask
  store<u64>(slots + (slot << 3), (<u64>(<u32>hash) << 32) | <u64>(number + 1))
}

/** The last bytes of a text, less than 8, in one number. */
// @ts-ignore: decorator
@inline
function tail(at: usize, length: i32): u64 {
  if (length >= 4) return (<u64>load<u32>(at) << 32) | <u64>load<u32>(at + length - 4)
  if (length == 0) return 0
  return (<u64>load<u8>(at) << 16) | (<u64>load<u8>(at + (length >> 1)) << 8) | <u64>load<u8>(at + length - 1)
}

// @ts-ignore: decorator
@inline
function mixed(h: u64, a: u64, b: u64): u64 {
  return ((h ^ a) * K0) ^ rotl<u64>((b ^ K2) * K1, 32)
}

// @ts-ignore: decorator
@inline
function hashText(start: usize, length: i32): u64 {
  const h: u64 = <u64>length * K2
  if (length >= 8) {
    if (length > 16) return hashLong(start, length, h)
    return finish(mixed(h, load<u64>(start), load<u64>(start + <usize>length - 8)))
  }
  return finish(mixed(h, tail(start, length), 0))
}

/** Of more than 16 bytes; the last ones may be taken twice. */
function hashLong(start: usize, length: i32, seed: u64): u64 {
  let h = seed
  const last = start + <usize>length - 16
  for (let at = start; at < last; at += 16) h = rotl<u64>(mixed(h, load<u64>(at), load<u64>(at + 8)), 29)
  return finish(mixed(h, load<u64>(last), load<u64>(last + 8)))
}

// @ts-ignore: decorator
@inline
function sameText(a: usize, b: usize, length: i32): bool {
  if (length >= 8) {
    if (length > 16) return sameLong(a, b, length)
    const last = <usize>length - 8
    return ((load<u64>(a) ^ load<u64>(b)) | (load<u64>(a + last) ^ load<u64>(b + last))) == 0
  }
  return tail(a, length) == tail(b, length)
}

function sameLong(a: usize, b: usize, length: i32): bool {
  const last = <usize>length - 16
  for (let i: usize = 0; i < last; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false
  }
  return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)))
}

/** Copies a text. */
// @ts-ignore: decorator
@inline
function copyText(to: usize, from: usize, length: i32): void {
  if (length > 64) {
    memory.copy(to, from, length)
    return
  }
  if (length >= 8) {
    const last = usize(length) - 8
    for (let i: usize = 0; i < last; i += 8) store<u64>(to + i, load<u64>(from + i))
    store<u64>(to + last, load<u64>(from + last))
    return
  }
  for (let i: usize = 0; i < usize(length); i++) store<u8>(to + i, load<u8>(from + i))
}

/** Hashes texts to `to`, and loads what of the table each is compared with, without a branch, as `touch` does. */
// @ts-ignore: decorator
@inline
function touchTexts(
  offsets: usize,
  bytes: usize,
  rows: usize,
  from: i32,
  to: i32,
  slots: usize,
  bits: i32,
  ends: usize,
  heap: usize,
  state: usize,
  hashed: usize,
): void {
  const shift: u64 = 64 - bits
  for (let k = from; k < to; k++) {
    const row = rows == 0 ? <usize>k : <usize>load<u32>(rows + (<usize>k << 2))
    const start = load<i32>(offsets + (row << 2))
    const length = load<i32>(offsets + (row << 2) + 4) - start
    store<u64>(hashed + (<usize>(k - from) << 3), hashText(bytes + <usize>start, length))
  }
  let sum: u64 = 0
  for (let k = from; k < to; k++) {
    sum += load<u64>(slots + (<usize>(load<u64>(hashed + (<usize>(k - from) << 3)) >> shift) << 3))
  }
  for (let k = from; k < to; k++) {
    const entry = <u32>load<u64>(slots + (<usize>(load<u64>(hashed + (<usize>(k - from) << 3)) >> shift) << 3))
    sum += load<u32>(ends + (<usize>select<u32>(entry - 1, 0, entry != 0) << 2))
  }
  for (let k = from; k < to; k++) {
    const entry = <u32>load<u64>(slots + (<usize>(load<u64>(hashed + (<usize>(k - from) << 3)) >> shift) << 3))
    sum += load<u8>(heap + <usize>load<u32>(ends + (<usize>select<u32>(entry - 1, 0, entry != 0) << 2)))
  }
  store<u64>(state + 8, sum)
}

/**
 * Texts `rows[k]` (k, where `rows` is 0) of a column. Text i is kept at `heap[ends[i] .. ends[i + 1])`, its hash in
 * `hashes[i]`; `hashed` has room for the hashes of 64 texts.
 */
export function groupTexts(
  offsets: usize,
  bytes: usize,
  rows: usize,
  first: i32,
  count: i32,
  slots: usize,
  bits: i32,
  ends: usize,
  hashes: usize,
  heap: usize,
  heapBytes: u32,
  limit: i32,
  hashed: usize,
  state: usize,
  out: usize,
): i32 {
  let groups = load<i32>(state)
  const shift: u64 = 64 - bits
  const mask: usize = (<usize>1 << bits) - 1
  let touched = first
  let block = first
  for (let k = first; k < count; k++) {
    if (k == touched && bits >= HASHED_FROM) {
      block = k
      touched = min(count, k + HASHED)
      touchTexts(offsets, bytes, rows, k, touched, slots, bits, ends, heap, state, hashed)
    }
    const row = rows == 0 ? <usize>k : <usize>load<u32>(rows + (<usize>k << 2))
    const from = load<i32>(offsets + (row << 2))
    const length = load<i32>(offsets + (row << 2) + 4) - from
    const text = bytes + <usize>from
    const h = k < touched ? load<u64>(hashed + (<usize>(k - block) << 3)) : hashText(text, length)
    const tag = <u32>h
    let slot = <usize>(h >> shift)
    while (true) {
      const entry = load<u64>(slots + (slot << 3))
      if (entry == 0) {
        const end = load<u32>(ends + (<usize>groups << 2))
        if (groups == limit || end + <u32>length > heapBytes) {
          store<i32>(state, groups)
          return k
        }
        copyText(heap + <usize>end, text, length)
        store<u64>(hashes + (<usize>groups << 3), h)
        groups++
        store<u32>(ends + (<usize>groups << 2), end + <u32>length)
        store<u64>(slots + (slot << 3), (<u64>tag << 32) | <u64>groups)
        store<i32>(out + (<usize>k << 2), groups - 1)
        break
      }
      if (<u32>(entry >> 32) == tag) {
        const found = <u32>entry - 1
        const kept = load<u32>(ends + (<usize>found << 2))
        if (
          load<u32>(ends + (<usize>found << 2) + 4) - kept == <u32>length &&
          sameText(heap + <usize>kept, text, length)
        ) {
          store<u32>(out + (<usize>k << 2), found)
          break
        }
      }
      slot = (slot + 1) & mask
    }
  }
  store<i32>(state, groups)
  return count
}

/** Enters the texts from number `first` to `end` (exclusive) into slots by their hashes; `state` is a place for what is loaded ahead. */
export function enterTexts(hashes: usize, first: i32, end: i32, slots: usize, bits: i32, state: usize): void {
  const shift: u64 = 64 - bits
  for (let from = first; from < end; from += TOUCHED) {
    const to = min(end, from + TOUCHED)
    let sum: u64 = 0
    for (let i = from; i < to; i++) sum += load<u64>(slots + (<usize>(load<u64>(hashes + (<usize>i << 3)) >> shift) << 3))
    store<u64>(state + 8, sum)
    for (let i = from; i < to; i++) enter(load<u64>(hashes + (<usize>i << 3)), i, slots, bits)
  }
}
