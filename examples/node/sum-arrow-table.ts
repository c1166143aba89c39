// The execution core alone, over an Arrow table: SELECT city, sum(n) FROM t GROUP BY city, as a plan made by hand.
import {
  AggregateCall,
  AggregateExec,
  collectTable,
  ColumnExpr,
  defaultFunctions,
  formatPlan,
  INT32,
  MemoryExec,
  TaskContext,
  UTF8,
} from '@volley/core'
import { Arena } from '@volley/kernels'
import { Field, Schema, Table, vectorFromArray } from 'apache-arrow'

const table = new Table({
  city: vectorFromArray(['Oslo', 'Bergen', 'Oslo'], UTF8),
  n: vectorFromArray([2_000_000_000, 5, 2_000_000_000], INT32),
})
const input = new MemoryExec(table.schema, [table.batches])
const city = new ColumnExpr(0, 'city', UTF8, true)
const n = new ColumnExpr(1, 'n', INT32, true)

const sum = defaultFunctions().aggregate('sum')!
const { argTypes, returnType } = sum.resolve([INT32])!
const options = { distinct: false, filter: null, orderBy: [], type: returnType, nullable: true, argTypes }
const schema = new Schema([new Field('city', UTF8, true), new Field('sum', returnType, true)])
const plan = new AggregateExec(input, 'single', [city], null, [new AggregateCall(sum, [n], options)], schema)

console.log(formatPlan(plan))
const context = new TaskContext({ queryId: 'example', arena: new Arena() })
const result = await collectTable(plan, context)
for (const row of result) console.log(`${row['city']}: ${row['sum']}`)
