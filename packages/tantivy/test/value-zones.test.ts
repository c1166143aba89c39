import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { allowWasm } from '@volley/kernels'
import { mapF64, mapI64, MemoryDirectory, openIndex, ZONE_DOCS, type ValueZones } from '@volley/tantivy'
import { docsByZones, docsInZones } from '../src/columnar/value-zones.ts'
import { FIXTURES, loadFiles } from './support/fixture.ts'
import { seeded } from '@volley/kernels/testing'

afterEach(() => allowWasm(true))

const ALL_ONES = (1n << 64n) - 1n

const joinHalves = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low)

test.each(['multi3-sst', 'multi7del-sst'])('zones of %s bound the values of their documents', async (name) => {
  let zonesSeen = 0
  for (const wasm of [true, false]) {
    allowWasm(wasm)
    const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
    for (const segment of index.segments) {
      for (const entry of await segment.columns()) {
        const column = await segment.openColumn(entry)
        if (column.type === 'ip') continue
        const zones = column.zones()
        expect(zones === null).toBe(column.cardinality === 'multivalued' || column.numValues === 0)
        if (zones === null) continue
        for (let k = 0; k < zones.counts.length; k++) {
          const range = { start: k * ZONE_DOCS, end: Math.min(segment.maxDoc, (k + 1) * ZONE_DOCS) }
          const lists: { values: ArrayLike<bigint | number> } =
            'dictionary' in column ? column.readOrdinalLists(range) : column.readLists(range)
          const values = Array.from(lists.values, (value) => {
            if (column.type === 'f64') return mapF64(value as number)
            if (column.type === 'i64' || column.type === 'date') return mapI64(value as bigint)
            return BigInt(value)
          })
          const [a, b, c, d] = zones.bounds.subarray(4 * k, 4 * k + 4) as unknown as [number, number, number, number]
          const least = values.reduce((best, value) => (value < best ? value : best), ALL_ONES)
          const most = values.reduce((best, value) => (value > best ? value : best), 0n)
          expect([zones.counts[k], joinHalves(a, b), joinHalves(c, d)], entry.name).toEqual([
            values.length,
            least,
            most,
          ])
          zonesSeen++
        }
        const random = seeded(5)
        const spans = Uint32Array.from({ length: 12 }, () => Math.floor(random() * segment.maxDoc)).sort()
        const found: number[] = []
        for (let i = 0; i < 12; i += 2) {
          const [start, end] = [spans[i]!, spans[i + 1]!]
          if ('dictionary' in column) found.push(...column.docsInRange(1, 900, start, end))
          else found.push(...column.docsInRange(1n << 50n, (1n << 63n) + 5000n, start, end))
        }
        const ofSpans =
          'dictionary' in column
            ? column.docsOfSpans(spans, 1, 900)
            : column.docsOfSpans(spans, 1n << 50n, (1n << 63n) + 5000n)
        expect([...ofSpans]).toEqual(found)
      }
    }
  }
  expect(zonesSeen).toBeGreaterThan(20)
})

test('documents are found by zones as by looking at each', () => {
  const random = seeded(71)
  const total = 60_000
  let byZones = 0
  let asked = 0
  let dropped = 0
  for (let round = 0; round < 30; round++) {
    const isFull = round % 2 === 0
    const step = 1n << BigInt(round % 3 === 0 ? 30 : 4)
    // Runs of values that lie near one another.
    const values = Array.from({ length: total }, (_, doc) =>
      !isFull && doc % 7 === 3 ? null : step * BigInt(Math.floor(doc / 3000) * 1000 + Math.floor(random() * 800)),
    )
    const counts: number[] = []
    const bounds: number[] = []
    for (let doc = 0; doc < total; doc += ZONE_DOCS) {
      const own = values.slice(doc, doc + ZONE_DOCS).filter((value) => value !== null)
      const least = own.reduce((best, value) => (value < best ? value : best), ALL_ONES)
      const most = own.reduce((best, value) => (value > best ? value : best), 0n)
      counts.push(own.length)
      for (const value of [least, most]) bounds.push(Number(value & 0xffffffffn), Number(value >> 32n))
    }
    const zones: ValueZones = { counts: Uint32Array.from(counts), bounds: Uint32Array.from(bounds) }
    const start = Math.floor(random() * 3000)
    const end = total - Math.floor(random() * 3000)
    const min = step * BigInt(Math.floor(random() * 15_000))
    const max = min + step * BigInt(Math.floor(random() * 4000))
    const find = (from: number, to: number): Uint32Array => {
      asked += to - from
      const docs: number[] = []
      for (let doc = from; doc < to; doc++) {
        const value = values[doc]
        if (value != null && value >= min && value <= max) docs.push(doc)
      }
      return Uint32Array.from(docs)
    }
    const some = Uint32Array.from({ length: total / 3 }, (_, i) => 3 * i)
    const left = docsInZones(zones, min, max, some)
    const wanted = [...find(start, end)].filter((doc) => doc % 3 === 0)
    const leftSet = new Set(left)
    expect(wanted.filter((doc) => !leftSet.has(doc))).toEqual([])
    dropped += some.length - left.length
    asked -= end - start
    const found = docsByZones(zones, min, max, start, end, isFull, find)
    if (found === null) continue
    byZones++
    const before = asked
    expect(found).toEqual(find(start, end))
    asked = before
  }
  expect(byZones).toBeGreaterThan(20)
  expect(dropped).toBeGreaterThan(total)
  expect(asked).toBeLessThan((byZones * total) / 2)
})
