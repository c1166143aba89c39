import { expect, test } from 'vitest'
import { alignWords } from '../src/columnar/bit-unpack.ts'
import { gatherLow, gatherWide, matchRaw, matchSpans, scaledValues } from '../src/columnar/gather-rows.ts'
import { seeded } from '@volley/kernels/testing'

const WIDTHS = [...Array.from({ length: 57 }, (_, i) => i), 64]
const ROWS = 90

function packed(values: readonly bigint[], width: number): Uint32Array {
  let bits = 0n
  for (const [i, value] of values.entries()) bits |= value << BigInt(i * width)
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8))
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number((bits >> BigInt(8 * i)) & 255n)
  return alignWords(bytes)
}

test('single values of every width are gathered and matched, in any order, with any least value and divisor', () => {
  const random = seeded(17)
  const bits = (width: number): bigint =>
    BigInt.asUintN(width, (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32)))
  let scaled = 0
  let carries = 0
  let matched = 0
  for (const width of WIDTHS) {
    const most = (1n << BigInt(width)) - 1n
    const values = Array.from({ length: ROWS }, (_, i) => (i === 0 ? most : bits(width) >> BigInt(i % (width + 1))))
    const words = packed(values, width)
    for (const gcd of [0n, 1n, 3n, 1_000_000_000n, 1n << 40n]) {
      const min = gcd === 1n && width % 2 === 1 ? (1n << 63n) + 0xffff_ff00n : bits(64)
      const own = scaledValues(words, width, min, gcd)
      if (gcd < 2n) expect(own).not.toBeNull()
      if (own === null) continue
      scaled += +(gcd > 1n)
      const rows = Uint32Array.from({ length: 60 }, () => Math.floor(random() * ROWS))
      const valueOf = (row: number): bigint => BigInt.asUintN(64, min + (gcd || 1n) * values[row]!)
      const wide = new BigUint64Array(rows.length + 3)
      gatherWide(own, rows, rows.length, new Uint32Array(wide.buffer), 3)
      expect([...wide.subarray(3)]).toEqual(Array.from(rows, valueOf))
      carries += +[...rows].some((row) => (valueOf(row) & 0xffffffffn) < (min & 0xffffffffn))
      const [a, b] = [values[rows[0]!]!, values[rows[1]!]!]
      const [from, to] = a < b ? [a, b] : [b, a]
      const isWithin = (row: number): boolean => values[row]! >= from && values[row]! <= to
      const spans = Uint32Array.of(0, 13, 14, 14, 20, 41, 41, ROWS)
      const spanned = new Uint32Array(ROWS + 1)
      const among = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row < 13 || row >= 20)
      expect([...spanned.subarray(0, matchSpans(own, spans, from, to, spanned))]).toEqual(among.filter(isWithin))
      const names = rows.map((row) => 1000 + row)
      const expected = [...rows].filter(isWithin).map((row) => 1000 + row)
      const found = new Uint32Array(rows.length + 3)
      const count = matchRaw(own, rows, names, rows.length, from, to, found, 2)
      expect([...found.subarray(2, 2 + count)]).toEqual(expected)
      if (width > 32) continue
      matched += count
      const low = new Uint32Array(rows.length + 1)
      gatherLow(own, rows, rows.length, low, 1)
      expect([...low.subarray(1)]).toEqual(Array.from(rows, (row) => Number(valueOf(row) & 0xffffffffn)))
    }
  }
  expect(scaled).toBeGreaterThan(40)
  expect(carries).toBeGreaterThan(40)
  expect(matched).toBeGreaterThan(1000)
})

test('values that lie far apart, which are fetched in parts, are the same', () => {
  const random = seeded(23)
  const words = Uint32Array.from({ length: 40_000 }, () => Math.floor(random() * 2 ** 32))
  for (const width of [13, 32, 41, 64]) {
    const valueAt = (row: number): bigint => {
      const bit = row * width
      const [a, b, c] = [0, 1, 2].map((i) => BigInt(words[(bit >>> 5) + i]!))
      return BigInt.asUintN(width, ((c! << 64n) | (b! << 32n) | a!) >> BigInt(bit & 31))
    }
    const far = Math.ceil(300 / width)
    const count = Math.min(1111, Math.floor((words.length * 32 - 96) / (width * far)))
    const rows = Uint32Array.from({ length: count }, (_, i) => i * far + (i % far))
    expect(count).toBeGreaterThan(600)
    for (const gcd of width > 32 ? [1n] : [1n, 7n]) {
      const own = scaledValues(words, width, 5_000_000_123n, gcd)!
      const expected = Array.from(rows, (row) => BigInt.asUintN(64, 5_000_000_123n + gcd * valueAt(row)))
      const wide = new BigUint64Array(count)
      gatherWide(own, rows, count, new Uint32Array(wide.buffer), 0)
      expect([...wide]).toEqual(expected)
      const [from, to] = [1n << BigInt(width - 2), 1n << BigInt(width - 1)]
      const matching = [...rows].filter((row) => valueAt(row) >= from && valueAt(row) <= to)
      const found = new Uint32Array(count)
      const matches = matchRaw(own, rows, rows, count, from, to, found, 0)
      expect([...found.subarray(0, matches)]).toEqual(matching)
      expect(matches).toBeGreaterThan(100)
      if (width > 32) continue
      const low = new Uint32Array(count)
      gatherLow(own, rows, count, low, 0)
      expect([...low]).toEqual(expected.map((value) => Number(value & 0xffffffffn)))
    }
  }
})
