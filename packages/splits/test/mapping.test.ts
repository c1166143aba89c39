import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { typeKey } from '@volley/core'
import type { DocMappingJson } from '@volley/metastore'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatDatetime, parseDatetime, parseRfc3339 } from '../src/mapping/datetime-formats.ts'
import { DocMapping, joinFieldPath, splitFieldPath } from '../src/mapping/doc-mapping.ts'
import { jsonNumber, jsonText, pathText, valueAtPath } from '../src/mapping/json-text.ts'
import { columnsOf } from '../src/mapping/mapping-columns.ts'
import { bytesFromBase64, bytesFromHex, bytesToText, ipFromText, ipToText } from '../src/mapping/value-text.ts'

const fixtures = fileURLToPath(new URL('../../../fixtures', import.meta.url))

function mappingOf(index: string): DocMapping {
  const file = JSON.parse(readFileSync(`${fixtures}/${index}/metastore.json`, 'utf8')) as {
    index: { index_config: { doc_mapping: DocMappingJson } }
  }
  return DocMapping.fromJson(file.index.index_config.doc_mapping)
}

const columns = (mapping: DocMapping): string[] =>
  columnsOf(mapping).map(({ name, type, visible, selectable, searchable }) => {
    const flags = [visible ? '' : 'hidden', selectable ? '' : 'no value', searchable ? '' : 'not searchable']
    return [`${name} ${typeKey(type)}`, ...flags.filter((flag) => flag !== '')].join(', ')
  })

test('an evolved index has its current columns, the dynamic one and the source', () => {
  expect(columns(mappingOf('quickwit/indexes/evolve'))).toMatchInlineSnapshot(`
    [
      "at Timestamp(SECOND)",
      "msg Utf8",
      "n Int64",
      "who.name Utf8",
      "who.age Uint64",
      "_dynamic Json",
      "_source Json, hidden, not searchable",
    ]
  `)
})

test('every kind of field becomes a column of its type', () => {
  const field = (name: string, type: string, more: object = {}): never => ({ name, type, ...more }) as never
  const mapping = DocMapping.fromJson({
    mode: 'strict',
    field_mappings: [
      field('all', 'concatenate', { concatenate_fields: ['t'], tokenizer: 'default' }),
      field('t', 'text'),
      field('t_fast', 'text', { fast: { normalizer: 'lowercase' }, indexed: false, stored: false }),
      field('t_index', 'text', { stored: false }),
      field('t_store', 'text', { indexed: false }),
      field('u', 'u64', { fast: true }),
      field('i', 'i64'),
      field('f', 'f64'),
      field('b', 'bool'),
      field('ip', 'ip'),
      field('by', 'bytes', { output_format: 'hex' }),
      field('d', 'datetime'),
      field('d_s', 'datetime', { fast: true }),
      field('d_us', 'datetime', { fast: true, fast_precision: 'microseconds' }),
      field('d_old', 'datetime', { fast: true, precision: 'milliseconds' }),
      field('j', 'json'),
      field('a', 'array<i64>'),
      field('a_d', 'array<datetime>', { fast: true }),
      field('a_j', 'array<json>'),
      field('o', 'object', {
        field_mappings: [field('x.y', 'text'), field('inner', 'object', { field_mappings: [field('z', 'u64')] })],
      }),
    ],
  })
  expect(columns(mapping)).toMatchInlineSnapshot(`
    [
      "t Utf8",
      "t_fast Utf8",
      "t_index Utf8, hidden, no value",
      "t_store Utf8, not searchable",
      "u Uint64",
      "i Int64",
      "f Float64",
      "b Bool",
      "ip Utf8",
      "by Utf8",
      "d Timestamp(NANOSECOND)",
      "d_s Timestamp(SECOND)",
      "d_us Timestamp(MICROSECOND)",
      "d_old Timestamp(MILLISECOND)",
      "j Json",
      "a List<Int64>",
      "a_d List<Timestamp(SECOND)>",
      "a_j List<Json>",
      "o.x.y Utf8",
      "o.inner.z Uint64",
      "all Utf8, hidden, no value",
      "_source Json, hidden, not searchable",
    ]
  `)
  expect(mapping.field('o.x.y')).toMatchObject({ tantivyName: 'o.x\\.y', path: ['o', 'x.y'] })
  expect(mapping.leavesOf('o').map(({ name }) => name)).toEqual(['o.x.y', 'o.inner.z'])
  expect(columnsOf(mapping).find(({ name }) => name === 't_fast')!.comment).toBe('fast (lowercase)')
  expect(columnsOf(mapping).find(({ name }) => name === 't')!.comment).toBe('indexed (default, basic), stored')
})

test.each([
  [{ field_mappings: [{ name: 'a', type: 'odd' }] }, /field a has the type odd/],
  [{ mode: 'loose' }, /mode of a doc mapping/],
  [{ timestamp_field: 'ts' }, /timestamp_field of the doc mapping names ts/],
  [{ tag_fields: ['x'] }, /tag_fields of the doc mapping names x/],
] as const)('a wrong mapping is an error %#', (json, message) => {
  expect(() => DocMapping.fromJson(json as DocMappingJson)).toThrow(message)
})

test('names split at their unescaped dots and join again', () => {
  expect(splitFieldPath('a.b\\.c')).toEqual(['a', 'b.c'])
  const steps = fc.array(fc.stringMatching(/^[a-z.@/-]{1,6}$/), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(steps, (path) => {
      expect(splitFieldPath(joinFieldPath(path))).toEqual(path)
    }),
  )
})

describe('values as text', () => {
  test('addresses, as RFC 5952 writes them', () => {
    const shown = [
      '10.0.0.1',
      '::1',
      '::',
      '2001:db8::1',
      'fe80::1:0:0:1',
      '1:2:3:4:5:6:7:8',
      '1:0:0:2::',
      '1:0:2:3:4:5:6:7',
    ]
    expect(shown.map((text) => ipToText(ipFromText(text)!))).toEqual(shown)
    expect(ipToText(ipFromText('::ffff:1.2.3.4')!)).toBe('1.2.3.4')
    expect(ipToText(ipFromText('2001:DB8:0:0::0:1')!)).toBe('2001:db8::1')
    expect(['', '1.2.3', '1.2.3.256', '01.2.3.4', ':::', '1::2::3', '1:2:3:4:5:6:7', 'g::'].map(ipFromText)).toEqual(
      Array(8).fill(null),
    )
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
        expect(ipFromText(ipToText(value))).toBe(value)
      }),
    )
  })

  test('bytes, there and back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        expect(bytesFromHex(bytesToText(bytes, 'hex'))).toEqual(bytes)
        expect(bytesFromBase64(bytesToText(bytes, 'base64'))).toEqual(bytes)
      }),
    )
    expect([bytesFromHex('abc'), bytesFromHex('zz'), bytesFromBase64('a'), bytesFromBase64('a-b')]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  test('instants in each output format', () => {
    const nanos = 1772323345018229124n
    const formats = [
      'rfc3339',
      'iso8601',
      'rfc2822',
      '%Y/%m/%d %H:%M:%S',
      'unix_timestamp_secs',
      'unix_timestamp_millis',
      'unix_timestamp_micros',
      'unix_timestamp_nanos',
    ]
    expect(formats.map((format) => String(formatDatetime(nanos, format)))).toEqual([
      '2026-03-01T00:02:25.018229124Z',
      '2026-03-01T00:02:25.018229124Z',
      'Sun, 01 Mar 2026 00:02:25 +0000',
      '2026/03/01 00:02:25',
      '1772323345',
      '1772323345018',
      '1772323345018229',
      '1772323345018229124',
    ])
    expect(formatDatetime(1772323345000000000n, 'rfc3339')).toBe('2026-03-01T00:02:25Z')
    expect(formatDatetime(-500000000n, 'rfc3339')).toBe('1969-12-31T23:59:59.5Z')
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 62n), max: 1n << 62n }), (value) => {
        expect(parseRfc3339(formatDatetime(value, 'rfc3339') as string)).toBe(value)
      }),
    )
  })

  test('instants that queries name', () => {
    const second = 1_000_000_000n
    expect(parseDatetime('2026-03-01T02:00:00+02:00')).toBe(1772323200n * second)
    expect(parseDatetime('2026-03-01')).toBe(1772323200n * second)
    expect(parseDatetime('2026-03-01 00:00:00.5')).toBe(1772323200n * second + second / 2n)
    expect(parseDatetime('Sun, 01 Mar 2026 00:00:00 +0000')).toBe(1772323200n * second)
    for (const count of ['1772323200', '1772323200000', '1772323200000000', '1772323200000000000']) {
      expect(parseDatetime(count)).toBe(1772323200n * second)
    }
    expect(['', 'x', '2026-13-01', '2026-02-30', '2026-03-01T25:00:00Z', 'May'].map(parseDatetime)).toEqual(
      Array(6).fill(null),
    )
  })
})

describe('stored JSON', () => {
  const value = {
    type: 'object',
    entries: [
      ['a.b', { type: 'str', value: 'x"y' }],
      ['n', { type: 'u64', value: 18446744073709551615n }],
      ['f', { type: 'f64', value: 12 }],
      ['t', { type: 'bool', value: true }],
      ['z', { type: 'null' }],
      [
        'l',
        {
          type: 'array',
          values: [
            { type: 'i64', value: -1n },
            { type: 'object', entries: [['k', { type: 'f64', value: 3.5 }]] },
          ],
        },
      ],
    ],
  } as const

  test('is written with exact numbers, in its own order', () => {
    expect(jsonText(value)).toBe(
      '{"a.b":"x\\"y","n":18446744073709551615,"f":12.0,"t":true,"z":null,"l":[-1,{"k":3.5}]}',
    )
  })

  test.each([
    [['a.b'], 'x"y'],
    [['n'], '18446744073709551615'],
    [['f'], '12.0'],
    [['t'], 'true'],
    [['z'], null],
    [['l'], '[-1,{"k":3.5}]'],
    [['l', 0], '-1'],
    [['l', -1, 'k'], '3.5'],
    [['l', 5], undefined],
    [['l', 'k'], undefined],
    [['a', 'b'], undefined],
    [[], jsonText(value)],
  ] as const)('has at path %j the text %s', (path, text) => {
    const found = valueAtPath(value, path)
    expect(found === null ? undefined : pathText(found)).toBe(text)
  })

  test('keeps doubles apart from integers', () => {
    expect([0, -0, 1e16, 1.5e300, 1e-5, 1e-6, 0.1, 123456789.5, NaN, Infinity].map(jsonNumber)).toEqual([
      '0.0',
      '-0.0',
      '1e16',
      '1.5e300',
      '0.00001',
      '1e-6',
      '0.1',
      '123456789.5',
      'null',
      'null',
    ])
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        expect(Number(jsonNumber(double))).toBe(double)
      }),
    )
  })
})
