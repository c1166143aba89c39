import { randoms } from '@volley/kernels/testing'
import { Arena, Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import { createGroupTable } from '../src/aggregates/group-table.ts'
import {
  BOOL,
  ConstantVector,
  DATE,
  decimalType,
  defaultFunctions,
  DictionaryVector,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  NullVector,
  scalarAt,
  UINT64,
  UTF8,
  vectorOf,
  type BytesVector,
  type ScalarValue,
  type Vector,
} from '../src/index.ts'

const arena = new Arena({ reserveBytes: 64 * 1024 * 1024, poison: true })

type Next = () => number

/** Values of a type around `from`, of so many different ones. */
function valueOf(type: DataType, next: Next, from: number, range: number): ScalarValue {
  const n = from + (next() % range)
  if (type === BOOL) return n % 2 === 0
  if (type === INT16) return n % 32768
  if (type === INT32 || type === DATE) return n | 0
  if (type === INT64) return BigInt(n) - 9n
  if (type === UINT64) return BigInt.asUintN(64, BigInt(n) + 2n ** 63n - 5n)
  if (type === FLOAT64) return [0, -0, Number.NaN, 1.5, -1.5, Infinity, n][next() % 7]!
  return `text ${n}`
}

function columnOf(type: DataType, values: readonly ScalarValue[], next: Next, region: Region): Vector {
  if (values.every((value) => value === null) && next() % 2 === 0) return new NullVector(type, values.length, null)
  if (values.every((value) => Object.is(value, values[0]))) {
    return new ConstantVector(vectorOf(type, [values[0]!], region), values.length)
  }
  if (type !== UTF8 || next() % 2 === 0) return vectorOf(type, values, region)
  const entries = [...new Set(values.filter((value) => value !== null))]
  const codes = region.u32(values.length)
  values.forEach((value, row) => (codes[row] = Math.max(0, entries.indexOf(value))))
  const dictionary = vectorOf(type, entries, region) as BytesVector
  const { validity } = vectorOf(type, values, region)
  return new DictionaryVector(
    type,
    codes.length,
    validity,
    codes,
    dictionary,
    false,
    next() % 2 === 0 ? 'most' : 'some',
  )
}

/** What tells keys apart: NULL is one, and so are NaN, and 0 and -0. */
function textOf(value: ScalarValue): string {
  return value === null ? 'NULL' : Object.is(value, -0) ? '0' : String(value)
}

const TYPES = [BOOL, INT16, INT32, DATE, INT64, UINT64, UTF8, FLOAT64]

test('tables of places and of hashes number keys as they are, whatever their ranges grow to', () => {
  const next = randoms(7)
  const seen = { left: 0, stayed: 0, nulls: 0, selected: 0 }
  for (let round = 0; round < 150; round++) {
    const types = Array.from({ length: 1 + (next() % 3) }, () => TYPES[next() % (round % 3 === 0 ? 8 : 6)]!)
    const hint = { rows: [0, 100, 100_000][next() % 3]!, mostPlaces: [64, 4096, 1 << 20][next() % 3]! }
    const tables = [createGroupTable(types, arena, hint), createGroupTable(types, arena, null)]
    const groups = new Map<string, number>()
    const byTable = tables.map(() => new Map<number, string>())
    const whole = new Region(arena)
    let from = (next() % 2000) - 1000
    let range = 1 + (next() % 30)
    for (let batch = 0; batch < 5; batch++) {
      const region = new Region(arena)
      const length = 1 + (next() % 60)
      const values = types.map((type) => {
        const nulls = next() % 4
        const one = next() % 6 === 0 ? valueOf(type, next, from, range) : null
        return Array.from({ length }, () =>
          nulls === 3 || (nulls === 2 && next() % 3 === 0) ? null : (one ?? valueOf(type, next, from, range)),
        )
      })
      const keys = types.map((type, i) => columnOf(type, values[i]!, next, region))
      const chosen = Array.from({ length }, (_, k) => k).filter(() => next() % 4 > 0)
      const rows = next() % 2 === 0 ? region.u32(chosen.length) : new Uint32Array(chosen.length)
      rows.set(chosen)
      const texts = chosen.map((row) => values.map((column) => textOf(column[row]!)).join('|'))
      for (const text of texts) groups.set(text, (groups.get(text) ?? 0) + 1)
      for (const [t, table] of tables.entries()) {
        const out = next() % 2 === 0 ? region.u32(length) : new Uint32Array(length)
        table.assign(keys, rows, chosen.length, out)
        texts.forEach((text, k) => {
          expect(byTable[t]!.get(out[k]!) ?? text).toBe(text)
          byTable[t]!.set(out[k]!, text)
        })
      }
      seen.nulls += +values.some((column) => column.includes(null))
      seen.selected += +(chosen.length < length)
      region.release()
      // Ranges move, widen, or jump far away.
      from += (next() % 40) - 20
      range += next() % 40
      if (next() % 12 === 0) from = (next() | 0) >> (next() % 8)
    }
    for (const [t, table] of tables.entries()) {
      expect(table.count).toBe(groups.size)
      const columns = table.keys(whole)
      for (const [number, text] of byTable[t]!) {
        expect(columns.map((column) => textOf(scalarAt(column, number))).join('|')).toBe(text)
      }
    }
    // What left its places holds a table of slots.
    seen[tables[0]!.bytes > 3000 * types.length ? 'left' : 'stayed']++
    for (const table of tables) table.release()
    whole.release()
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(10)
  expect(arena.liveBytes).toBe(0)
})

const DECIMAL = decimalType(30, 2)

const CALLS = [
  ['count', INT32],
  ['count', UTF8],
  ['sum', INT16],
  ['sum', INT32],
  ['sum', INT64],
  ['sum', UINT64],
  ['sum', FLOAT64],
  ['avg', INT32],
  ['avg', INT64],
  ['avg', FLOAT64],
  ['sum', DECIMAL],
  ['avg', DECIMAL],
  ['max', DECIMAL],
  ['min', INT16],
  ['max', INT32],
  ['min', INT64],
  ['max', INT64],
  ['min', UINT64],
  ['max', UINT64],
  ['min', FLOAT64],
  ['max', FLOAT64],
  ['max', BOOL],
  ['min', DATE],
] as const

test('states in an arena give what states beside it give', () => {
  const next = randoms(11)
  const seen = { few: 0, many: 0, nulls: 0 }
  const extremes: ScalarValue[] = [2n ** 63n - 1n, -(2n ** 63n), -1n, 0n]
  for (const [name, type] of CALLS) {
    const fn = defaultFunctions().aggregate(name)!
    const { argTypes, returnType } = fn.resolve([type])!
    for (let round = 0; round < 6; round++) {
      const accumulators = [arena, null].map((own) => fn.createAccumulator(argTypes, returnType, own))
      const region = new Region(arena)
      let groupCount = 1
      for (let batch = 0; batch < 3; batch++) {
        const length = 1 + (next() % 200)
        groupCount += next() % [2, 50][round % 2]!
        const values = Array.from({ length }, () => {
          if (next() % 5 === 0 && round > 2) return null
          if (type === INT64 && next() % 3 === 0) return extremes[next() % 4]!
          if (type === DECIMAL) return BigInt(next() - 2 ** 31) << BigInt(next() % (round % 3 === 0 ? 60 : 30))
          return valueOf(type, next, 0, 1000)
        })
        const groups = region.u32(length)
        for (let k = 0; k < length; k++) groups[k] = next() % groupCount
        const chosen = Array.from({ length }, (_, k) => k).filter(() => next() % 3 > 0)
        const rows = next() % 2 === 0 ? null : region.u32(chosen.length)
        rows?.set(chosen)
        const column = columnOf(type, values, next, region)
        const count = rows?.length ?? length
        for (const [i, accumulator] of accumulators.entries()) {
          accumulator.update(groupCount, groups, [column], rows, count)
          // All rows to the first group, at once and one by one.
          if (i === 0 && accumulator.updateAll !== undefined) accumulator.updateAll([column], rows, count)
          else accumulator.update(groupCount, new Uint32Array(length), [column], rows, count)
        }
        seen[groupCount * 8 > length ? 'many' : 'few']++
        seen.nulls += +values.includes(null)
      }
      const results = accumulators.map((accumulator) => {
        const vector = accumulator.evaluate(groupCount, region)
        return Array.from({ length: groupCount }, (_, g) => scalarAt(vector, g))
      })
      expect(results[0], `${name} ${type}`).toEqual(results[1])
      for (const accumulator of accumulators) accumulator.release()
      region.release()
    }
  }
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
  expect(arena.liveBytes).toBe(0)
})
