import { Arena } from '@volley/kernels'
import { Field, Schema, type DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  ColumnExpr,
  conjunction,
  DATE,
  decimalType,
  FilterExec,
  FLOAT64,
  INT32,
  INT64,
  JoinKeysExec,
  joinKeysOf,
  keyFilters,
  scalarAt,
  TaskContext,
  timestampType,
  TimeUnit,
  UINT64,
  UTF8,
  ValuesExec,
  type ExecutionPlan,
  type ScalarValue,
} from '../../src/index.ts'

const MAX_I64 = (1n << 63n) - 1n
const TYPES: readonly (readonly [name: string, type: DataType, at: (i: number) => ScalarValue])[] = [
  ['int', INT32, (i) => i * 7 - 9000],
  ['bigint', INT64, (i) => BigInt(i) * (MAX_I64 / 12_000n) * (i % 2 === 0 ? 1n : -1n)],
  ['unsigned bigint', UINT64, (i) => BigInt(i) * (MAX_I64 / 6000n)],
  ['double', FLOAT64, (i) => (i === 0 ? -0 : i / 3 - 700)],
  ['text', UTF8, (i) => `key ${i}`],
  ['date', DATE, (i) => i - 3000],
  ['timestamp', timestampType(TimeUnit.MILLISECOND), (i) => BigInt(i) * 86_400_000n - 5n],
  ['decimal', decimalType(20, 2), (i) => BigInt(i) * 100_000_000_000n],
]

const column = (type: DataType): ColumnExpr => new ColumnExpr(0, 'k', type, true)

function values(type: DataType, list: readonly ScalarValue[]): ValuesExec {
  return new ValuesExec(
    new Schema([new Field('k', type, true)]),
    list.map((value) => [value]),
  )
}

async function rows(plan: ExecutionPlan, context: TaskContext): Promise<ScalarValue[]> {
  const found: ScalarValue[] = []
  const stream = plan.execute(0, context)
  for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
    for (let k = 0; k < batch.numRows; k++) found.push(scalarAt(batch.columns[0]!, batch.selection?.[k] ?? k))
  }
  await stream.close()
  return found
}

const show = (value: ScalarValue): string => (value === 0 ? '0' : String(value))

test.each(TYPES)('keys of type %s, few or many, filter what is none of them', async (_name, type, at) => {
  for (const [count, mode, planned] of [
    [3, 'filter', 3],
    [40, 'filter', 40],
    [5000, 'lookup', 1000],
    [5000, 'lookup', 10],
  ] as const) {
    const arena = new Arena({ poison: true })
    const context = new TaskContext({ queryId: 'test', arena, batchSize: 512 })
    // Each second value is a key.
    const keys = Array.from({ length: count }, (_, i) => at(2 * i))
    const build = new JoinKeysExec(values(type, [...keys, null, ...keys]), [{ id: 7, expr: column(type) }], {
      mode,
      rows: planned,
    })
    expect(joinKeysOf(context, 7)).toBeNull()
    expect(await rows(build, context)).toHaveLength(2 * count + 1)
    const set = joinKeysOf(context, 7)!
    const listed = type === TYPES.at(-1)![1] ? count < 9 : count < 5000 || planned === 1000
    expect([set.values === null, set.bloom === null]).toEqual([!listed, listed])
    const others = Array.from({ length: count }, (_, i) => at(2 * i + 1))
    const filters = keyFilters(set, column(type))
    const kept = await rows(new FilterExec(values(type, [...others, ...keys, null]), conjunction(filters)!), context)
    const wanted = new Set(keys.map(show))
    expect(new Set(kept.map(show).filter((text) => wanted.has(text)))).toEqual(wanted)
    const wrong = kept.filter((value) => !wanted.has(show(value)))
    expect(wrong).not.toContain(null)
    if (listed) expect(wrong).toEqual([])
    else expect(wrong.length).toBeLessThan(0.03 * count + 3)
    const { counters } = context.metricsOf(build)
    expect([counters.get('estimated'), counters.get('actual')]).toEqual([planned, 2 * count + 1])
    expect(counters.get('switched_to_hash') ?? 0).toBe(mode === 'lookup' && !listed ? 1 : 0)
    await context.close()
    expect(arena.liveBlocks).toBe(0)
  }
})

test('an empty build side filters everything', async () => {
  const context = new TaskContext({ queryId: 'test', arena: new Arena() })
  const build = new JoinKeysExec(values(INT64, [null]), [{ id: 1, expr: column(INT64) }], { mode: 'filter', rows: 50 })
  await rows(build, context)
  const filters = keyFilters(joinKeysOf(context, 1)!, column(INT64))
  expect(await rows(new FilterExec(values(INT64, [1n, null, 0n]), conjunction(filters)!), context)).toEqual([])
  expect(context.metricsOf(build).counters.get('switched_to_lookup')).toBe(1)
})
