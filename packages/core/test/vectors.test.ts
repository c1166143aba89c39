import fc from 'fast-check'
import type { DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  BINARY,
  BOOL,
  compareRows,
  concatVectors,
  constantVector,
  DATE,
  decimalType,
  DictionaryVector,
  equalRows,
  FLOAT32,
  FLOAT64,
  flattenVector,
  hashVector,
  INT16,
  INT32,
  INT64,
  INT8,
  INTERVAL,
  JSON_TYPE,
  listType,
  NO_ROW,
  RowComparator,
  scalarAt,
  scalarKey,
  sliceVector,
  takeVector,
  timestampType,
  UINT64,
  UTF8,
  vectorOf,
  type ScalarValue,
  type Vector,
} from '../src/index.ts'
import { asDictionary, withRegion } from './expression-support.ts'

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const types: readonly (readonly [DataType, fc.Arbitrary<ScalarValue>])[] = [
  [BOOL, fc.boolean()],
  [INT8, fc.integer({ min: -128, max: 127 })],
  [INT16, fc.integer({ min: -32768, max: 32767 })],
  [INT32, fc.integer()],
  [INT64, fc.oneof(int64, fc.bigInt({ min: -3n, max: 3n }))],
  [UINT64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })],
  [FLOAT32, fc.float()],
  [FLOAT64, fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, 1))],
  [DATE, fc.integer({ min: -100000, max: 100000 })],
  [timestampType(3), int64],
  [decimalType(38, 4), fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
  [
    INTERVAL,
    fc.record({ months: fc.integer({ min: -2, max: 2 }), days: fc.integer({ min: -60, max: 60 }), nanos: int64 }),
  ],
  [UTF8, fc.string({ maxLength: 40, unit: 'grapheme' })],
  [JSON_TYPE, fc.constantFrom('{}', '[1]', '"x"')],
  [BINARY, fc.uint8Array({ maxLength: 5 })],
  [listType(INT64), fc.array(fc.option(fc.bigInt({ min: -2n, max: 2n })), { maxLength: 3 })],
  [listType(UTF8), fc.array(fc.constantFrom('a', 'b', ''), { maxLength: 3 })],
]
const columnOf = fc
  .constantFrom(...types)
  .chain(([type, value]) =>
    fc.tuple(fc.constant(type), fc.array(fc.option(value, { freq: 5 }), { minLength: 1, maxLength: 40 })),
  )

function read(vector: Vector): string[] {
  return Array.from({ length: vector.length }, (_, i) => scalarKey(scalarAt(vector, i)))
}

function encodings(type: DataType, values: readonly ScalarValue[], region: Parameters<typeof vectorOf>[2]): Vector[] {
  const plain = vectorOf(type, values, region)
  const all = [plain]
  if (type === UTF8) all.push(asDictionary(plain, true, region), asDictionary(plain, false, region))
  return all
}

test('vectors are copied, cut and put together with their values', () => {
  fc.assert(
    fc.property(columnOf, fc.infiniteStream(fc.nat()), ([type, values], numbers) => {
      withRegion((region) => {
        for (const vector of encodings(type, values, region)) {
          const keys = values.map(scalarKey)
          expect(read(vector)).toEqual(keys)
          expect(read(flattenVector(vector, null, region))).toEqual(keys)
          const rows = Uint32Array.from({ length: 20 }, () => numbers.next().value! % values.length)
          const taken = takeVector(vector, rows, rows.length, region)
          expect(taken instanceof DictionaryVector).toBe(vector instanceof DictionaryVector)
          expect(read(taken)).toEqual([...rows].map((row) => keys[row]))
          rows[3] = NO_ROW
          const padded = [...rows].map((row) => (row === NO_ROW ? 'null' : keys[row]))
          expect(read(takeVector(vector, rows, rows.length, region))).toEqual(padded)
          const start = numbers.next().value! % values.length
          const end = start + (numbers.next().value! % (values.length - start + 1))
          const slice = sliceVector(vector, start, end, region)
          expect(read(slice)).toEqual(keys.slice(start, end))
          const constant = constantVector(type, values[0]!, 3, region)
          expect(read(concatVectors([slice, vector, constant, vector], region))).toEqual([
            ...keys.slice(start, end),
            ...keys,
            keys[0],
            keys[0],
            keys[0],
            ...keys,
          ])
          expect(read(concatVectors([vector, slice], region))).toEqual([...keys, ...keys.slice(start, end)])
        }
      })
    }),
    { numRuns: 100, seed: 3 },
  )
})

test('equal values hash alike in every encoding; the order agrees with equality', () => {
  let equalPairs = 0
  fc.assert(
    fc.property(columnOf, ([type, values]) => {
      withRegion((region) => {
        const vectors = encodings(type, values, region)
        const hashes = vectors.map((vector) => {
          const out = new Uint32Array(values.length)
          hashVector(vector, null, out, false)
          return out
        })
        for (const hash of hashes) expect(hash).toEqual(hashes[0])
        const one = new Uint32Array(1)
        values.forEach((value, i) => {
          hashVector(constantVector(type, value, 1, region), null, one, false)
          expect(one[0]).toBe(hashes[0]![i])
          hashVector(vectors.at(-1)!, Uint32Array.of(i), one, false)
          expect(one[0]).toBe(hashes[0]![i])
        })
        for (let i = 0; i < values.length; i++) {
          for (let j = 0; j < values.length; j++) {
            const order = compareRows(vectors[0]!, i, vectors.at(-1)!, j)
            expect(Math.sign(compareRows(vectors.at(-1)!, j, vectors[0]!, i))).toBe(0 - Math.sign(order))
            if (scalarKey(values[i]!) === scalarKey(values[j]!)) expect(order).toBe(0)
            if (i !== j && equalRows(vectors[0]!, i, vectors[0]!, j)) {
              equalPairs++
              expect(hashes[0]![i]).toBe(hashes[0]![j])
            }
          }
        }
      })
    }),
    { numRuns: 60, seed: 5 },
  )
  expect(equalPairs).toBeGreaterThan(50)
})

test('-0 equals 0, NaN equals NaN and is above all numbers', () => {
  withRegion((region) => {
    const vector = vectorOf(FLOAT64, [0, -0, NaN, Infinity, null], region)
    const other = region.f64(1)
    new Uint32Array(other.buffer, other.byteOffset, 2).set([7, 0xfff80001])
    const out = new Uint32Array(5)
    hashVector(vector, null, out, false)
    expect(out[0]).toBe(out[1])
    expect(new Set(out).size).toBe(4)
    expect([compareRows(vector, 0, vector, 1), compareRows(vector, 2, vector, 2)]).toEqual([0, 0])
    expect([compareRows(vector, 2, vector, 3), compareRows(vector, 4, vector, 2)]).toEqual([1, 1])
  })
})

test('hashes of several columns combine, and depend on their order', () => {
  withRegion((region) => {
    const a = vectorOf(INT64, [1n, 2n, 1n], region)
    const b = vectorOf(UTF8, ['x', 'x', 'x'], region)
    const ab = new Uint32Array(3)
    hashVector(a, null, ab, false)
    hashVector(b, null, ab, true)
    const ba = new Uint32Array(3)
    hashVector(b, null, ba, false)
    hashVector(a, null, ba, true)
    expect(ab[0]).toBe(ab[2])
    expect(new Set([...ab, ...ba]).size).toBe(4)
    const small = new Uint32Array(3)
    hashVector(vectorOf(INT16, [1, 2, 1], region), null, small, false)
    hashVector(b, null, small, true)
    expect(small).toEqual(ab)
  })
})

test('sort keys compare by direction and place of NULLs', () => {
  withRegion((region) => {
    const columns = [vectorOf(INT32, [1, 1, null, 2], region), vectorOf(UTF8, ['b', null, 'a', 'c'], region)]
    const keys = [
      { descending: true, nullsFirst: true },
      { descending: false, nullsFirst: false },
    ]
    const comparator = new RowComparator(columns, columns, keys)
    const order = [0, 1, 2, 3].sort((i, j) => comparator.compare(i, j))
    expect(order).toEqual([2, 3, 0, 1])
  })
})
