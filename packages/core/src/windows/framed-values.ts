import type { Region } from '@volley/kernels'
import { int64At } from '../aggregates/state-vectors.ts'
import { concatVectors } from '../vectors/concat.ts'
import { Operand } from '../vectors/operand.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { frameParts, type FrameRanges } from './frame-ranges.ts'
import { placeOfNth } from './navigation.ts'
import type { RowSpool } from './row-spool.ts'
import type { PlacedRows } from './streamed-frames.ts'
import type { WindowCall } from './window-call.ts'

/** first_value, last_value and nth_value of rows whose frames are known, over all rows on disk. */
export async function framedValues(
  call: WindowCall,
  { batch, base }: PlacedRows,
  frame: FrameRanges,
  rows: RowSpool,
  region: Region,
): Promise<Vector> {
  const numbers = call.args[1] === undefined ? null : new Operand(call.args[1].evaluate(batch, null, region))
  const words = numbers === null || numbers.isAlwaysNull ? null : numbers.words
  const parts = new Uint32Array(6)
  const wanted = new Uint32Array(batch.length)
  for (let i = 0; i < wanted.length; i++) {
    const count = frameParts(frame, i, parts, base + i)
    let size = 0
    for (let p = 0; p < count; p++) size += parts[2 * p + 1]! - parts[2 * p]!
    if (call.fn.name === 'first_value') wanted[i] = nth(parts, count, size, 0)
    else if (call.fn.name === 'last_value') wanted[i] = nth(parts, count, size, size - 1)
    else if (!numbers!.isValid(i)) wanted[i] = NO_ROW
    else wanted[i] = nth(parts, count, size, placeOfNth(int64At(words!, i & numbers!.mask)) - 1)
  }
  return rows.gather(call.args[0]!, wanted, region)
}

/** Number of the n-th row, from 0, of up to three ranges with `size` rows; `NO_ROW` when there is none. */
function nth(parts: Uint32Array, count: number, size: number, n: number): number {
  if (n < 0 || n >= size) return NO_ROW
  let rest = n
  for (let p = 0; p < count; p++) {
    const length = parts[2 * p + 1]! - parts[2 * p]!
    if (rest < length) return parts[2 * p]! + rest
    rest -= length
  }
  return NO_ROW
}

/** lag and lead by any number of rows, over all rows on disk. */
export async function shiftedValues(
  call: WindowCall,
  { batch, base, partitionStart, partitionEnd }: PlacedRows,
  rows: RowSpool,
  region: Region,
): Promise<Vector> {
  const [value, by, otherwise] = call.args
  const sign = call.fn.name === 'lag' ? -1 : 1
  const offsets = by === undefined ? null : new Operand(by.evaluate(batch, null, region))
  const words = offsets === null || offsets.isAlwaysNull ? null : offsets.words
  const wanted = new Uint32Array(batch.length)
  const from = new Uint32Array(batch.length)
  for (let i = 0; i < wanted.length; i++) {
    const known = offsets === null || offsets.isValid(i)
    const row = base + i + (words === null ? sign : sign * int64At(words, i & offsets!.mask))
    const inside = known && row >= partitionStart[i]! && row < partitionEnd[i]!
    wanted[i] = inside ? row : NO_ROW
    from[i] = inside ? i : known && otherwise !== undefined ? batch.length + i : NO_ROW
  }
  const found = await rows.gather(value!, wanted, region)
  if (otherwise === undefined) return found
  const both = concatVectors([found, otherwise.evaluate(batch, null, region)], region)
  return takeVector(both, from, batch.length, region)
}
