import { boundsOfNumbers, boundsOfWords, typeName } from '@volley/core'
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

/** Values of NULLs are taken in: they can only make the bounds wider. Estimates do not mind what is rounded beyond 2^53. */
function rangeOfData(data: Data): ValueRange | null {
  const values = data.values as unknown
  const name = data.dictionary === undefined ? typeName(data.type) : ''
  const out: [number, number] = [0, 0]
  if (values instanceof Int32Array && ['Int32', 'Date'].includes(name)) boundsOfNumbers(values, 0, data.length, out)
  else if (values instanceof BigInt64Array && name === 'Int64') {
    boundsOfWords(new Int32Array(values.buffer, values.byteOffset, values.length * 2), 0, data.length, out)
  } else return null
  return { min: out[0], max: out[1] }
}
