import {
  Bool,
  DateMillisecond,
  Dictionary,
  Field,
  Int32,
  makeData,
  RecordBatch as ArrowRecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  TimeMillisecond,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { expect, test } from 'vitest'
import {
  BINARY,
  BOOL,
  DATE,
  decimalType,
  decodeIpc,
  encodeIpc,
  FLOAT64,
  fromArrowRecordBatch,
  fromArrowSchema,
  INT32,
  INT64,
  INTERVAL,
  isJson,
  JSON_TYPE,
  listType,
  RecordBatch,
  scalarAt,
  timestampType,
  toArrowRecordBatch,
  toArrowSchema,
  typeKey,
  UINT64,
  UTF8,
  type ScalarValue,
} from '../src/index.ts'
import { asDictionary, batchOf, errorCode, withRegion, type TestColumn } from './expression-support.ts'

const COLUMNS: readonly TestColumn[] = [
  { type: BOOL, values: [true, null, false, true] },
  { type: INT32, values: [1, null, -3, 4] },
  { type: INT64, values: [2n ** 53n + 1n, null, -1n, 0n] },
  { type: UINT64, values: [2n ** 64n - 1n, null, 0n, 1n] },
  { type: FLOAT64, values: [0.5, null, -0, NaN] },
  { type: UTF8, values: ['a', null, '', 'é😀'] },
  { type: JSON_TYPE, values: ['{"a": 1.10}', null, '[]', 'null'] },
  { type: BINARY, values: [Uint8Array.of(0, 255), null, new Uint8Array(0), Uint8Array.of(1)] },
  { type: DATE, values: [19782, null, -1, 0] },
  { type: timestampType(3, 'UTC'), values: [1704164645123456789n, null, -1n, 0n] },
  { type: decimalType(38, 2), values: [10n ** 37n, null, -1n, 0n] },
  { type: INTERVAL, values: [{ months: 1, days: -2, nanos: 3n }, null, { months: 0, days: 0, nanos: -1n }, null] },
  { type: listType(INT64), values: [[1n, null], null, [], [3n]] },
  { type: listType(UTF8), values: [['x', ''], null, [], ['y']] },
]

function rowsOf(batch: RecordBatch): ScalarValue[][] {
  return batch.columns.map((column) => Array.from({ length: batch.length }, (_, i) => scalarAt(column, i)))
}

test('a batch goes to Arrow, through IPC and back, with its selected rows', () => {
  withRegion((region) => {
    for (const selection of [null, Uint32Array.of(0, 2, 3), Uint32Array.of(1), new Uint32Array(0)]) {
      const batch = batchOf(COLUMNS, region, selection)
      const arrow = toArrowRecordBatch(batch)
      const schema = toArrowSchema(batch.schema)
      const { schema: decodedSchema, batches } = decodeIpc(encodeIpc(schema, [arrow, arrow]))
      expect(batches.reduce((sum, part) => sum + part.numRows, 0)).toBe(2 * batch.numRows)
      const back = fromArrowSchema(decodedSchema)
      expect(back.fields.map((field) => typeKey(field.type))).toEqual(COLUMNS.map((column) => typeKey(column.type)))
      expect(isJson(back.fields[6]!.type)).toBe(true)
      for (const part of batches) {
        const rows = [...(selection ?? [0, 1, 2, 3])]
        expect(rowsOf(fromArrowRecordBatch(part, back, region))).toEqual(
          COLUMNS.map((column) => rows.map((row) => column.values[row])),
        )
      }
    }
  })
})

test('a schema without batches survives IPC', () => {
  withRegion((region) => {
    const schema = toArrowSchema(batchOf(COLUMNS, region).schema)
    const decoded = decodeIpc(encodeIpc(schema, []))
    expect(decoded.schema.fields.map(String)).toEqual(schema.fields.map(String))
    expect(decoded.batches.reduce((sum, batch) => sum + batch.numRows, 0)).toBe(0)
    expect(errorCode(() => decodeIpc(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)))).toBe('XX001')
  })
})

test('what Arrow users read is their own memory, as text and metadata', () => {
  const arrow = withRegion((region) => {
    const batch = batchOf(
      [{ type: UTF8, values: ['b', null, 'a'] }, COLUMNS[6]!].map((c) => ({ ...c, values: c.values.slice(0, 3) })),
      region,
    )
    const coded = new RecordBatch(
      batch.schema,
      [asDictionary(batch.columns[0]!, true, region), batch.columns[1]!],
      3,
      null,
      region,
    )
    return toArrowRecordBatch(coded)
  })
  const table = new Table([arrow])
  expect(table.toArray().map((row) => row.toJSON())).toEqual([
    { c0: 'b', c1: '{"a": 1.10}' },
    { c0: null, c1: null },
    { c0: 'a', c1: '[]' },
  ])
  expect(table.schema.fields[1]!.metadata.get('ARROW:extension:name')).toBe('arrow.json')
  expect(tableFromIPC(encodeIpc(arrow.schema, [arrow])).numRows).toBe(3)
})

test('dictionaries, slices, milliseconds and other widths of Arrow are read', () => {
  withRegion((region) => {
    const dictionary = vectorFromArray(['x', 'y', null, 'x'], new Dictionary(new Utf8(), new Int32()))
    const dates = vectorFromArray([new Date(86400000 * 3), null, new Date(0), null], new DateMillisecond())
    const times = vectorFromArray([1000, null, 5, 86399999], new TimeMillisecond())
    const flags = vectorFromArray([true, false, null, true], new Bool())
    const fields = [dictionary, dates, times, flags].map((vector, i) => new Field(`c${i}`, vector.type, true))
    const schema = new Schema(fields)
    const children = [dictionary, dates, times, flags].map((vector) => vector.data[0]!)
    const data = makeData({ type: new Struct(fields), length: 4, nullCount: 0, children })
    const whole = new ArrowRecordBatch(schema, data)
    const expected = [
      ['x', 'y', null, 'x'],
      [3, null, 0, null],
      [1000n, null, 5n, 86399999n],
      [true, false, null, true],
    ]
    expect(rowsOf(fromArrowRecordBatch(whole, fromArrowSchema(schema), region))).toEqual(expected)
    const cut = fromArrowRecordBatch(whole.slice(1, 4), fromArrowSchema(schema), region)
    expect(rowsOf(cut)).toEqual(expected.map((column) => column.slice(1)))
  })
})
