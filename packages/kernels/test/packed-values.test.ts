import { afterEach, expect, test } from 'vitest'
import {
  allowWasm,
  boundPackedValues,
  matchColumnFlags,
  matchColumnRowFlags,
  matchColumnRows,
  matchColumnValues,
  sumPackedValues,
  unpackColumnValues,
  unpackListedValues,
  type PackedValues,
} from '../src/index.ts'
import { randoms } from '../src/testing.ts'

afterEach(() => allowWasm(true))

function packed(values: readonly bigint[], width: number): PackedValues {
  let bits = 0n
  for (const [i, value] of values.entries()) bits |= value << BigInt(i * width)
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((bits >> BigInt(8 * i)) & 255n)
  return { bytes, width }
}

test('packed values of every width are found, unpacked and summed as they are, from any row to any row', () => {
  const next = randoms(11)
  let found = 0
  for (const width of [...Array.from({ length: 57 }, (_, i) => i), 64]) {
    const most = (1n << BigInt(width)) - 1n
    const value = (): bigint => (((BigInt(next()) << 32n) | BigInt(next())) & most) >> BigInt(next() % (width + 1))
    const values = Array.from({ length: 300 }, value)
    const column = packed(values, width)
    for (let round = 0; round < 4; round++) {
      const start = next() % 40
      const count = next() % (300 - start)
      const [a, b] = [value(), value()]
      const [from, to] = a < b ? [a, b] : [b, a]
      const own = values.slice(start, start + count)
      const out = new Uint32Array(400)
      const hits = own.flatMap((v, i) => (v >= from && v <= to ? [1000 + i] : []))
      const matched = matchColumnValues(column, start, count, from, to, 1000, out, 3)
      expect([...out.subarray(3, 3 + matched)]).toEqual(hits)
      found += matched
      const wide = new BigUint64Array(310)
      const bytes = new Uint8Array(wide.buffer)
      for (const mapping of ['none', 'signed'] as const) {
        const scale = { gcd: round === 3 ? 3n : 1n, min: 77n }
        expect(unpackColumnValues(column, start, count, scale, null, 0, mapping, bytes, 5)).toBe(true)
        const mapped = own.map((v) => {
          const scaled = BigInt.asUintN(64, 77n + scale.gcd * v)
          return mapping === 'signed' ? scaled ^ (1n << 63n) : scaled
        })
        expect([...wide.subarray(5, 5 + count)]).toEqual(mapped)
      }
      expect(sumPackedValues(column, start, count)).toBe(own.reduce((sum, v) => sum + v, 0n))
      const rows = Uint32Array.from({ length: 300 }, (_, i) => i).filter(() => next() % 3 === 0)
      const names = rows.map((row) => row + 7)
      const listed = matchColumnRows(column, rows, names, rows.length, from, to, out, 0)
      expect([...out.subarray(0, listed)]).toEqual(
        [...names].filter((_, k) => values[rows[k]!]! >= from && values[rows[k]!]! <= to),
      )
      const shuffled = rows.toReversed()
      expect(unpackListedValues(column, shuffled, rows.length, { gcd: 1n, min: 5n }, 'none', bytes, 0)).toBe(true)
      expect([...wide.subarray(0, rows.length)]).toEqual(
        Array.from(shuffled, (row) => BigInt.asUintN(64, values[row]! + 5n)),
      )
      const starts = Uint32Array.from({ length: 9 }, () => next() % 300).sort()
      const bounds = new BigUint64Array(16)
      expect(boundPackedValues(column, starts, bounds)).toBe(true)
      for (let k = 0; k < 8; k++) {
        const run = values.slice(starts[k], starts[k + 1])
        const least = run.reduce((best, v) => (v < best ? v : best), (1n << 64n) - 1n)
        expect([...bounds.subarray(2 * k, 2 * k + 2)]).toEqual([
          least,
          run.reduce((best, v) => (v > best ? v : best), 0n),
        ])
      }
      if (width > 32) continue
      const flags = Uint8Array.from({ length: 200 }, () => next() & 1)
      const isFlagged = (v: bigint): boolean => v + 2n < 200n && flags[Number(v) + 2] === 1
      const flagged = matchColumnFlags(column, start, start + count, 2n, flags, 1000, out, 0)
      expect([...out.subarray(0, flagged)]).toEqual(own.flatMap((v, i) => (isFlagged(v) ? [1000 + i] : [])))
      const some = matchColumnRowFlags(column, rows, names, rows.length, 2n, flags, out, 0)
      expect([...out.subarray(0, some)]).toEqual([...names].filter((_, k) => isFlagged(values[rows[k]!]!)))
      found += some
    }
  }
  expect(found).toBeGreaterThan(5000)
})

test('without WebAssembly nothing is done, but sums', () => {
  allowWasm(false)
  const column = packed([1n, 2n, 3n], 5)
  const rows = Uint32Array.of(0, 1)
  const out = new Uint32Array(3)
  expect(matchColumnValues(column, 0, 3, 1n, 2n, 0, out, 0)).toBe(-1)
  expect(matchColumnRows(column, rows, rows, 2, 1n, 2n, out, 0)).toBe(-1)
  expect(matchColumnFlags(column, 0, 3, 0n, Uint8Array.of(1), 0, out, 0)).toBe(-1)
  expect(boundPackedValues(column, Uint32Array.of(0, 3), new BigUint64Array(2))).toBe(false)
  expect(sumPackedValues(column, 0, 3)).toBe(6n)
})
