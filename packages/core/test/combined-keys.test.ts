import { Arena, Region } from '@volley/kernels'
import { expect, test } from 'vitest'
import { CombinedKeyTable } from '../src/aggregates/combined-key-table.ts'
import { FLOAT64, INT32, INT64, scalarAt, UTF8, vectorOf, type ScalarValue } from '../src/index.ts'

const arena = new Arena({ reserveBytes: 64 * 1024 * 1024, poison: true })

test('groups of several keys keep their numbers when the first NULL comes, however late', () => {
  const types = [INT64, UTF8, INT32, FLOAT64]
  const rowOf = (i: number): ScalarValue[] => [BigInt(i) ** 4n, `text ${i % 7}`, i % 1000, i % 11 === 0 ? -0 : i / 4]
  for (const nullKey of [0, 3]) {
    const table = new CombinedKeyTable(types, arena)
    const numbers = new Map<string, number>()
    const textOf = (row: readonly ScalarValue[]): string =>
      row.map((value) => (Object.is(value, -0) ? '0' : String(value))).join('|')
    for (let batch = 0; batch < 30; batch++) {
      const region = new Region(arena)
      const rows = Array.from({ length: 700 }, (_, k) => {
        const row = rowOf((batch * 650 + k * 3) % 20_000)
        if (batch >= 22 && k % 5 === 0) row[nullKey] = null
        return row
      })
      const keys = types.map((type, i) =>
        vectorOf(
          type,
          rows.map((row) => row[i]!),
          region,
        ),
      )
      const out = new Uint32Array(rows.length)
      table.assign(keys, Uint32Array.from(rows.keys()), rows.length, out)
      const expected = rows.map((row) => {
        const text = textOf(row)
        const known = numbers.get(text)
        if (known === undefined) numbers.set(text, numbers.size)
        return known ?? numbers.size - 1
      })
      expect([...out]).toEqual(expected)
      region.release()
    }
    expect(table.count).toBe(numbers.size)
    const region = new Region(arena)
    const columns = table.keys(region)
    const kept = Array.from(numbers.values(), (number) => textOf(columns.map((column) => scalarAt(column, number))))
    expect(kept).toEqual([...numbers.keys()])
    region.release()
    table.release()
    expect(numbers.size).toBeGreaterThan(16_384)
  }
  expect(arena.liveBytes).toBe(0)
})
