import { randoms } from '@volley/kernels/testing'
import { Arena, Region } from '@volley/kernels'
import { Field, Schema } from 'apache-arrow'
import {
  INT32,
  INT64,
  MemoryExec,
  RecordBatch,
  toArrowRecordBatch,
  UTF8,
  vectorOf,
  type ExecutionPlan,
  type ScalarValue,
  type SortKey,
} from '../../src/index.ts'
import { column } from './engine-support.ts'

const arena = new Arena({ reserveBytes: 64 << 20 })
export const SCHEMA = new Schema([new Field('k', INT32, true), new Field('n', INT64, true), new Field('t', UTF8, true)])

/** Rows with a key below `keys` (or NULL; or, for 'unique', their number), a number and a text of a width, in partitions. */
export function table(rows: number, keys: number | 'unique', seed: number, width = 0, parts = 2): ExecutionPlan {
  const next = randoms(seed)
  const values = Array.from({ length: rows }, (_, i): ScalarValue[] => [
    keys === 'unique' ? i : next() % 20 === 0 ? null : next() % keys,
    next() % 9 === 0 ? null : BigInt(i) * 4_294_967_297n,
    `row ${next() % 1000}`.padEnd(width),
  ])
  const region = new Region(arena)
  const part = (from: number, to: number): MemoryExec['partitions'][number] => {
    const own = values.slice(from, to)
    const columns = SCHEMA.fields.map((field, c) =>
      vectorOf(
        field.type,
        own.map((row) => row[c]!),
        region,
      ),
    )
    return [toArrowRecordBatch(new RecordBatch(SCHEMA, columns, own.length, null, region))]
  }
  const plan = new MemoryExec(
    SCHEMA,
    Array.from({ length: parts }, (_, p) => part((p * rows) / parts, ((p + 1) * rows) / parts)),
  )
  region.release()
  return plan
}

export const sortKeys = (plan: ExecutionPlan, ...at: number[]): SortKey[] =>
  at.map((i) => ({ expr: column(plan, i), descending: i === 2, nullsFirst: i === 0 }))
