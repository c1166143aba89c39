import { Arena, Region } from '@volley/kernels'
import { Bool, Int32, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { expect, test } from 'vitest'
import { fromArrowRecordBatch, fromArrowSchema, scalarAt } from '../src/index.ts'

test('slices of Arrow batches keep their NULLs and booleans, wherever they begin', () => {
  const rows = Array.from({ length: 100 }, (_, i) => i)
  const bools = rows.map((i) => (i % 3 === 0 ? null : i % 5 < 2))
  const numbers = rows.map((i) => (i % 7 === 0 ? null : i))
  const texts = rows.map((i) => (i % 4 === 0 ? null : `t${i}`))
  const table = new Table({
    b: vectorFromArray(bools, new Bool()),
    n: vectorFromArray(numbers, new Int32()),
    t: vectorFromArray(texts, new Utf8()),
  })
  const [batch] = table.batches
  const schema = fromArrowSchema(table.schema)
  const region = new Region(new Arena())
  for (let start = 0; start < 100; start += 9) {
    const end = Math.min(100, start + 13)
    for (const slice of [
      batch!.slice(start, end),
      batch!.slice(start >>> 1, 100).slice(start - (start >>> 1), end - (start >>> 1)),
    ]) {
      const { columns } = fromArrowRecordBatch(slice, schema, region)
      const read = columns.map((column) => Array.from({ length: end - start }, (_, i) => scalarAt(column, i)))
      expect(read).toEqual([bools, numbers, texts].map((all) => all.slice(start, end)))
    }
  }
  region.release()
})
