import type { Region } from '@volley/kernels'
import type { HybridReader } from './hybrid-reader.ts'

/** Which of some rows of a page are there. */
export interface Presence {
  /** Of each row that is chosen, 1 if it is there, else 0; null where all are. */
  readonly levels: Uint32Array | null
  /** How many of the chosen rows are there. */
  readonly count: number
  /** Values of all the rows, chosen or not, that the page has. */
  readonly read: number
  /** Which of those values are of chosen rows; null for all. */
  readonly taken: Uint32Array | null
}

/** Reads the levels of the next `rows` rows of a page, of which all or some are `chosen`. */
export function presentRows(
  reader: HybridReader | null,
  rows: number,
  chosen: Uint32Array | null,
  region: Region,
): Presence {
  if (reader === null || reader.skipOnes(rows)) {
    return { levels: null, count: chosen?.length ?? rows, read: rows, taken: inArena(chosen, region) }
  }
  const levels = region.u32(rows)
  reader.read(levels, 0, rows)
  if (chosen === null) {
    let read = 0
    for (let k = 0; k < rows; k++) read += levels[k]!
    return { levels: read === rows ? null : levels, count: read, read, taken: null }
  }
  const own = region.u32(chosen.length)
  const taken = region.u32(chosen.length)
  let [count, read, next] = [0, 0, 0]
  for (let k = 0; k < rows; k++) {
    if (k === chosen[next]) {
      own[next++] = levels[k]!
      taken[count] = read
      count += levels[k]!
    }
    read += levels[k]!
  }
  return { levels: count === chosen.length ? null : own, count, read, taken: taken.subarray(0, count) }
}

/** Rows in the memory that kernels work in. */
function inArena(rows: Uint32Array | null, region: Region): Uint32Array | null {
  if (rows === null || rows.buffer === region.arena.buffer) return rows
  const out = region.u32(rows.length)
  out.set(rows)
  return out
}
