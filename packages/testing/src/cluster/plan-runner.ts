import { scalarAt, type ExecutionPlan } from '@volley/core'
import type { WorkerSession } from '@volley/worker'
import { createWorkerSession } from 'volley'
import type { RowValue } from '../oracle/rows.ts'

/** Runs plans that read no exchange, in this thread. */
export class PlanRunner {
  readonly #session: WorkerSession = createWorkerSession({ roots: null, poison: true })

  /** The rows of each partition. */
  async run(plan: ExecutionPlan, settings: ReadonlyMap<string, string> = new Map()): Promise<RowValue[][][]> {
    const context = this.#session.context('test', settings, new AbortController().signal)
    const partitions: RowValue[][][] = []
    for (let partition = 0; partition < plan.partitioning.count; partition++) {
      const rows: RowValue[][] = []
      const stream = plan.execute(partition, context)
      try {
        for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
          for (let k = 0; k < batch.numRows; k++) {
            const row = batch.selection === null ? k : batch.selection[k]!
            rows.push(batch.columns.map((column) => scalarAt(column, row)))
          }
        }
      } finally {
        await stream.close()
      }
      partitions.push(rows)
    }
    return partitions
  }

  close(): Promise<void> {
    return this.#session.close()
  }
}
