import { Field, Schema, type DataType } from 'apache-arrow'
import { Arena, Region } from '@volley/kernels'
import { expect } from 'vitest'
import {
  DictionaryVector,
  RecordBatch,
  scalarAt,
  vectorOf,
  type BytesVector,
  type Expr,
  type ScalarValue,
  type Vector,
} from '../src/index.ts'

const arena = new Arena({ reserveBytes: 256 * 1024 * 1024, poison: true })

/** Runs with a region over a poisoned arena, and checks that nothing is left of it. */
export function withRegion<T>(run: (region: Region) => T): T {
  const region = new Region(arena)
  let done = false
  try {
    const result = run(region)
    done = true
    return result
  } finally {
    region.release()
    if (done) expect(arena.liveBlocks).toBe(0)
  }
}

export interface TestColumn {
  readonly type: DataType
  readonly values: readonly ScalarValue[]
}

export function batchOf(
  columns: readonly TestColumn[],
  region: Region,
  selection: Uint32Array | null = null,
): RecordBatch {
  const schema = new Schema(columns.map((column, i) => new Field(`c${i}`, column.type, true)))
  const vectors = columns.map((column) => vectorOf(column.type, column.values, region))
  return new RecordBatch(schema, vectors, columns[0]?.values.length ?? 1, selection, region)
}

/** The values of an expression at the selected rows. */
export function valuesOf(expr: Expr, batch: RecordBatch): ScalarValue[] {
  const vector = expr.evaluate(batch, batch.selection, batch.region)
  expect(vector.length).toBe(batch.length)
  const rows = batch.selection ?? Uint32Array.from({ length: batch.length }, (_, i) => i)
  return Array.from(rows, (row) => scalarAt(vector, row))
}

/** The value of an expression without columns. */
export function valueOf(expr: Expr): ScalarValue {
  return withRegion((region) => valuesOf(expr, batchOf([], region))[0]!)
}

/** The code of the error that a call raises; fails when it raises none. */
export function errorCode(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  throw new Error('no error was raised')
}

/** The same text column by code; `order` sorts the dictionary by bytes. */
export function asDictionary(vector: Vector, sorted: boolean, region: Region): DictionaryVector {
  const values = Array.from({ length: vector.length }, (_, i) => scalarAt(vector, i) as string | null)
  const distinct = [...new Set(values.filter((value) => value !== null))]
  if (sorted) distinct.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  else distinct.reverse()
  const codes = region.u32(values.length)
  values.forEach((value, i) => (codes[i] = value === null ? 0 : distinct.indexOf(value)))
  const dictionary = vectorOf(vector.type, distinct, region) as BytesVector
  return new DictionaryVector(vector.type, vector.length, vector.validity, codes, dictionary, sorted)
}
