import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  AllQuery,
  collectTopByFields,
  type Column,
  type Index,
  MemoryDirectory,
  openIndex,
  type SortKey,
  type SortValue,
  UnsupportedIndexError,
} from '@volley/tantivy'
import { FIXTURES, loadFiles } from './support/fixture.ts'
import { seeded } from '@volley/kernels/testing'

/** First value of each live document of a column, by brute force. */
async function valuesOf(index: Index, name: string): Promise<Map<string, SortValue>> {
  const found = new Map<string, SortValue>()
  for (const segment of index.segments) {
    const entries = await segment.columnsOf(name)
    const column: Column | null = entries.length === 0 ? null : await segment.openColumn(entries[0]!)
    const terms = column !== null && 'dictionary' in column ? await column.dictionary.all() : null
    for (let doc = 0; doc < segment.maxDoc; doc += 1) {
      if (!(segment.alive?.isAlive(doc) ?? true)) continue
      let value: SortValue = null
      if (column !== null && 'dictionary' in column) {
        const { values } = column.readOrdinalLists({ start: doc, end: doc + 1 })
        const [ordinal] = values
        if (ordinal !== undefined) value = terms!.bytes.slice(terms!.offsets[ordinal], terms!.offsets[ordinal + 1])
      } else if (column?.type === 'ip') {
        const { values } = column.readLists({ start: doc, end: doc + 1 })
        if (values.length > 0) value = values.slice(0, 16)
      } else if (column !== null) {
        value = column.readLists({ start: doc, end: doc + 1 }).values[0] ?? null
      }
      found.set(`${segment.ord}.${doc}`, value)
    }
  }
  return found
}

function compare(a: SortValue, b: SortValue, { order, missing }: SortKey): number {
  if (a === null || b === null) return a === b ? 0 : (a === null) === (missing === 'first') ? -1 : 1
  const sign = a instanceof Uint8Array ? Buffer.compare(a, b as Uint8Array) : a < b! ? -1 : a > b! ? 1 : 0
  return order === 'asc' ? sign : -sign
}

describe.each(['multi3-sst', 'multi7del-sst'])('the first documents of %s by fast fields', (name) => {
  it('are those of a sort of all', { timeout: 30_000 }, async () => {
    const index = await openIndex(new MemoryDirectory(loadFiles(join(FIXTURES, name, 'index'))))
    const counts = new Map<string, number>()
    for (const segment of index.segments) {
      for (const entry of await segment.columns()) counts.set(entry.name, (counts.get(entry.name) ?? 0) + 1)
    }
    const mixed = [...counts].filter(([, count]) => count > index.segments.length).map(([column]) => column)
    const single = [...counts.keys()].filter((column) => !mixed.includes(column))
    const values = new Map(
      await Promise.all(single.map(async (column) => [column, await valuesOf(index, column)] as const)),
    )
    const random = seeded(4)
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
    let compared = 0
    for (let round = 0; round < 24; round += 1) {
      const keys = Array.from({ length: 1 + Math.floor(random() * 3) }, (): SortKey => {
        const missing = pick([undefined, 'first', 'last'] as const)
        const key = {
          column: round < single.length ? single[round]! : pick(single),
          order: pick(['asc', 'desc'] as const),
        }
        return missing === undefined ? key : { ...key, missing }
      })
      const limit = pick([0, 1, 5, 40, 400])
      const expected = [...values.get(single[0]!)!.keys()]
        .map((address) => {
          const [segment, doc] = address.split('.').map(Number) as [number, number]
          return { segment, doc, values: keys.map(({ column }) => values.get(column)!.get(address)!) }
        })
        .sort((a, b) => {
          for (const [k, key] of keys.entries()) {
            const sign = compare(a.values[k]!, b.values[k]!, key)
            if (sign !== 0) return sign
          }
          return a.segment - b.segment || a.doc - b.doc
        })
        .slice(0, limit)
      expect(await collectTopByFields(index, new AllQuery(), keys, limit), JSON.stringify(keys)).toEqual(expected)
      compared += expected.length
    }
    expect(compared).toBeGreaterThan(100)
    for (const column of mixed) {
      const sorted = collectTopByFields(index, new AllQuery(), [{ column, order: 'asc' }], 1)
      await expect(sorted).rejects.toThrow(UnsupportedIndexError)
    }
  })
})
