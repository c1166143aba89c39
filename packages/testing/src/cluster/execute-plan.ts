import { scalarAt, type ExecutionPlan } from '@volley/core'
import { createWorkerSession } from 'volley'
import type { RowValue } from '../oracle/rows.ts'

/** Runs a plan that reads no exchange, and gives the rows of each partition. */
export async function executePlan(plan: ExecutionPlan, settings: ReadonlyMap<string, string> = new Map()): Promise<RowValue[][][]> {
  const session = createWorkerSession({ roots: null, poison: true })
  try {
    const context = session.context('test', settings, new AbortController().signal)
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
  } finally {
    await session.close()
  }
}
