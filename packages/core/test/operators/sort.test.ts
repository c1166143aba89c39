import { Arena, Region } from '@volley/kernels'
import { Int16 } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TopThreshold } from '../../src/operators/top-threshold.ts'
import { sortSteps } from '../../src/operators/sort-rows.ts'
import { finishSteps } from '../../src/runtime/run-steps.ts'
import {
  ColumnExpr,
  LimitExec,
  SortExec,
  SortPreservingMergeExec,
  UTF8,
  vectorOf,
  type ExecutionPlan,
  type ScalarValue,
  type SortKey,
} from '../../src/index.ts'
import { createTable, query } from './duckdb.ts'
import {
  batchSizes,
  column,
  columns,
  multiset,
  partitionCounts,
  relation,
  run,
  scan,
  textOf,
  typesOf,
  type Relation,
} from './engine-support.ts'

const COLUMNS = [
  columns.int('i'),
  columns.long('n'),
  columns.unsigned('u'),
  columns.double('d'),
  columns.text('t'),
  columns.bool('b'),
  columns.time('ts'),
  columns.decimal('m'),
]
// The longer ones are sorted by their words, the shorter ones by comparing.
const table = fc.oneof(relation('t', COLUMNS, 60), relation('t', COLUMNS, 12).map(repeated))

function repeated(rows: Relation): Relation {
  return { ...rows, rows: Array.from({ length: 50 }, () => rows.rows).flat() }
}

const keyChoice = fc.record({ at: fc.nat(COLUMNS.length - 1), descending: fc.boolean(), nullsFirst: fc.boolean() })
const keyChoices = fc.uniqueArray(keyChoice, { minLength: 1, maxLength: 3, selector: (key) => key.at })

type Shape = 'one sort' | 'sorted partitions merged'

function sorted(input: ExecutionPlan, keys: readonly SortKey[], fetch: number | null, shape: Shape): ExecutionPlan {
  if (shape === 'one sort') return new SortExec(input, keys, fetch, false)
  return new SortPreservingMergeExec(new SortExec(input, keys, fetch, true), keys, fetch)
}

test('sorts, merges and top-k have the keys of DuckDB’s ORDER BY, and rows of the input', async () => {
  let cut = 0
  await fc.assert(
    fc.asyncProperty(
      table,
      keyChoices,
      fc.option(fc.oneof(fc.nat(30), fc.nat(700)), { nil: null }),
      fc.constantFrom<Shape>('one sort', 'sorted partitions merged'),
      fc.record({ batchSize: batchSizes, partitions: partitionCounts }),
      async (rows, choices, fetch, shape, layout) => {
        const input = scan(rows, layout.partitions)
        const keys = choices.map((choice) => ({ ...choice, expr: column(input, choice.at) }))
        const plan = sorted(input, keys, fetch, shape)
        await createTable(rows)
        const order = choices.map(
          ({ at, descending, nullsFirst }) =>
            `${COLUMNS[at]!.name} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`,
        )
        const names = choices.map((choice) => COLUMNS[choice.at]!.name)
        const limit = fetch === null ? '' : `LIMIT ${fetch}`
        const expected = await query(`SELECT ${names.join(', ')} FROM t ORDER BY ${order.join(', ')} ${limit}`)
        const actual = await run(plan, layout.batchSize)
        const text = (values: readonly unknown[]): string =>
          values.map((value, k) => textOf(value, COLUMNS[choices[k]!.at]!.type)).join(' | ')
        expect(actual.map((row) => text(choices.map((choice) => row[choice.at])))).toEqual(expected.map(text))
        // With ties, which rows a top-k holds is open, but they are rows of the input, none twice.
        const types = typesOf(plan)
        const all = multiset(await run(input, layout.batchSize), types)
        const left = new Map<string, number>()
        for (const row of all) left.set(row, (left.get(row) ?? 0) + 1)
        for (const row of multiset(actual, types)) {
          expect(left.get(row) ?? 0, row).toBeGreaterThan(0)
          left.set(row, left.get(row)! - 1)
        }
        cut += +(actual.length > 0 && actual.length < all.length)
      },
    ),
    { numRuns: 100 },
  )
  expect(cut).toBeGreaterThan(10)
})

test('equal rows keep their order', async () => {
  const rows: ScalarValue[][] = Array.from({ length: 200 }, (_, i) => [true, i % 3, BigInt(i)])
  const input = scan({ name: 't', columns: [columns.bool('live'), columns.int('i'), columns.long('n')], rows }, 1)
  const keys = [{ expr: column(input, 0), descending: true, nullsFirst: false }]
  for (const fetch of [null, 50]) {
    const result = await run(new SortExec(input, keys, fetch, false), 7)
    for (let k = 1; k < result.length; k++) {
      if (result[k]![0] === result[k - 1]![0]) expect(result[k]![1]! > result[k - 1]![1]!).toBe(true)
    }
    expect(result.length).toBe(fetch ?? 200)
  }
})

test('a limit skips and takes across batches', async () => {
  const rows: ScalarValue[][] = Array.from({ length: 20 }, (_, i) => [i % 4 !== 0, i, BigInt(i)])
  const input = scan({ name: 't', columns: [columns.bool('live'), columns.int('i'), columns.long('n')], rows }, 1)
  const live = rows.filter((row) => row[0] === true).map((row) => row[1])
  for (const batchSize of [1, 3, 4096]) {
    for (const [skip, fetch] of [
      [0, 0],
      [0, 4],
      [5, 4],
      [13, 9],
      [40, 2],
      [2, null],
    ] as const) {
      const actual = (await run(new LimitExec(input, skip, fetch), batchSize)).map((row) => row[0])
      expect(actual).toEqual(live.slice(skip, fetch === null ? undefined : skip + fetch))
    }
  }
})

test('a long run of rows whose first bytes are alike is merged from sorted pieces, equal ones in their order', () => {
  const arena = new Arena({ reserveBytes: 64 << 20 })
  const region = new Region(arena)
  const length = 40_000
  const texts = Array.from({ length }, (_, i) => `a common prefix ${(i * 7919) % 9973}`)
  const vector = vectorOf(UTF8, texts, region)
  const key = { expr: new ColumnExpr(0, 't', UTF8, true), descending: true, nullsFirst: false }
  const rows = finishSteps(sortSteps([vector], [key], length))
  const expected = Array.from({ length }, (_, i) => i).sort((a, b) =>
    texts[a] === texts[b] ? a - b : texts[a]! < texts[b]! ? 1 : -1,
  )
  expect([...rows]).toEqual(expected)
  for (const fetch of [1, 30, 5000]) {
    const first = finishSteps(sortSteps([vector], [key], length, fetch))
    expect([...first.subarray(0, fetch)]).toEqual(expected.slice(0, fetch))
  }
  region.release()
})

test('rows of narrow integers are told from those behind the last that counts, NULLs where they go', () => {
  const region = new Region(new Arena({ reserveBytes: 1 << 20 }))
  const type = new Int16()
  const values = Array.from({ length: 900 }, (_, i) => (i % 11 === 4 ? null : ((i * 7919) % 61) - 30))
  const vector = vectorOf(type, values, region)
  let left = 0
  for (const descending of [false, true]) {
    for (const nullsFirst of [false, true]) {
      for (const keys of [1, 2]) {
        for (const last of [-30, 7, null]) {
          const key: SortKey = { expr: new ColumnExpr(0, 'i', type, true), descending, nullsFirst }
          const threshold = new TopThreshold(Array.from({ length: keys }, () => key))
          threshold.set(vectorOf(type, [last], region))
          const rows = Uint32Array.from(values.keys())
          const out = new Uint32Array(rows.length)
          const found = out.subarray(0, threshold.select(vector, rows, out))
          const place = (value: number | null): number =>
            value === null ? (nullsFirst ? -100 : 100) : descending ? -value : value
          const most = place(last) - +(keys === 1)
          expect([...found]).toEqual([...rows].filter((row) => place(values[row]!) <= most))
          left += rows.length - found.length
        }
      }
    }
  }
  expect(left).toBeGreaterThan(1000)
  region.release()
})
