import { joinTicks, split, splitTicks } from '../types/ticks.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { truncSeconds, type DateField } from './date-parts.ts'

/** Parts of a second, by their number in one. */
const FINE: Partial<Record<DateField, number>> = { milliseconds: 1e3, microseconds: 1e6, nanoseconds: 1e9 }
/** Seconds that begin alike in a field: those of a day in all longer ones. */
const CELLS: Partial<Record<DateField, number>> = { second: 1, minute: 60, hour: 3600 }
const DAY = 86400

/** Cells whose start is remembered: two months of days. */
const SLOTS = 64
const cells = new Float64Array(SLOTS)
const starts = new Int32Array(2 * SLOTS)

/**
 * Writes the starts of a field that 64-bit counts are in, `perSecond` of them a second, for some rows of `words` (of those at
 * `row & mask`) to the same rows of `out`; false when one does not fit in 64 bits.
 */
export function truncTimestamps(
  field: DateField,
  words: Int32Array,
  mask: number,
  perSecond: number,
  rows: Selection,
  out: Int32Array,
): boolean {
  const fine = FINE[field]
  if (fine !== undefined) return truncFractions(fine, words, mask, perSecond, rows, out)
  const ticksPerCell = (CELLS[field] ?? DAY) * perSecond
  cells.fill(Number.NaN)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) << 1
    const to = row << 1
    const high = words[at + 1]!
    // Counts within 52 bits, whose quotient a double never rounds up to the next cell.
    const exact = high >= -0x100000 && high < 0x100000
    const cell = exact ? Math.floor((high * 4294967296 + (words[at]! >>> 0)) / ticksPerCell) : Number.NaN
    const slot = (cell & (SLOTS - 1)) << 1
    if (cells[slot >> 1] !== cell) {
      splitTicks(words, at, perSecond)
      if (!joinTicks(truncSeconds(field, split.seconds), 0, perSecond, starts, slot)) return false
      cells[slot >> 1] = cell
    }
    out[to] = starts[slot]!
    out[to + 1] = starts[slot + 1]!
  }
  return true
}

function truncFractions(
  fine: number,
  words: Int32Array,
  mask: number,
  perSecond: number,
  rows: Selection,
  out: Int32Array,
): boolean {
  const step = Math.max(1, perSecond / fine)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    splitTicks(words, (row & mask) << 1, perSecond)
    const fraction = split.fraction - (split.fraction % step)
    if (!joinTicks(split.seconds, fraction, perSecond, out, row << 1)) return false
  }
  return true
}
