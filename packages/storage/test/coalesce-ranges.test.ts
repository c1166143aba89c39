import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coalesceRanges } from '@volley/storage'

test('every range lies inside the read that names it, once, and reads obey gap and size', () => {
  let merged = 0
  const range = fc.tuple(fc.nat(500), fc.nat(60)).map(([start, length]) => ({ start, end: start + length }))
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 20 }),
      fc.nat(30),
      fc.integer({ min: 1, max: 200 }),
      (ranges, gap, max) => {
        const reads = coalesceRanges(ranges, gap, max)
        const members = reads.flatMap((read) => read.members)
        expect([...members].sort((a, b) => a - b)).toEqual(ranges.map((_, k) => k))
        for (const read of reads) {
          if (read.members.length > 1) merged++
          for (const k of read.members) {
            expect(read.start).toBeLessThanOrEqual(ranges[k]!.start)
            expect(read.end).toBeGreaterThanOrEqual(ranges[k]!.end)
          }
        }
        reads.slice(1).forEach((read, k) => expect(read.start).toBeGreaterThanOrEqual(reads[k]!.end))
      },
    ),
    { numRuns: 100 },
  )
  expect(merged).toBeGreaterThan(20)
})

test('a read longer than the limit is not merged with one beyond its end', () => {
  expect(
    coalesceRanges(
      [
        { start: 0, end: 100 },
        { start: 110, end: 120 },
        { start: 122, end: 130 },
      ],
      10,
      50,
    ),
  ).toEqual([
    { start: 0, end: 100, members: [0] },
    { start: 110, end: 130, members: [1, 2] },
  ])
})
