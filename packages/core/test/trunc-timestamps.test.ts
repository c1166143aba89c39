import { expect, test } from 'vitest'
import type { DateField } from '../src/functions/date-parts.ts'
import { truncSeconds } from '../src/functions/date-parts.ts'
import { truncTimestamps } from '../src/functions/trunc-timestamps.ts'

const FIELDS: readonly DateField[] = ['second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'century']

function floorDivide(a: bigint, b: bigint): bigint {
  return a / b - (a % b < 0n ? 1n : 0n)
}

test('counts are truncated as each of them alone, in any order, before and behind the epoch and at the ends of cells', () => {
  let state = 41
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0)
  let remembered = 0
  for (const perSecond of [1, 1000, 1_000_000, 1_000_000_000]) {
    const second = BigInt(perSecond)
    const day = 86400n * second
    const around = [0n, 1n, -1n, day, -day, 15706n * day, -719_162n * day, (1n << 52n) - 1n, -(1n << 52n)]
    const counts = BigInt64Array.from({ length: 600 }, (_, i) => {
      const base = around[next() % around.length]!
      const edge = i % 3 === 0 ? BigInt(next() % 3) - 1n : BigInt(next()) * (second >> 4n || 1n)
      return base + BigInt(next() % 40) * day * BigInt(i % 2) + edge
    })
    const words = new Int32Array(counts.buffer)
    const rows = Uint32Array.from({ length: counts.length }, (_, i) => i)
    for (const field of FIELDS) {
      const out = new BigInt64Array(counts.length)
      expect(truncTimestamps(field, words, -1, perSecond, rows, new Int32Array(out.buffer))).toBe(true)
      const expected = Array.from(
        counts,
        (count) => BigInt(truncSeconds(field, Number(floorDivide(count, second)))) * second,
      )
      expect([...out]).toEqual(expected)
      remembered += expected.length - new Set(expected).size
    }
    const fine = new BigInt64Array(counts.length)
    truncTimestamps('milliseconds', words, -1, perSecond, rows, new Int32Array(fine.buffer))
    const step = second / 1000n || 1n
    expect([...fine]).toEqual(Array.from(counts, (count) => floorDivide(count, step) * step))
  }
  expect(remembered).toBeGreaterThan(1000)
})

test('what does not fit in 64 bits is told', () => {
  const least = BigInt64Array.of(-(1n << 63n))
  const out = new Int32Array(2)
  expect(truncTimestamps('year', new Int32Array(least.buffer), -1, 1_000_000_000, Uint32Array.of(0), out)).toBe(false)
})
