import { Field, Schema, tableFromArrays } from 'apache-arrow'
import { Arena } from '@volley/kernels'
import { expect, test } from 'vitest'
import {
  AggregateExec,
  collectTable,
  ColumnExpr,
  defaultFunctions,
  INT32,
  INT64,
  MemoryExec,
  TaskContext,
  AggregateCall,
} from '../../src/index.ts'

test.each([
  [30, 40],
  [700, 900],
  [5000, 3],
])('groups of two keys with %d and %d values are all there, each once', async (width, height) => {
  const rows = 20_000
  const left = Int32Array.from({ length: rows }, (_, i) => (Math.imul(i, 7919) >>> 3) % width)
  const right = Int32Array.from({ length: rows }, (_, i) => (Math.imul(i, 104_729) >>> 5) % height)
  const expected = new Map<string, number>()
  for (let i = 0; i < rows; i++) {
    const key = `${left[i]}|${right[i]}`
    expected.set(key, (expected.get(key) ?? 0) + 1)
  }
  const table = tableFromArrays({ a: left, b: right })
  const fields = ['a', 'b'].map((name) => new Field(name, INT32, false))
  const keys = fields.map((field, i) => new ColumnExpr(i, field.name, INT32, false))
  const count = defaultFunctions().aggregate('count')!
  const options = { distinct: false, filter: null, orderBy: [], type: INT64, nullable: false, argTypes: [] }
  const calls = [new AggregateCall(count, [], options)]
  const schema = new Schema([...fields, new Field('count', INT64, false)])
  const input = new MemoryExec(new Schema(fields), [table.batches])
  const arena = new Arena({ reserveBytes: 64 << 20, poison: true })
  const context = new TaskContext({ queryId: 'q', arena, batchSize: 1024 })
  const result = await collectTable(new AggregateExec(input, 'single', keys, null, calls, schema), context)
  const found = new Map(result.toArray().map((row) => [`${row.a}|${row.b}`, Number(row.count)]))
  expect(result.numRows).toBe(expected.size)
  expect(found).toEqual(expected)
  expect(arena.liveBlocks).toBe(0)
})
