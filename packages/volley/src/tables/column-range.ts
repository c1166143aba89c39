import { typeName } from '@volley/core'
import type { ValueRange } from '@volley/planner'
import type { Data } from 'apache-arrow'
import type { TablePart } from './table-part.ts'

const known = new WeakMap<TablePart, Map<number, ValueRange | null>>()

/** Bounds of a column of integers or dates of a part of a table: read once. Null for other types. */
export function rangeOfColumn(part: TablePart, column: number): ValueRange | null {
  let ranges = known.get(part)
  if (ranges === undefined) known.set(part, (ranges = new Map()))
  let range = ranges.get(column)
  if (range === undefined) ranges.set(column, (range = readRange(part, column)))
  return range
}

function readRange(part: TablePart, column: number): ValueRange | null {
  let [min, max] = [Infinity, -Infinity]
  for (const batch of part.batches) {
    const data = batch.data.children[column]!
    const range = rangeOfData(data)
    if (range === null) return null
    min = Math.min(min, range.min)
    max = Math.max(max, range.max)
  }
  return Number.isFinite(min) && Number.isFinite(max) ? { min, max } : null
}

/** Values of NULLs are taken in: they can only make the bounds wider. */
function rangeOfData(data: Data): ValueRange | null {
  const values = data.values as unknown
  if (values instanceof Int32Array && ['Int32', 'Date'].includes(nameOf(data)))
    return rangeOfIntegers(values, data.length)
  if (values instanceof BigInt64Array && nameOf(data) === 'Int64') return rangeOfInt64(values, data.length)
  return null
}

function nameOf(data: Data): string {
  return data.dictionary === undefined ? typeName(data.type) : ''
}

function rangeOfIntegers(values: Int32Array, length: number): ValueRange {
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < length; i++) {
    const value = values[i]!
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}

/** In doubles: bounds beyond 2^53 are off by what estimates do not mind. */
function rangeOfInt64(values: BigInt64Array, length: number): ValueRange {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  let min = Infinity
  let max = -Infinity
  for (let i = 0; i < length; i++) {
    const value = words[2 * i + 1]! * 4294967296 + (words[2 * i]! >>> 0)
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}
