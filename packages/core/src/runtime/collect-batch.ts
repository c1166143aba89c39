import type { Schema } from 'apache-arrow'
import { vectorOf } from '../vectors/build.ts'
import { concatVectors } from '../vectors/concat.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { takeVector } from '../vectors/take.ts'
import { type Vector } from '../vectors/vector.ts'
import { finishSteps, type Steps } from './run-steps.ts'
import type { TaskContext } from './task-context.ts'

/** The selected rows alone: the batch itself, retained, where all are; else a copy. One reference, the caller's. */
export function compactBatch(batch: RecordBatch, context: TaskContext): RecordBatch {
  if (batch.selection === null) return batch.retain()
  const region = context.region()
  const rows = batch.selection
  const columns = batch.columns.map((column) => takeVector(column, rows, rows.length, region))
  if (columns.some(sharesMemory)) region.dependOn(batch.region)
  return new RecordBatch(batch.schema, columns, rows.length, null, region)
}

/** A dense copy of rows that shares no memory with the batch, as far as its columns are flat. One reference, the caller's. */
export function copyRows(batch: RecordBatch, rows: Uint32Array, context: TaskContext): RecordBatch {
  const region = context.region()
  const columns = batch.columns.map((column) =>
    flattenVector(takeVector(column, rows, rows.length, region), null, region),
  )
  if (columns.some(sharesMemory)) region.dependOn(batch.region)
  return new RecordBatch(batch.schema, columns, rows.length, null, region)
}

/** Whether a copy made of a vector still reads the vector's memory. */
export function sharesMemory(vector: Vector): boolean {
  return ['dictionary', 'constant', 'list', 'struct'].includes(vector.encoding)
}

/** All rows of the batches (none of which has a selection) in one batch. One reference, the caller's. */
export function concatBatches(schema: Schema, batches: readonly RecordBatch[], context: TaskContext): RecordBatch {
  return finishSteps(concatSteps(schema, batches, context))
}

/** The same for many rows, column by column. The batches are kept until it ends. */
export function* concatSteps(
  schema: Schema,
  batches: readonly RecordBatch[],
  context: TaskContext,
): Steps<RecordBatch> {
  const region = context.region()
  const length = batches.reduce((sum, batch) => sum + batch.length, 0)
  const columns: Vector[] = []
  let whole: RecordBatch | null = null
  try {
    for (const [i, field] of schema.fields.entries()) {
      const parts = batches.map((batch) => batch.columns[i]!)
      columns.push(length === 0 ? vectorOf(field.type, [], region) : concatVectors(parts, region))
      yield
    }
    if (columns.some(sharesMemory)) for (const batch of batches) region.dependOn(batch.region)
    whole = new RecordBatch(schema, columns, length, null, region)
    return whole
  } finally {
    if (whole === null) region.release()
  }
}

/** Rows of some columns of `from` by number, in the memory of `to`; `NO_ROW` gives NULLs. */
export function takeColumns(
  columns: readonly Vector[],
  rows: Uint32Array,
  from: RecordBatch,
  to: RecordBatch['region'],
): Vector[] {
  const taken = columns.map((column) => takeVector(column, rows, rows.length, to))
  if (taken.some(sharesMemory)) to.dependOn(from.region)
  return taken
}
