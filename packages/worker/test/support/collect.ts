import { scalarAt, type BatchStream } from '@volley/core'

/** All values of the first column, sorted. */
export async function collectNumbers(stream: BatchStream): Promise<number[]> {
  const values: number[] = []
  try {
    for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
      const column = batch.columns[0]!
      const { selection } = batch
      for (let k = 0; k < batch.numRows; k++)
        values.push(scalarAt(column, selection === null ? k : selection[k]!) as number)
    }
  } finally {
    await stream.close()
  }
  return values.sort((a, b) => a - b)
}
