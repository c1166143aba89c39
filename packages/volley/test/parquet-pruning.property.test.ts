import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { parquetWriteBuffer, type ColumnSource } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, type VolleySession } from 'volley'

let folder: string
let session: VolleySession

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-pruning-'))
  session = await connect({ settings: { threads: '1', target_partitions: '1', batch_size: '128' } })
})

afterAll(async () => {
  await session.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

/** Numbers that are always the same for a seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed + 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

interface Layout {
  readonly rows: number
  readonly seed: number
  readonly pageSize: number
  readonly rowGroupSize: number
  readonly codec: 'SNAPPY' | 'UNCOMPRESSED'
  readonly hasIndex: boolean
}

/** Rows whose columns are clustered, scattered, NULL in places and stretches, NaN, of few values and of many. */
function file({ rows, seed, pageSize, rowGroupSize, codec, hasIndex }: Layout): { bytes: Uint8Array; rows: string[] } {
  const next = numbers(seed)
  const column = <T>(value: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => value(row))
  const isGap = (row: number): boolean => row % 400 < 150
  const indexes = { columnIndex: hasIndex, offsetIndex: true }
  const columnData: ColumnSource[] = [
    { name: 'id', data: column((row) => row), type: 'INT32', nullable: false, ...indexes },
    { name: 'k', data: column((row) => BigInt(row >> 3) - 20n), type: 'INT64', ...indexes },
    {
      name: 'n',
      data: column((row) => (isGap(row) || next(9) === 0 ? null : next(50) + (row >> 2))),
      type: 'INT32',
      ...indexes,
    },
    { name: 'few', data: column(() => (next(5) === 0 ? null : next(6))), type: 'INT32', ...indexes },
    { name: 'f', data: column(() => [null, NaN, -0, 0, next(100) / 8][next(5)]), type: 'DOUBLE', ...indexes },
    { name: 'b', data: column(() => [null, true, false][next(3)]), type: 'BOOLEAN', ...indexes },
    { name: 'word', data: column(() => [null, '', 'one', 'two'][next(4)]), type: 'STRING', ...indexes },
    {
      name: 'text',
      data: column((row) => (next(7) === 0 ? null : `${'é'.repeat(next(9))}${row}`)),
      type: 'STRING',
      encoding: 'PLAIN',
      ...indexes,
    },
    {
      name: 'at',
      data: column((row) => (isGap(row + 200) ? null : new Date(Date.UTC(2024, 0, 1) + row * 60_000))),
      type: 'TIMESTAMP',
      ...indexes,
    },
  ]
  const bytes = new Uint8Array(parquetWriteBuffer({ rowGroupSize, pageSize, codec, columnData }))
  return { bytes, rows: column((row) => columnData.map(({ data }) => text(data[row])).join('|')) }
}

function text(value: unknown): string {
  return String(value instanceof Date ? value.getTime() : value)
}

const comparison = fc.constantFrom('=', '<', '<=', '>', '>=', '<>')
const condition: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(comparison, fc.integer({ min: -30, max: 250 })).map(([op, value]) => `k ${op} ${value}`),
  fc.tuple(comparison, fc.integer({ min: -5, max: 500 })).map(([op, value]) => `n ${op} ${value}`),
  fc.tuple(comparison, fc.integer({ min: 0, max: 1800 })).map(([op, value]) => `${value} ${op} id`),
  fc.tuple(comparison, fc.integer({ min: -1, max: 6 })).map(([op, value]) => `few ${op} ${value}`),
  fc.tuple(comparison, fc.constantFrom("'NaN'::DOUBLE", '0.0', '5.5')).map(([op, value]) => `f ${op} ${value}`),
  fc
    .tuple(comparison, fc.integer({ min: 0, max: 1800 }))
    .map(([op, minute]) => `at ${op} TIMESTAMP '2024-01-01 00:00:00' + INTERVAL '${minute} minutes'`),
  fc.constantFrom(
    'b',
    'NOT b',
    "word = 'one'",
    "word <> ''",
    'word IS NULL',
    'few IS NOT NULL',
    "text LIKE '%é1%'",
    'few IN (1, 3) OR n < 20',
    "coalesce(word, 'x') = 'x'",
    'few + n > 100',
    '10 / few > 3 AND few <> 0',
  ),
)

const layout: fc.Arbitrary<Layout> = fc.record({
  rows: fc.constantFrom(1, 17, 600, 1200, 1800),
  seed: fc.nat(),
  pageSize: fc.constantFrom(100, 500, 3000),
  rowGroupSize: fc.constantFrom(300, 1000, 2000),
  codec: fc.constantFrom('SNAPPY', 'UNCOMPRESSED'),
  hasIndex: fc.constantFrom(true, true, false),
})

const query = fc
  .record({
    conditions: fc.array(condition, { minLength: 1, maxLength: 2 }),
    columns: fc.constantFrom('*', 'id', 'text, id', 'f, word, b, at', 'n, few, text'),
    order: fc.constantFrom('', '', ' ORDER BY n NULLS FIRST, id LIMIT 5', ' ORDER BY at DESC NULLS LAST, id LIMIT 20'),
  })
  .map(({ conditions, columns, order }) => `SELECT ${columns} FROM t WHERE (${conditions.join(') AND (')})${order}`)

/** Rows as text, or `error`. */
async function answer(sql: string): Promise<string[]> {
  try {
    const rows: string[] = []
    for await (const chunk of (await session.sql(sql)).chunks())
      for (const row of chunk) rows.push(row.map(text).join('|'))
    return rows
  } catch (error) {
    // Division by zero is what a condition may fail with.
    if ((error as { code?: string }).code !== '22012') throw error
    return ['error']
  }
}

test('rows are the same whatever is not decoded of a Parquet file', async () => {
  const seen = new Map<string, number>()
  const count = (name: string, by: number): void => void seen.set(name, (seen.get(name) ?? 0) + by)
  let number = 0
  await fc.assert(
    fc.asyncProperty(layout, fc.array(query, { minLength: 3, maxLength: 3 }), async (shape, queries) => {
      const location = path.join(folder, `${number++}.parquet`)
      const { bytes, rows: all } = file(shape)
      fs.writeFileSync(location, bytes)
      await session.sql(`CREATE OR REPLACE EXTERNAL TABLE t STORED AS PARQUET LOCATION '${location}'`)
      expect(await answer('SELECT * FROM t')).toEqual(all)
      for (const sql of queries) {
        const rows = await answer(sql)
        await session.sql('SET parquet_pruning = off')
        const expected = await answer(sql)
        await session.sql('SET parquet_pruning = on')
        // An error may be left out with the row that it is of.
        if (expected[0] !== 'error') expect(rows, sql).toEqual(expected)
        count('rows', rows.length)
        const plan = (await answer(`EXPLAIN ANALYZE ${sql}`)).join('\n')
        for (const [, name, value] of plan.matchAll(/(pages_skipped|row_groups_skipped)=([\d,]+)/g)) {
          count(name!, Number(value!.replaceAll(',', '')))
        }
      }
    }),
    { numRuns: 15, seed: 20 },
  )
  expect(seen.get('rows')).toBeGreaterThan(500)
  expect(seen.get('pages_skipped')).toBeGreaterThan(50)
  expect(seen.get('row_groups_skipped')).toBeGreaterThan(10)
}, 60_000)
