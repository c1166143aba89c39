import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { allowWasm } from '@volley/kernels'
import { MemoryDirectory, type NumericArray, type NumericColumn, openIndex } from '@volley/tantivy'
import { FIXTURES, loadFiles } from './support/fixture.ts'
import { seeded } from '@volley/kernels/testing'

const U64 = (1n << 64n) - 1n

function allocate(column: NumericColumn, count: number): NumericArray {
  if (column.type === 'bool') return new Uint8Array(count)
  if (column.type === 'f64') return new Float64Array(count)
  return column.type === 'u64' ? new BigUint64Array(count) : new BigInt64Array(count)
}

/** Order-preserving form of a value. */
function mapped(column: NumericColumn, value: bigint | number): bigint {
  if (column.type === 'u64' || column.type === 'bool') return BigInt(value)
  if (column.type !== 'f64') return BigInt.asUintN(64, BigInt(value) ^ (1n << 63n))
  const bits = new BigUint64Array(Float64Array.of(value as number).buffer)[0]!
  return bits >> 63n === 0n ? bits ^ (1n << 63n) : U64 ^ bits
}

/** Ascending documents of a range, dense or far apart. */
function someDocs(start: number, end: number, random: () => number): Uint32Array {
  const share = random() < 0.5 ? 0.6 : 0.02
  return Uint32Array.from({ length: end - start }, (_, i) => start + i).filter(() => random() < share)
}

describe('columns', () => {
  afterEach(() => allowWasm(true))

  it.each(['multi3-sst', 'multi7del-sst'])('of %s read and match alike with WebAssembly and without', async (name) => {
    const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
    const random = seeded(3)
    let columns = 0
    let matches = 0
    let matchesAmong = 0
    for (const segment of index.segments) {
      for (const entry of await segment.columns()) {
        const column = await segment.openColumn(entry)
        if (column.type === 'ip' || column.type === 'str' || column.type === 'bytes' || column.numValues === 0) continue
        columns += 1
        const { maxDoc } = segment
        const read = (start: number, end: number): unknown[] => {
          const out = allocate(column, end - start)
          const validity = new Uint8Array((end - start + 7) >> 3)
          const nulls = column.readRange(start, end, out, validity)
          return [nulls, validity, out]
        }
        const readSome = (docs: Uint32Array): unknown[] => {
          const out = allocate(column, docs.length)
          const validity = new Uint8Array((docs.length + 7) >> 3)
          return [column.readDocs(docs, docs.length, out, validity), validity, out]
        }
        for (let round = 0; round < 8; round += 1) {
          const start = round === 0 ? 0 : Math.floor(random() * maxDoc)
          const end = round === 0 ? maxDoc : start + Math.floor(random() * (maxDoc - start))
          const [low, high] = [random(), random()].map((part) => {
            const [min, max] = [mapped(column, column.minValue!), mapped(column, column.maxValue!)]
            return min + (BigInt(Math.floor(part * 1000)) * (max - min)) / 1000n
          }) as [bigint, bigint]
          const some = someDocs(start, end, random)
          const answers = [true, false].map((wasm) => {
            allowWasm(wasm)
            return [
              read(start, end),
              column.docsInRange(low, high, start, end),
              column.docsOfInRange(some, low, high),
              readSome(some),
              readSome(some.toReversed()),
            ]
          })
          expect(answers[0]).toEqual(answers[1])
          const lists = column.readLists({ start, end })
          const expected: number[] = []
          for (let k = 0; k < end - start; k += 1) {
            const values = Array.from(lists.values.subarray(lists.offsets[k], lists.offsets[k + 1]))
            const inside = (value: bigint | number): boolean => {
              const order = mapped(column, value)
              return order >= low && order <= high
            }
            if (values.some(inside)) expected.push(start + k)
          }
          expect([...(answers[1]![1] as Uint32Array)]).toEqual(expected)
          const among = expected.filter((doc) => some.includes(doc))
          expect([...(answers[1]![2] as Uint32Array)]).toEqual(among)
          matchesAmong += among.length
          matches += expected.length
        }
      }
    }
    expect(columns).toBeGreaterThan(3)
    expect(matches).toBeGreaterThan(100)
    expect(matchesAmong).toBeGreaterThan(50)
  })

  it('of whole multiples of a number are read divided by it', async () => {
    const random = seeded(7)
    let columns = 0
    let undivided = 0
    for (const name of ['multi3-sst', 'multi7del-sst']) {
      const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
      for (const segment of index.segments) {
        for (const entry of await segment.columns()) {
          const column = await segment.openColumn(entry)
          if ((column.type !== 'date' && column.type !== 'i64') || column.numValues === 0) continue
          const docs = someDocs(0, segment.maxDoc, random)
          const valuesOf = (of: NumericColumn): bigint[][] => {
            const [all, some] = [new BigInt64Array(segment.maxDoc), new BigInt64Array(docs.length)]
            of.readRange(0, segment.maxDoc, all, new Uint8Array((segment.maxDoc + 7) >> 3))
            of.readDocs(docs, docs.length, some, new Uint8Array((docs.length + 7) >> 3))
            return [[...all], [...some]]
          }
          for (const divisor of [1n, 2n, 1000n, 1_000_000n, 1_000_000_000n]) {
            const divided = column.dividedBy(divisor)
            if (divided === null) {
              undivided += 1
              continue
            }
            columns += +(divisor > 1n)
            const whole = (value: bigint | number | null): bigint => BigInt(value!) / divisor
            expect(valuesOf(divided)).toEqual(valuesOf(column).map((values) => values.map(whole)))
            expect([divided.minValue, divided.maxValue]).toEqual([column.minValue, column.maxValue].map(whole))
          }
        }
      }
    }
    expect(columns).toBeGreaterThan(3)
    expect(undivided).toBeGreaterThan(3)
  })

  it('of text are searched by ordinal alike with WebAssembly and without', async () => {
    const random = seeded(5)
    let matches = 0
    let matchesFlagged = 0
    for (const name of ['multi3-sst', 'multi7del-sst']) {
      const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
      for (const segment of index.segments) {
        for (const entry of await segment.columns()) {
          const column = await segment.openColumn(entry)
          if (column.type !== 'str' && column.type !== 'bytes') continue
          const { numTerms } = column.dictionary
          const { offsets, values } = column.readOrdinalLists({ start: 0, end: segment.maxDoc })
          for (let round = 0; round < 6; round += 1) {
            const start = Math.floor((random() * segment.maxDoc) / 2)
            const [min, max] = [Math.floor(random() * numTerms), Math.floor(random() * numTerms)]
            const accepted = Uint8Array.from({ length: numTerms }, () => Math.floor(random() * 2))
            const expected: number[] = []
            const flagged: number[] = []
            for (let doc = start; doc < segment.maxDoc; doc += 1) {
              const own = values.subarray(offsets[doc], offsets[doc + 1])
              if (own.some((ordinal) => ordinal >= min && ordinal <= max)) expected.push(doc)
              if (own.some((ordinal) => accepted[ordinal] === 1)) flagged.push(doc)
            }
            const some = someDocs(start, segment.maxDoc, random)
            const among = (docs: readonly number[]): number[] => docs.filter((doc) => some.includes(doc))
            for (const wasm of [true, false]) {
              allowWasm(wasm)
              expect([...column.docsInRange(min, max, start, segment.maxDoc)]).toEqual(expected)
              expect([...column.docsOfInRange(some, min, max)]).toEqual(among(expected))
              expect([...column.docsAccepted(accepted, start, segment.maxDoc)]).toEqual(flagged)
              expect([...column.docsOfAccepted(some, accepted)]).toEqual(among(flagged))
            }
            matches += expected.length
            matchesFlagged += among(flagged).length
          }
        }
      }
    }
    expect(matches).toBeGreaterThan(100)
    expect(matchesFlagged).toBeGreaterThan(100)
  })
})
