import type { Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'

/** Rows `skip` to `skip + fetch` of a stream, which is closed as soon as they are there. */
export function limitStream(input: BatchStream, skip: number, fetch: number | null, context: TaskContext): BatchStream {
  return operatorStream(input.schema, [input], limit(input, skip, fetch, context))
}

async function* limit(
  input: BatchStream,
  skip: number,
  fetch: number | null,
  context: TaskContext,
): AsyncGenerator<RecordBatch, void, void> {
  let toSkip = skip
  let remaining = fetch ?? Infinity
  while (remaining > 0) {
    const batch = await input.next()
    if (batch === null) return
    const rows = batch.numRows
    if (rows <= toSkip) {
      toSkip -= rows
      continue
    }
    const start = toSkip
    const end = Math.min(rows, start + remaining)
    toSkip = 0
    remaining -= end - start
    const region = context.region()
    region.dependOn(batch.region)
    const selection = batch.selection ?? (start === 0 && end === rows ? null : ownRows(rows, region))
    yield new RecordBatch(input.schema, batch.columns, batch.length, selection?.subarray(start, end) ?? null, region)
  }
  await input.close()
}

function ownRows(rows: number, region: RecordBatch['region']): Uint32Array {
  const selection = region.u32(rows)
  selection.set(allRows(rows))
  return selection
}

export function limitStatistics(input: Statistics, skip: number, fetch: number | null): Statistics {
  const { rows } = input
  if (rows === null) return { rows: fetch === null ? null : { value: fetch, exact: false }, bytes: null }
  const value = Math.min(Math.max(0, rows.value - skip), fetch ?? Infinity)
  const bytes = input.bytes && { value: rows.value === 0 ? 0 : (input.bytes.value * value) / rows.value, exact: false }
  return { rows: { value, exact: rows.exact }, bytes }
}
