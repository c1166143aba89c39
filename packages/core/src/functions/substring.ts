import type { Region } from '@volley/kernels'
import { UTF8 } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { copyBytes } from '../vectors/take.ts'
import { BytesVector, type Vector } from '../vectors/vector.ts'
import { presentRowsOf } from './present-rows.ts'
import type { ScalarCall } from './scalar-function.ts'

/**
 * `substring` of a column of texts between constant positions, byte by byte. Null where it is of another form, or where the
 * length is negative, which is an error for rows that are there.
 */
export function substringOfBytes(call: ScalarCall): Vector | null {
  const { args, length, region } = call
  const [source, ...numbers] = args as [Vector, ...Vector[]]
  if (source.encoding !== 'bytes' || !numbers.every((number) => new Operand(number).isConstant)) return null
  const [start, count = 0xffffffff] = numbers.map((number) => clamped(scalarAt(number, 0)))
  if (start === undefined || Number.isNaN(start) || Number.isNaN(count) || count < 0) return null
  const from = Math.max(0, start - 1)
  const to = Math.max(from, start - 1 + count)
  const rows = presentRowsOf([new Operand(source)], call.selection ?? allRows(length), region)
  return cut(source as BytesVector, rows, from, to, region)
}

function clamped(value: unknown): number {
  return value === null ? Number.NaN : Math.max(-2147483648, Math.min(2147483647, Number(value)))
}

/** Characters `from` to `to` (exclusive) of the rows; other rows are empty. */
function cut(source: BytesVector, rows: Uint32Array, from: number, to: number, region: Region): BytesVector {
  const { bytes, offsets, length } = source
  const starts = region.u32(rows.length)
  const ends = region.u32(rows.length)
  let total = 0
  for (let k = 0; k < rows.length; k++) {
    const end = offsets[rows[k]! + 1]!
    let at = offsets[rows[k]!]!
    let character = 0
    for (; character < from && at < end; character++) at += widthOf(bytes[at]!)
    starts[k] = at
    for (; character < to && at < end; character++) at += widthOf(bytes[at]!)
    ends[k] = at
    total += at - starts[k]!
  }
  const out = region.u8(total)
  const places = region.i32(length + 1)
  let at = 0
  let row = 0
  for (let k = 0; k < rows.length; k++) {
    for (; row <= rows[k]!; row++) places[row] = at
    const size = ends[k]! - starts[k]!
    copyBytes(bytes, starts[k]!, size, out, at)
    at += size
  }
  for (; row <= length; row++) places[row] = at
  return new BytesVector(UTF8, length, source.validity, places, out)
}

/** Bytes of a character, by its first. */
function widthOf(first: number): number {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
}
