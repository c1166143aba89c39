import fc from 'fast-check'
import { Field, Null, Schema, Struct, type DataType } from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  BOOL,
  constantVector,
  decimalType,
  FLOAT64,
  INT64,
  INT8,
  INTERVAL,
  listType,
  NullVector,
  packBatch,
  packedBatches,
  RecordBatch,
  scalarAt,
  sliceVector,
  unpackBatch,
  UTF8,
  vectorOf,
  type ScalarValue,
  type Vector,
} from '../src/index.ts'
import { asDictionary, withRegion } from './expression-support.ts'

const types: readonly (readonly [DataType, fc.Arbitrary<ScalarValue>])[] = [
  [BOOL, fc.boolean()],
  [INT8, fc.integer({ min: -128, max: 127 })],
  [INT64, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [FLOAT64, fc.double()],
  [decimalType(38, 4), fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })],
  [INTERVAL, fc.record({ months: fc.nat(9), days: fc.nat(9), nanos: fc.bigInt({ min: -9n, max: 9n }) })],
  [UTF8, fc.string({ maxLength: 9, unit: 'grapheme' })],
  [listType(UTF8), fc.array(fc.option(fc.constantFrom('', 'a', 'bc')), { maxLength: 3 })],
  [
    new Struct([new Field('a', INT64, true), new Field('b', UTF8, true)]),
    fc.record({ a: fc.option(fc.bigInt({ min: -9n, max: 9n })), b: fc.constantFrom('', 'x', 'yz') }),
  ],
]

const column = fc.constantFrom(...types).chain(([type, values]) =>
  fc.record({
    type: fc.constant(type),
    values: fc.array(fc.option(values), { minLength: 12, maxLength: 12 }),
    form: fc.constantFrom('plain', 'sliced', 'constant', 'dictionary', 'null'),
  }),
)

test('a batch comes out of its bytes with its selected rows, whatever its encodings', () => {
  const encodings = new Set<string>()
  fc.assert(
    fc.property(
      fc.array(column, { minLength: 1, maxLength: 4 }),
      fc.option(fc.uniqueArray(fc.nat(7), { maxLength: 8 })),
      (columns, picked) => {
        withRegion((region) => {
          const vectors = columns.map(({ type, values, form }): Vector => {
            if (form === 'null') return new NullVector(new Null(), 8, null)
            if (form === 'constant') return constantVector(type, values[0]!, 8, region)
            const whole = vectorOf(type, values, region)
            if (form === 'dictionary' && type === UTF8)
              return sliceVector(asDictionary(whole, true, region), 2, 10, region)
            return sliceVector(whole, 2, 10, region)
          })
          const schema = new Schema(vectors.map((vector, i) => new Field(`c${i}`, vector.type, true)))
          const selection = picked === null ? null : Uint32Array.from(picked.sort((a, b) => a - b))
          const batch = new RecordBatch(schema, vectors, 8, selection, region)
          const bytes = packBatch(batch)
          const frame = new Uint8Array(bytes.length * 2)
          frame.set(bytes)
          frame.set(bytes, bytes.length)
          const parts = packedBatches(frame)
          expect(parts).toHaveLength(2)
          for (const part of parts) {
            const back = unpackBatch(part, schema, region)
            const rows = selection === null ? Array.from({ length: 8 }, (_, i) => i) : [...selection]
            expect(back.length).toBe(rows.length)
            back.columns.forEach((vector, i) => {
              encodings.add(vector.encoding)
              const expected = rows.map((row) => scalarAt(vectors[i]!, row))
              expect(Array.from({ length: back.length }, (_, k) => scalarAt(vector, k))).toEqual(expected)
            })
          }
        })
      },
    ),
    { numRuns: 150 },
  )
  expect([...encodings].sort()).toEqual([
    'bool',
    'bytes',
    'constant',
    'dictionary',
    'list',
    'null',
    'primitive',
    'struct',
  ])
})
