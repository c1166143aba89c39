import type { Region } from '@volley/kernels'
import type { Expr } from '../expressions/expr.ts'
import type { TaskContext } from '../runtime/task-context.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import type { RecordBatch } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'

/** The rows of a batch where partitions and peer groups begin: 1 there. */
export interface Starts {
  readonly partitions: Uint8Array
  readonly peers: Uint8Array
}

interface Before {
  readonly batch: RecordBatch
  readonly region: Region
  readonly partitionKeys: readonly Vector[]
  readonly orderKeys: readonly Vector[]
}

/** Finds where keys change in sorted rows that come batch by batch. Batches have no selection. */
export class RunStarts {
  readonly #partitionBy: readonly Expr[]
  readonly #orderBy: readonly Expr[]
  readonly #context: TaskContext
  #before: Before | null = null

  constructor(partitionBy: readonly Expr[], orderBy: readonly Expr[], context: TaskContext) {
    this.#partitionBy = partitionBy
    this.#orderBy = orderBy
    this.#context = context
  }

  of(batch: RecordBatch): Starts {
    const region = this.#context.region()
    const evaluate = (exprs: readonly Expr[]): Vector[] => exprs.map((expr) => expr.evaluate(batch, null, region))
    let kept = false
    try {
      const partitionKeys = evaluate(this.#partitionBy)
      const orderKeys = evaluate(this.#orderBy)
      const before = this.#before
      const partitions = new Uint8Array(batch.length)
      if (before === null) partitions[0] = 1
      markChanges(partitionKeys, before?.partitionKeys ?? null, before?.batch.length ?? 0, partitions)
      const peers = partitions.slice()
      markChanges(orderKeys, before?.orderKeys ?? null, before?.batch.length ?? 0, peers)
      this.release()
      this.#before = { batch: batch.retain(), region, partitionKeys, orderKeys }
      kept = true
      return { partitions, peers }
    } finally {
      if (!kept) region.release()
    }
  }

  release(): void {
    this.#before?.region.release()
    this.#before?.batch.release()
    this.#before = null
  }
}

/** Marks the rows that differ from the row before, the first one from the last of the batch before. */
function markChanges(
  keys: readonly Vector[],
  before: readonly Vector[] | null,
  beforeRows: number,
  starts: Uint8Array,
): void {
  for (const [k, key] of keys.entries()) {
    if (before !== null && new ColumnComparator(before[k]!, key).compare(beforeRows - 1, 0) !== 0) starts[0] = 1
    const comparator = new ColumnComparator(key, key)
    for (let i = 1; i < starts.length; i++) if (starts[i] === 0 && comparator.compare(i - 1, i) !== 0) starts[i] = 1
  }
}
