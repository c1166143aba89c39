import fc from 'fast-check'
import { expect, test } from 'vitest'
import { split, splitTicks } from '../src/types/ticks.ts'

test('ticks are split into seconds and a rest as integers divide', () => {
  const big = (most: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: -most, max: most })
  let [narrow, wide] = [0, 0]
  fc.assert(
    fc.property(
      fc.constantFrom(1, 1e3, 1e6, 1e9),
      fc.oneof(big(1n << 40n), big((1n << 52n) + (1n << 34n)), big((1n << 63n) - 1n)),
      fc.integer({ min: -2, max: 2 }),
      fc.boolean(),
      (perSecond, value, near, whole) => {
        const unit = BigInt(perSecond)
        const ticks = BigInt.asIntN(64, whole ? (value / unit) * unit + BigInt(near) : value)
        splitTicks(new Int32Array(BigInt64Array.of(ticks).buffer), 0, perSecond)
        const rest = ((ticks % unit) + unit) % unit
        const seconds = (ticks - rest) / unit
        if (seconds > -(1n << 53n) && seconds < 1n << 53n) {
          expect([BigInt(split.seconds), BigInt(split.fraction)]).toEqual([seconds, rest])
          if (ticks >= -(1n << 52n) && ticks < 1n << 52n) narrow++
          else wide++
        }
      },
    ),
    { numRuns: 3000 },
  )
  expect(narrow).toBeGreaterThan(500)
  expect(wide).toBeGreaterThan(500)
})
