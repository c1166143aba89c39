import { Arena, Region } from '@volley/kernels'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { constantVector, defaultFunctions, INT64, scalarAt, UTF8, vectorOf } from '../src/index.ts'

const arena = new Arena({ reserveBytes: 16 << 20, poison: true })
const substring = defaultFunctions().scalar('substring')!

test('substring of columns counts characters of all widths as it does row by row', () => {
  let cut = 0
  fc.assert(
    fc.property(
      fc.array(fc.option(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '€', '\u{1F600}'), maxLength: 9 })), {
        minLength: 1,
        maxLength: 20,
      }),
      fc.integer({ min: -3, max: 10 }),
      fc.option(fc.integer({ min: 0, max: 10 })),
      fc.boolean(),
      (texts, start, count, all) => {
        const region = new Region(arena)
        const { length } = texts
        const rows = texts.flatMap((_, i) => (all || i % 3 !== 1 ? [i] : []))
        const numbers = count === null ? [start] : [start, count]
        const result = substring.evaluate({
          args: [
            vectorOf(UTF8, texts, region),
            ...numbers.map((n) => constantVector(INT64, BigInt(n), length, region)),
          ],
          type: UTF8,
          length,
          selection: all ? null : Uint32Array.from(rows),
          region,
        })
        for (const row of rows) {
          const text = texts[row]!
          const end = count === null ? Infinity : Math.max(0, start - 1 + count)
          const expected =
            text === null
              ? null
              : Array.from(text)
                  .slice(Math.max(0, start - 1), end)
                  .join('')
          expect(scalarAt(result, row)).toBe(expected)
          cut += +(expected !== text)
        }
        region.release()
      },
    ),
    { numRuns: 200, seed: 1 },
  )
  expect(cut).toBeGreaterThan(200)
  expect(arena.liveBlocks).toBe(0)
})
