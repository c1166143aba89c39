import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  type BytesColumn,
  type Column,
  IndexSchema,
  MemoryDirectory,
  type NumericArray,
  openIndex,
  SegmentWriter,
  type TermList,
  writeIndex,
} from '@volley/tantivy'
import { FIXTURES, loadFiles } from './support/fixture.ts'

type Values = NumericArray | Uint32Array

/** The ways to read a column's values, whatever its type; an ip value is its 16 bytes as hex. */
function reading(column: Column): {
  range(start: number, end: number, validity: Uint8Array): [Values | string[], number]
  docs(docs: Uint32Array, validity: Uint8Array): [Values | string[], number]
  lists(docs: Uint32Array | [number, number]): { offsets: Int32Array; values: Values | string[] }
} {
  const rows = (docs: Uint32Array | [number, number]): never =>
    (docs instanceof Uint32Array ? { docs, count: docs.length } : { start: docs[0], end: docs[1] }) as never
  if (column.type === 'str' || column.type === 'bytes') {
    return {
      range(start, end, validity) {
        const out = new Uint32Array(end - start)
        return [out, column.readOrdinals(start, end, out, validity)]
      },
      docs(docs, validity) {
        const out = new Uint32Array(docs.length)
        return [out, column.readOrdinalsOf(docs, docs.length, out, validity)]
      },
      lists: (docs) => column.readOrdinalLists(rows(docs)),
    }
  }
  if (column.type === 'ip') {
    const split = (bytes: Uint8Array): string[] =>
      Array.from({ length: bytes.length / 16 }, (_, k) =>
        Buffer.from(bytes.subarray(16 * k, 16 * k + 16)).toString('hex'),
      )
    return {
      range(start, end, validity) {
        const out = new Uint8Array(16 * (end - start))
        const nulls = column.readRange(start, end, out, validity)
        return [split(out), nulls]
      },
      docs(docs, validity) {
        const out = new Uint8Array(16 * docs.length)
        const nulls = column.readDocs(docs, docs.length, out, validity)
        return [split(out), nulls]
      },
      lists(docs) {
        const lists = column.readLists(rows(docs))
        return { offsets: lists.offsets, values: split(lists.values) }
      },
    }
  }
  const make = (n: number): NumericArray => {
    if (column.type === 'bool') return new Uint8Array(n)
    if (column.type === 'f64') return new Float64Array(n)
    return column.type === 'u64' ? new BigUint64Array(n) : new BigInt64Array(n)
  }
  return {
    range(start, end, validity) {
      const out = make(end - start)
      return [out, column.readRange(start, end, out, validity)]
    },
    docs(docs, validity) {
      const out = make(docs.length)
      return [out, column.readDocs(docs, docs.length, out, validity)]
    },
    lists: (docs) => column.readLists(rows(docs)),
  }
}

/** Asserts without the cost of an assertion for each of many values. */
function same(value: unknown, expected: unknown): void {
  if (!Object.is(value, expected)) expect(value).toBe(expected)
}

describe('columns', () => {
  it('read the same by range, by document and as lists', async () => {
    const seen = new Set<string>()
    let sums = 0
    for (const name of ['multi3-sst', 'multi7del-sst']) {
      const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
      for (const segment of index.segments) {
        for (const entry of await segment.columns()) {
          const column = await segment.openColumn(entry)
          const read = reading(column)
          const numDocs = segment.maxDoc
          const all = read.lists([0, numDocs])
          expect(all.offsets[numDocs]).toBe(column.numValues)
          for (const [start, end] of [
            [0, numDocs],
            [Math.min(numDocs, 37), numDocs],
            [numDocs >> 1, (numDocs >> 1) + (numDocs > 100 ? 41 : 0)],
          ] as const) {
            const validity = new Uint8Array((end - start + 7) >> 3).fill(0xaa)
            const [values, nulls] = read.range(start, end, validity)
            const docs = Uint32Array.from({ length: end - start }, (_, k) => end - 1 - k)
            const reversed = new Uint8Array(validity.length)
            const [byDoc, docNulls] = read.docs(docs, reversed)
            const lists = read.lists(docs)
            let missing = 0
            for (let k = 0; k < end - start; k += 1) {
              const doc = start + k
              const has = all.offsets[doc + 1]! > all.offsets[doc]!
              missing += +!has
              same((validity[k >> 3]! >> (k & 7)) & 1, +has)
              const back = end - start - 1 - k
              same((reversed[back >> 3]! >> (back & 7)) & 1, +has)
              same(lists.offsets[back + 1]! - lists.offsets[back]!, all.offsets[doc + 1]! - all.offsets[doc]!)
              if (!has) continue
              const first = all.values[all.offsets[doc]!]
              same(values[k], first)
              same(byDoc[back], first)
              same(lists.values[lists.offsets[back]!], first)
            }
            expect([nulls, docNulls]).toEqual([missing, missing])
            const total = 'sumRange' in column ? column.sumRange(start, end) : null
            if (total !== null) {
              let sum = 0n
              for (const value of values as BigInt64Array) sum += BigInt(value)
              expect(total).toEqual({ sum, count: end - start - missing })
              sums += 1
            }
            const present = Array.from({ length: end - start }, (_, k) => start + k).filter(
              (doc) => all.offsets[doc + 1]! > all.offsets[doc]!,
            )
            expect([...column.docsWithValue(start, end)]).toEqual(present)
          }
          seen.add(column.cardinality).add(column.type)
        }
      }
    }
    expect(sums).toBeGreaterThan(20)
    for (const kind of ['full', 'optional', 'multivalued', 'u64', 'str']) expect([...seen]).toContain(kind)
  })

  it('find documents by value as a scan does', async () => {
    const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, 'multi3-sst', 'index'))))
    const segment = index.segments[0]!
    let found = 0
    for (const entry of await segment.columns()) {
      const column = await segment.openColumn(entry)
      if (column.type !== 'u64') continue
      const { offsets, values } = column.readLists({ start: 0, end: segment.maxDoc })
      const sorted = [...(values as BigUint64Array)].sort((a, b) => (a < b ? -1 : 1))
      const bounds = [
        [sorted[sorted.length >> 2]!, sorted[sorted.length >> 1]!],
        [0n, sorted[0]!],
        [(sorted.at(-1) ?? 0n) + 1n, 2n ** 64n - 1n],
      ] as const
      for (const [min, max] of bounds) {
        const expected: number[] = []
        for (let doc = 0; doc < segment.maxDoc; doc += 1) {
          const own = (values as BigUint64Array).subarray(offsets[doc], offsets[doc + 1])
          if (own.some((value) => value >= min && value <= max)) expected.push(doc)
        }
        expect([...column.docsInRange(min, max, 0, segment.maxDoc)]).toEqual(expected)
        found += expected.length
      }
    }
    expect(found).toBeGreaterThan(100)
  })

  it('look terms up by ordinal and ordinals by term, over dictionaries of many blocks', async () => {
    const schema = IndexSchema.fromJson([{ name: 's', type: 'text', options: { fast: true, stored: false } }])
    const writer = new SegmentWriter(schema, { dictionary: 'sstable', store: 'none' })
    for (let doc = 0; doc < 6000; doc += 1) writer.add({ s: `term number ${(doc * 7919) % 5000}` })
    const index = await openIndex(new MemoryDirectory(writeIndex([writer.finish()], schema, {})))
    const segment = index.segments[0]!
    const column = (await segment.openColumn((await segment.columnsOf('s'))[0]!)) as BytesColumn
    const { dictionary } = column
    expect(dictionary.numTerms).toBe(5000)
    const all = await dictionary.all()
    const term = (list: TermList, k: number): Buffer =>
      Buffer.from(list.bytes.subarray(list.offsets[k]!, list.offsets[k + 1]!))
    const ordinals = Uint32Array.from({ length: 715 }, (_, k) => 7 * k + (k > 300 ? 0 : 1))
    const some = await dictionary.termsOf(ordinals)
    for (const [k, ordinal] of ordinals.entries()) {
      const wanted = term(all, ordinal)
      expect(term(some, k)).toEqual(wanted)
      expect(await dictionary.ordOf(wanted)).toBe(ordinal)
      const after = Buffer.concat([wanted, Buffer.of(0)])
      expect(await dictionary.ordOf(after)).toBe(-1)
      expect(await dictionary.lowerBound(after)).toBe(ordinal + 1)
    }
    expect(await dictionary.lowerBound(Buffer.alloc(100, 255))).toBe(5000)
    const out = new Uint32Array(6000)
    column.readOrdinals(0, 6000, out, new Uint8Array(750))
    for (const doc of [0, 1, 4999, 5999])
      expect(term(all, out[doc]!).toString()).toBe(`term number ${(doc * 7919) % 5000}`)
  })
})
