import type { Region } from '@volley/kernels'
import { internalError } from '../errors.ts'
import type { Selection } from './record-batch.ts'
import { BoolVector, ConstantVector, NullVector, type Vector } from './vector.ts'

let identityRows = new Uint32Array(0)

/** The rows 0 to length - 1, shared: never to be written. */
export function allRows(length: number): Selection {
  if (identityRows.length < length) {
    identityRows = new Uint32Array(Math.max(8192, length * 2))
    for (let i = 0; i < identityRows.length; i++) identityRows[i] = i
  }
  return identityRows.subarray(0, length)
}

/** Rows as kernels take them: null where they are all, from `allRows`. */
export function kernelRows(rows: Uint32Array): Uint32Array | null {
  return rows.buffer === identityRows.buffer && rows.byteOffset === 0 ? null : rows
}

/** Rows of `rows` whose bit is set; `negate` for those whose bit is not. Returns how many were written to `out`. */
export function selectBits(
  bits: Uint8Array,
  rows: Uint32Array,
  count: number,
  negate: boolean,
  out: Uint32Array,
): number {
  const flip = negate ? 1 : 0
  let n = 0
  for (let k = 0; k < count; k++) {
    const row = rows[k]!
    out[n] = row
    n += ((bits[row >>> 3]! >>> (row & 7)) & 1) ^ flip
  }
  return n
}

/** The selected rows of a boolean vector that are TRUE. */
export function selectTrue(vector: Vector, selection: Selection | null, region: Region): Selection {
  const rows = selection ?? allRows(vector.length)
  if (vector instanceof ConstantVector) {
    const value = vector.value as BoolVector
    return value.isValid(0) && value.encoding === 'bool' && (value.bits[0]! & 1) === 1 ? rows : rows.subarray(0, 0)
  }
  if (vector instanceof NullVector) return rows.subarray(0, 0)
  if (!(vector instanceof BoolVector)) throw internalError(`a predicate of type ${vector.type}`)
  const out = region.u32(rows.length)
  let n = selectBits(vector.bits, rows, rows.length, false, out)
  if (vector.validity !== null) n = selectBits(vector.validity, out, n, false, out)
  return out.subarray(0, n)
}

/** The rows of `rows` that are not in `taken`, a subset of it; both ascending. */
export function withoutRows(rows: Selection, taken: Selection, region: Region): Selection {
  if (taken.length === 0) return rows
  const out = region.u32(rows.length - taken.length)
  let n = 0
  let t = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    if (t < taken.length && taken[t] === row) t++
    else out[n++] = row
  }
  return out
}

/** The union of two disjoint ascending selections, ascending. */
export function mergeRows(a: Selection, b: Selection, region: Region): Selection {
  if (a.length === 0) return b
  if (b.length === 0) return a
  const out = region.u32(a.length + b.length)
  let i = 0
  let j = 0
  for (let k = 0; k < out.length; k++) {
    if (j >= b.length || (i < a.length && a[i]! < b[j]!)) out[k] = a[i++]!
    else out[k] = b[j++]!
  }
  return out
}
