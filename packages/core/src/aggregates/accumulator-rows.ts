import type { KernelRows } from '@volley/kernels'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows, kernelRows, selectBits } from '../vectors/selection.ts'

/** Rows to add: the k-th is row `rows[k]` of the arguments, of group `groups[k]`. */
export interface GroupedRows {
  readonly groups: Uint32Array
  readonly rows: Uint32Array
  readonly count: number
}

/** Rows of groups as kernels take them. */
export function groupRows(groupCount: number, groups: Uint32Array, rows: Selection | null, count: number): KernelRows {
  return { rows: rows === null ? null : kernelRows(rows), groups, count, groupCount }
}

/** The rows at which no operand is NULL. */
export function presentRows(
  operands: readonly Operand[],
  groups: Uint32Array,
  rows: Selection | null,
  count: number,
): GroupedRows {
  let present: GroupedRows = { groups, rows: rows ?? allRows(count), count }
  for (const operand of operands) {
    if (operand.isAlwaysNull) return { groups, rows: present.rows, count: 0 }
    if (!operand.isConstant && operand.validity !== null) present = withBits(present, operand.validity)
  }
  return present
}

/** Rows of one group: `rows`, or 0 to `count - 1`. */
export interface SomeRows {
  readonly rows: Uint32Array | null
  readonly count: number
}

/** The rows at which an operand is not NULL. */
export function presentOf(operand: Operand, rows: Selection | null, count: number): SomeRows {
  if (operand.isAlwaysNull) return { rows, count: 0 }
  if (operand.isConstant || operand.validity === null) return { rows, count }
  const out = new Uint32Array(count)
  const present = selectBits(operand.validity, rows ?? allRows(count), count, false, out)
  return present === count ? { rows, count } : { rows: out, count: present }
}

let zeros = new Uint32Array(0)

/** Group 0 for `length` rows, shared: never to be written. */
export function groupZero(length: number): Uint32Array {
  if (zeros.length < length) zeros = new Uint32Array(length * 2)
  return zeros
}

function withBits(from: GroupedRows, validity: Uint8Array): GroupedRows {
  const groups = new Uint32Array(from.count)
  const rows = new Uint32Array(from.count)
  let n = 0
  for (let k = 0; k < from.count; k++) {
    const row = from.rows[k]!
    groups[n] = from.groups[k]!
    rows[n] = row
    n += (validity[row >>> 3]! >>> (row & 7)) & 1
  }
  return { groups, rows, count: n }
}

/** The array itself, or a copy of at least twice its length with room for `length` elements. */
export function grownFloats(array: Float64Array, length: number): Float64Array {
  if (array.length >= length) return array
  const grown = new Float64Array(Math.max(length, array.length * 2))
  grown.set(array)
  return grown
}

/** The same for bytes. */
export function grownBytes(array: Uint8Array, length: number): Uint8Array {
  if (array.length >= length) return array
  const grown = new Uint8Array(Math.max(length, array.length * 2))
  grown.set(array)
  return grown
}
