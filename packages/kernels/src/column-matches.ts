import { type PackedValues, putRows } from './column-values.ts'
import { type Scratch, threadScratch } from './scratch.ts'

/** Rows of a range that are matched in one call. */
const RANGE_ROWS = 16384
/** Rows of a list that are. */
const LIST_ROWS = 4096
/** A row of a list is not worth copying this many others in. */
const MAX_SPREAD = 32

/**
 * Writes first + i, for rows start + i of [start, end) with flags[min + raw value] = 1, to out[at...); returns their number,
 * -1, and nothing is done, where there is no WebAssembly.
 */
export function matchColumnFlags(
  packed: PackedValues,
  start: number,
  end: number,
  min: bigint,
  flags: Uint8Array,
  first: number,
  out: Uint32Array,
  at: number,
): number {
  const scratch = threadScratch()
  if (scratch === null) return -1
  const mark = scratch.mark()
  const table = scratch.put(flags)
  let found = 0
  for (let row = start; row < end; row += RANGE_ROWS) {
    const inner = scratch.mark()
    const count = Math.min(RANGE_ROWS, end - row)
    const rows = putRows(scratch, packed, row, count)
    const docs = scratch.alloc(4 * count)
    const { kernels } = scratch
    const name = first + row - start
    const more = kernels.matchFlagged(
      rows.address,
      packed.width,
      rows.first,
      count,
      min,
      table,
      flags.length,
      name,
      docs,
    )
    out.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + more), at + found)
    found += more
    scratch.release(inner)
  }
  scratch.release(mark)
  return found
}

/**
 * Writes names[k] to out[at...) for each k below `count` whose row rows[k] (ascending) has a raw value in [from, to]; returns
 * their number, -1, and nothing is done, where there is no WebAssembly or the rows lie far apart.
 */
export function matchColumnRows(
  packed: PackedValues,
  rows: Uint32Array,
  names: Uint32Array,
  count: number,
  from: bigint,
  to: bigint,
  out: Uint32Array,
  at: number,
): number {
  const scratch = scratchFor(rows, count)
  if (scratch === null) return -1
  return eachList(scratch, packed, rows, names, count, out, at, (words, base, own, named, length, docs) =>
    scratch.kernels.matchRows(words, packed.width, base, own, named, length, from, to, docs),
  )
}

/** The same for rows with flags[min + raw value] = 1. */
export function matchColumnRowFlags(
  packed: PackedValues,
  rows: Uint32Array,
  names: Uint32Array,
  count: number,
  min: bigint,
  flags: Uint8Array,
  out: Uint32Array,
  at: number,
): number {
  const scratch = scratchFor(rows, count)
  if (scratch === null) return -1
  const mark = scratch.mark()
  const table = scratch.put(flags)
  const size = flags.length
  const found = eachList(scratch, packed, rows, names, count, out, at, (words, base, own, named, length, docs) =>
    scratch.kernels.matchFlaggedRows(words, packed.width, base, own, named, length, min, table, size, docs),
  )
  scratch.release(mark)
  return found
}

function scratchFor(rows: Uint32Array, count: number): Scratch | null {
  if (count === 0 || rows[count - 1]! - rows[0]! >= count * MAX_SPREAD) return null
  return threadScratch()
}

type ListKernel = (words: number, base: number, rows: number, names: number, count: number, out: number) => number

/** Copies the rows of a list in, some at a time, and what is found out. */
function eachList(
  scratch: Scratch,
  packed: PackedValues,
  rows: Uint32Array,
  names: Uint32Array,
  count: number,
  out: Uint32Array,
  at: number,
  kernel: ListKernel,
): number {
  let found = 0
  for (let from = 0; from < count; from += LIST_ROWS) {
    const mark = scratch.mark()
    const to = Math.min(count, from + LIST_ROWS)
    const start = rows[from]!
    const { address, first } = putRows(scratch, packed, start, rows[to - 1]! + 1 - start)
    const own = scratch.putWords(rows.subarray(from, to))
    const named = rows === names ? own : scratch.putWords(names.subarray(from, to))
    const docs = scratch.alloc(4 * (to - from))
    const more = kernel(address, start - first, own, named, to - from, docs)
    out.set(scratch.words.subarray(docs >>> 2, (docs >>> 2) + more), at + found)
    found += more
    scratch.release(mark)
  }
  return found
}
