// Counts, sums and bounds of groups. A column is as in dense-groups.ts; row k is of group `groups[k]`, and NULL adds nothing.
// Each group's byte in `seen` is set where it gets a value.
//
// With `lanes` (not 0), a few groups are first added up in several places each, so that equal neighbours need not wait for each
// other: room for four numbers of 32 bits, or of 64, a group.
import { bitAt, F32, I16, I32, I64, I8, rowAt, U16, U32, U8 } from './columns'

// @ts-ignore: decorator
@inline
function groupAt(groups: usize, k: i32): usize {
  return usize(load<u32>(groups + (usize(k) << 2)))
}

/** Adds 1 to `counts` for each row that is not NULL. */
export function countGroups(
  validity: usize,
  mask: u32,
  rows: usize,
  groups: usize,
  count: i32,
  groupCount: i32,
  lanes: usize,
  counts: usize,
): void {
  if (lanes == 0) {
    for (let k = 0; k < count; k++) {
      const at = counts + (groupAt(groups, k) << 3)
      const more = validity == 0 ? 1 : bitAt(validity, rowAt(rows, k) & mask)
      store<f64>(at, load<f64>(at) + f64(more))
    }
    return
  }
  const lane = usize(groupCount) << 2
  memory.fill(lanes, 0, lane << 2)
  const whole = validity == 0 ? count & ~3 : 0
  for (let k = 0; k < whole; k += 4) {
    bump(lanes, groupAt(groups, k), 1)
    bump(lanes + lane, groupAt(groups, k + 1), 1)
    bump(lanes + 2 * lane, groupAt(groups, k + 2), 1)
    bump(lanes + 3 * lane, groupAt(groups, k + 3), 1)
  }
  for (let k = whole; k < count; k++) {
    const more = validity == 0 ? 1 : bitAt(validity, rowAt(rows, k) & mask)
    bump(lanes + usize(k & 3) * lane, groupAt(groups, k), more)
  }
  for (let g: usize = 0; g < usize(groupCount); g++) {
    const from = lanes + (g << 2)
    const sum = load<u32>(from) + load<u32>(from + lane) + load<u32>(from + 2 * lane) + load<u32>(from + 3 * lane)
    const at = counts + (g << 3)
    store<f64>(at, load<f64>(at) + f64(sum))
  }
}

// @ts-ignore: decorator
@inline
function bump(lane: usize, group: usize, more: u32): void {
  const at = lane + (group << 2)
  store<u32>(at, load<u32>(at) + more)
}

/**
 * Adds integers to limbs of 32 bits in doubles, `width` of them a group: values of at most 32 bits to the first, the halves of
 * those of 64 to the first two.
 */
export function sumGroups(
  values: usize,
  kind: i32,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  groupCount: i32,
  lanes: usize,
  width: i32,
  limbs: usize,
  seen: usize,
): void {
  switch (kind) {
    case I8:
      return sumShort<i8>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case U8:
      return sumShort<u8>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case I16:
      return sumShort<i16>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case U16:
      return sumShort<u16>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case I32:
      return sumShort<i32>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case U32:
      return sumShort<u32>(values, mask, validity, rows, groups, count, groupCount, lanes, width, limbs, seen)
    case I64:
      return sumLong<i64>(values, mask, validity, rows, groups, count, width, limbs, seen)
    default:
      return sumLong<u64>(values, mask, validity, rows, groups, count, width, limbs, seen)
  }
}

function sumShort<T>(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  groupCount: i32,
  lanes: usize,
  width: i32,
  limbs: usize,
  seen: usize,
): void {
  const step = usize(width) << 3
  if (lanes == 0) {
    if (validity == 0 && rows == 0 && mask == u32.MAX_VALUE && width == 1) {
      for (let k = 0; k < count; k++) {
        const group = groupAt(groups, k)
        const at = limbs + (group << 3)
        store<f64>(at, load<f64>(at) + f64(load<T>(values + usize(k) * sizeof<T>())))
        store<u8>(seen + group, 1)
      }
      return
    }
    for (let k = 0; k < count; k++) {
      const row = rowAt(rows, k) & mask
      if (validity != 0 && bitAt(validity, row) == 0) continue
      const group = groupAt(groups, k)
      const at = limbs + group * step
      store<f64>(at, load<f64>(at) + f64(load<T>(values + usize(row) * sizeof<T>())))
      store<u8>(seen + group, 1)
    }
    return
  }
  // Beside each sum, in 64 bits, is the number of its values.
  const lane = usize(groupCount) << 4
  memory.fill(lanes, 0, lane << 1)
  if (validity == 0) {
    const whole = count & ~1
    for (let k = 0; k < whole; k += 2) {
      addTo(lanes + (groupAt(groups, k) << 4), i64(load<T>(values + usize(rowAt(rows, k) & mask) * sizeof<T>())))
      addTo(
        lanes + lane + (groupAt(groups, k + 1) << 4),
        i64(load<T>(values + usize(rowAt(rows, k + 1) & mask) * sizeof<T>())),
      )
    }
    if (whole < count) {
      addTo(lanes + (groupAt(groups, whole) << 4), i64(load<T>(values + usize(rowAt(rows, whole) & mask) * sizeof<T>())))
    }
  } else {
    for (let k = 0; k < count; k++) {
      const row = rowAt(rows, k) & mask
      if (bitAt(validity, row) == 0) continue
      addTo(lanes + usize(k & 1) * lane + (groupAt(groups, k) << 4), i64(load<T>(values + usize(row) * sizeof<T>())))
    }
  }
  for (let g: usize = 0; g < usize(groupCount); g++) {
    const from = lanes + (g << 4)
    const at = limbs + g * step
    store<f64>(at, load<f64>(at) + f64(load<i64>(from) + load<i64>(from + lane)))
    if ((load<u64>(from + 8) | load<u64>(from + lane + 8)) != 0) store<u8>(seen + g, 1)
  }
}

// @ts-ignore: decorator
@inline
function addTo(sum: usize, value: i64): void {
  v128.store(sum, i64x2.add(v128.load(sum), i64x2.replace_lane(i64x2.splat(1), 0, value)))
}

function sumLong<T>(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  width: i32,
  limbs: usize,
  seen: usize,
): void {
  const step = usize(width) << 3
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const group = groupAt(groups, k)
    const at = limbs + group * step
    const value = load<T>(values + (usize(row) << 3))
    const halves = f64x2.replace_lane(f64x2.splat(f64(u32(value))), 1, isSigned<T>() ? f64(i32(value >> 32)) : f64(u32(value >> 32)))
    v128.store(at, f64x2.add(v128.load(at), halves))
    store<u8>(seen + group, 1)
  }
}

/** Adds floats to sums, and what rounding loses to errors (Neumaier 1974). */
export function sumFloats(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  sums: usize,
  errors: usize,
  seen: usize,
): void {
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const group = groupAt(groups, k)
    const value = load<f64>(values + (usize(row) << 3))
    const at = sums + (group << 3)
    const sum = load<f64>(at)
    const total = sum + value
    const lost = abs(sum) >= abs(value) ? sum - total + value : value - total + sum
    store<f64>(at, total)
    store<f64>(errors + (group << 3), load<f64>(errors + (group << 3)) + lost)
    store<u8>(seen + group, 1)
  }
}

/** Keeps in `best` the least (`sign` 1) or greatest (-1) number of each group, as a double; NaN is above every other. */
export function bestNumbers(
  values: usize,
  kind: i32,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  sign: i32,
  best: usize,
  seen: usize,
): void {
  switch (kind) {
    case I8:
      return bestOf<i8>(values, mask, validity, rows, groups, count, sign, best, seen)
    case U8:
      return bestOf<u8>(values, mask, validity, rows, groups, count, sign, best, seen)
    case I16:
      return bestOf<i16>(values, mask, validity, rows, groups, count, sign, best, seen)
    case U16:
      return bestOf<u16>(values, mask, validity, rows, groups, count, sign, best, seen)
    case I32:
      return bestOf<i32>(values, mask, validity, rows, groups, count, sign, best, seen)
    case U32:
      return bestOf<u32>(values, mask, validity, rows, groups, count, sign, best, seen)
    case F32:
      return bestOf<f32>(values, mask, validity, rows, groups, count, sign, best, seen)
    default:
      return bestOf<f64>(values, mask, validity, rows, groups, count, sign, best, seen)
  }
}

function bestOf<T>(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  sign: i32,
  best: usize,
  seen: usize,
): void {
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const group = groupAt(groups, k)
    const value = f64(load<T>(values + usize(row) * sizeof<T>()))
    const at = best + (group << 3)
    const known = load<f64>(at)
    const better = sign > 0 ? value < known || (known != known && value == value) : value > known || (value != value && known == known)
    if (better || load<u8>(seen + group) == 0) {
      store<f64>(at, value)
      store<u8>(seen + group, 1)
    }
  }
}

/** The same of 64-bit integers as they are; `flip` is the sign bit where they are unsigned. */
export function bestIntegers(
  values: usize,
  mask: u32,
  validity: usize,
  rows: usize,
  groups: usize,
  count: i32,
  sign: i32,
  flip: i64,
  best: usize,
  seen: usize,
): void {
  for (let k = 0; k < count; k++) {
    const row = rowAt(rows, k) & mask
    if (validity != 0 && bitAt(validity, row) == 0) continue
    const group = groupAt(groups, k)
    const value = load<i64>(values + (usize(row) << 3))
    const at = best + (group << 3)
    const known = load<i64>(at) ^ flip
    const better = sign > 0 ? (value ^ flip) < known : (value ^ flip) > known
    if (better || load<u8>(seen + group) == 0) {
      store<i64>(at, value)
      store<u8>(seen + group, 1)
    }
  }
}

/** Whole numbers in doubles as 64-bit integers. */
export function writeIntegers(values: usize, count: i32, out: usize): void {
  for (let k: usize = 0; k < usize(count); k++) store<i64>(out + (k << 3), i64(load<f64>(values + (k << 3))))
}

/** Sums of one limb or two as integers of 128 bits; the low one of two is in [0, 2^32). */
export function writeSums(limbs: usize, width: i32, count: i32, out: usize): void {
  if (width == 1) {
    for (let k: usize = 0; k < usize(count); k++) {
      const value = i64(load<f64>(limbs + (k << 3)))
      store<i64>(out + (k << 4), value)
      store<i64>(out + (k << 4), value >> 63, 8)
    }
    return
  }
  for (let k: usize = 0; k < usize(count); k++) {
    const high = i64(load<f64>(limbs + (k << 4), 8))
    store<i64>(out + (k << 4), (high << 32) | i64(load<f64>(limbs + (k << 4))))
    store<i64>(out + (k << 4), high >> 32, 8)
  }
}
