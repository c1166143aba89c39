import type { Schema } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import { ExecutionPlan } from '../plan/execution-plan.ts'
import { unknownPartitioning, type Partitioning } from '../plan/partitioning.ts'
import { unknownStatistics, type Statistics } from '../plan/statistics.ts'
import type { BatchStream } from '../runtime/batch-stream.ts'
import { operatorStream } from '../runtime/operator-stream.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { flattenVector } from '../vectors/flatten.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { ListVector, Vector } from '../vectors/vector.ts'

/**
 * Each row as many times as the longest of its lists has items, with the items as last columns; shorter lists are filled up
 * with NULLs. A row whose lists have no items is left out, or (`outer`) kept once with NULLs.
 */
export class UnnestExec extends ExecutionPlan {
  override readonly kind = 'UnnestExec'
  override readonly schema: Schema
  readonly input: ExecutionPlan
  readonly lists: readonly Expr[]
  readonly outer: boolean

  constructor(input: ExecutionPlan, lists: readonly Expr[], outer: boolean, schema: Schema) {
    super()
    this.input = input
    this.lists = lists
    this.outer = outer
    this.schema = schema
  }

  override get children(): readonly ExecutionPlan[] {
    return [this.input]
  }

  override get partitioning(): Partitioning {
    return unknownPartitioning(this.input.partitioning.count)
  }

  override get statistics(): Statistics {
    return unknownStatistics
  }

  override withChildren(children: readonly ExecutionPlan[]): ExecutionPlan {
    return new UnnestExec(children[0]!, this.lists, this.outer, this.schema)
  }

  override details(): readonly (readonly [string, string])[] {
    return [['lists', `[${this.lists.join(', ')}]`], ...(this.outer ? [['outer', 'true'] as const] : [])]
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    const input = this.input.execute(partition, context)
    return operatorStream(this.schema, [input], this.#batches(input, context))
  }

  async *#batches(input: BatchStream, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    for (let batch = await input.next(); batch !== null; batch = await input.next()) {
      const rows = batch.selection ?? allRows(batch.length)
      // Rows at a time, so that the items of a batch do not become one batch.
      const step = Math.max(1, context.batchSize >>> 2)
      for (let start = 0; start < rows.length; start += step) {
        const region = context.region()
        let out
        try {
          out = this.#expand(batch, rows.slice(start, start + step), region)
        } catch (error) {
          region.release()
          throw error
        }
        if (out === null) {
          region.release()
          continue
        }
        region.dependOn(batch.region)
        yield out
      }
    }
  }

  #expand(batch: RecordBatch, rows: Uint32Array, region: Region): RecordBatch | null {
    const lists = this.lists.map((expr) => flattenVector(expr.evaluate(batch, rows, region), rows, region))
    const counts = new Uint32Array(rows.length)
    let total = 0
    for (let k = 0; k < rows.length; k++) {
      let longest = this.outer ? 1 : 0
      for (const list of lists) longest = Math.max(longest, lengthOf(list, rows[k]!))
      counts[k] = longest
      total += longest
    }
    if (total === 0) return null
    const repeated = region.u32(total)
    let at = 0
    for (let k = 0; k < rows.length; k++) {
      repeated.fill(rows[k]!, at, at + counts[k]!)
      at += counts[k]!
    }
    const columns = batch.columns.map((column) => takeVector(column, repeated, total, region))
    for (const list of lists) columns.push(itemsOf(list, rows, counts, total, region))
    return new RecordBatch(this.schema, columns, total, null, region)
  }
}

function lengthOf(list: Vector, row: number): number {
  if (list.encoding !== 'list' || !list.isValid(row)) return 0
  const { offsets } = list as ListVector
  return offsets[row + 1]! - offsets[row]!
}

function itemsOf(list: Vector, rows: Uint32Array, counts: Uint32Array, total: number, region: Region): Vector {
  const places = region.u32(total).fill(NO_ROW)
  let at = 0
  for (let k = 0; k < rows.length; k++) {
    const length = lengthOf(list, rows[k]!)
    const start = length === 0 ? 0 : (list as ListVector).offsets[rows[k]!]!
    for (let i = 0; i < length; i++) places[at + i] = start + i
    at += counts[k]!
  }
  return takeVector((list as ListVector).child, places, total, region)
}
