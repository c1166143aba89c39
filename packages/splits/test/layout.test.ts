import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandLayout, Layout, type SplitRef } from '../src/layout/layout.ts'

const split = (splitId: string): SplitRef => ({
  indexId: 'logs',
  indexUri: 'ram:///logs',
  splitId,
  footerStart: 0,
  footerEnd: 1,
  numDocs: 1,
  docMappingUid: 'm',
  timeRange: null,
})

describe('layout', () => {
  test('ranges cover every document once, in order, whatever the partitions and slices', () => {
    let cuts = 0
    let sliced = 0
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(300), { maxLength: 7 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (maxDocs, partitions, count) => {
          const slices = Array.from({ length: count }, (_, index) => ({ index, count }))
          const expanded = slices.flatMap((slice) => expandLayout(maxDocs, partitions, slice))
          expect(expanded).toHaveLength(partitions * count)
          if (count === 1) expect(expanded).toEqual(expandLayout(maxDocs, partitions))
          else sliced++
          const seen = new Map<string, number>()
          for (const ranges of expanded) {
            for (const [i, range] of ranges.entries()) {
              expect(range.end).toBeGreaterThan(range.start)
              if (i > 0) {
                const before = ranges[i - 1]!
                const order =
                  before.split - range.split || before.segmentOrd - range.segmentOrd || before.start - range.start
                expect(order).toBeLessThan(0)
              }
              if (range.start > 0) cuts++
              for (let doc = range.start; doc < range.end; doc++) {
                const key = `${range.split}/${range.segmentOrd}/${doc}`
                seen.set(key, (seen.get(key) ?? 0) + 1)
              }
            }
          }
          expect([...seen.values()].every((count) => count === 1)).toBe(true)
          expect(seen.size).toBe(maxDocs.flat().reduce((a, b) => a + b, 0))
        },
      ),
      { numRuns: 300 },
    )
    expect(cuts).toBeGreaterThan(100)
    expect(sliced).toBeGreaterThan(100)
  })

  test('the id does not depend on the order of splits, and does on everything else', () => {
    const a = Layout.create('s', [split('A'), split('B')], 4)
    expect(Layout.create('s', [split('B'), split('A')], 4).layoutId).toBe(a.layoutId)
    const others = [
      Layout.create('t', [split('A'), split('B')], 4),
      Layout.create('s', [split('A'), split('B')], 5),
      Layout.create('s', [split('A')], 4),
      a.forTask(new Set(['A', 'B'])),
      a.forTask(new Set(['A'])),
      a.forSlice({ index: 0, count: 2 }),
      a.forSlice({ index: 1, count: 2 }),
    ].map((layout) => layout.layoutId)
    expect(new Set([a.layoutId, ...others]).size).toBe(8)
    expect(a.forTask(new Set(['B'])).layoutId).toBe(a.forTask(new Set(['B'])).layoutId)
  })

  test('a task has the splits that are dealt to it, those of one id in several indexes too, in the order of the layout', () => {
    let few = 0
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(400), { maxLength: 200, size: 'max' }), fc.array(fc.nat(400)), (ids, dealt) => {
        const splits = ids.flatMap((id) => {
          const one = split(`S${id}`)
          return id % 7 === 0 ? [one, { ...one, indexId: 'more', indexUri: 'ram:///more' }] : [one]
        })
        const layout = Layout.create('s', splits, 2)
        const own = new Set(dealt.map((id) => `S${id}`))
        if (own.size > 0 && own.size * 16 < splits.length) few++
        expect(layout.forTask(own).splits).toEqual(layout.splits.filter(({ splitId }) => own.has(splitId)))
      }),
      { numRuns: 100, seed: 5 },
    )
    expect(few).toBeGreaterThan(5)
  })
})
