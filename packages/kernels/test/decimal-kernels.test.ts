import { describe, expect, it } from 'vitest'
import {
  addDecimals,
  Arena,
  multiplyDecimals,
  Region,
  selectKeyBits,
  sumDecimals,
  type DecimalSide,
} from '../src/index.ts'
import { randoms } from '../src/testing.ts'

const arena = new Arena({ reserveBytes: 16 << 20, poison: true })

const EDGES = [
  0n,
  1n,
  -1n,
  999_999_999n,
  -(2n ** 31n),
  2n ** 61n,
  2n ** 62n - 1n,
  2n ** 62n,
  -(2n ** 63n),
  2n ** 63n,
  10n ** 37n,
]

function write(words: Int32Array, row: number, value: bigint): void {
  for (let w = 0; w < 4; w++) words[4 * row + w] = Number(BigInt.asIntN(32, value >> BigInt(32 * w)))
}

function read(words: Int32Array, row: number): bigint {
  let value = 0n
  for (let w = 3; w >= 0; w--)
    value = (value << 32n) | BigInt(w === 3 ? words[4 * row + w]! : words[4 * row + w]! >>> 0)
  return value
}

const fits = (value: bigint): boolean => BigInt.asIntN(64, value) === value

describe('decimals', () => {
  it('multiplies and adds what fits, and leaves the rest to others', () => {
    const next = randoms(1)
    let done = 0
    let left = 0
    for (let round = 0; round < 60; round++) {
      const region = new Region(arena)
      const count = 1 + (next() % 40)
      const values = (): bigint[] =>
        Array.from({ length: count }, () =>
          next() % 6 === 0 ? EDGES[next() % EDGES.length]! : BigInt(next() - 2 ** 31) * BigInt(1 + (next() % 9)),
        )
      const side = (factor: number): DecimalSide & { values: readonly bigint[] } => {
        const all = values()
        const words = region.i32(4 * count)
        all.forEach((value, row) => write(words, row, value))
        return { words, mask: next() % 4 === 0 ? 0 : -1, factor, values: all }
      }
      const [a, b] = [side(10 ** (next() % 4)), side((next() % 2 === 0 ? 1 : -1) * 10 ** (next() % 3))]
      const out = region.i32(4 * count)
      const rows = next() % 2 === 0 ? null : region.u32(count)
      if (rows !== null) for (let k = 0; k < count; k++) rows[k] = count - 1 - k
      const digits = [9, 15, 18, 19, 38][next() % 5]!
      const limit = digits > 18 ? 2n ** 62n : 10n ** BigInt(digits)
      for (const op of [multiplyDecimals, addDecimals]) {
        const at = (s: typeof a, row: number): bigint => s.values[row & s.mask]!
        const result = (row: number): bigint =>
          op === multiplyDecimals
            ? at(a, row) * at(b, row)
            : at(a, row) * BigInt(a.factor) + at(b, row) * BigInt(b.factor)
        for (let from = 0; from < count;) {
          const end = op(a, b, rows, from, count, digits, out)!
          for (let k = from; k < end; k++) {
            const row = rows === null ? k : rows[k]!
            expect(read(out, row)).toBe(result(row))
            expect(result(row) < limit && result(row) > -limit).toBe(true)
            done++
          }
          if (end < count) {
            const row = rows === null ? end : rows[end]!
            const value = result(row)
            const small = fits(at(a, row)) && fits(at(b, row)) && value < limit && value > -limit
            // Sides near 2^63 are left out although their sum would fit.
            if (op === multiplyDecimals) expect(small && (at(a, row) * at(b, row)) ** 2n < 2n ** 120n).toBe(false)
            left++
          }
          from = end + 1
        }
      }
      region.release()
    }
    expect(done).toBeGreaterThan(500)
    expect(left).toBeGreaterThan(100)
    expect(arena.liveBlocks).toBe(0)
  })

  it('adds to groups what fits, and stops at the rest', () => {
    const next = randoms(3)
    let stopped = 0
    for (let round = 0; round < 60; round++) {
      const region = new Region(arena)
      const count = 8 + (next() % 60)
      const groupCount = 1 + (next() % 12)
      const words = region.i32(4 * count)
      const values = Array.from({ length: count }, () =>
        next() % 20 === 0 ? EDGES[next() % EDGES.length]! : BigInt(next() - 2 ** 31) << BigInt(next() % 31),
      )
      values.forEach((value, row) => write(words, row, value))
      const groups = next() % 2 === 0 ? region.u32(count) : new Uint32Array(count)
      const rows = next() % 3 === 0 ? null : next() % 2 === 0 ? region.u32(count) : new Uint32Array(count)
      for (let k = 0; k < count; k++) {
        groups[k] = next() % groupCount
        if (rows !== null) rows[k] = count - 1 - k
      }
      const limbs = region.f64(4 * groupCount).fill(0)
      const seen = region.u8(groupCount).fill(0)
      const validity = next() % 3 === 0 ? region.u8(count) : null
      if (validity !== null) for (let i = 0; i < count; i++) validity[i] = next()
      const one = next() % 4 === 0
      if (one) groups.fill(0)
      const from = next() % 3
      const kernelRows = { rows, groups: one ? null : groups, count, groupCount }
      const end = sumDecimals({ words, mask: -1, validity }, kernelRows, from, limbs, seen)!
      const expected = Array.from({ length: groupCount }, () => 0n)
      const present = Array.from({ length: groupCount }, () => 0)
      for (let k = from; k < end; k++) {
        const row = rows === null ? k : rows[k]!
        if (validity !== null && ((validity[row >>> 3]! >>> (row & 7)) & 1) === 0) continue
        expected[groups[k]!]! += values[row]!
        present[groups[k]!] = 1
      }
      expect([...seen]).toEqual(present)
      for (let g = 0; g < groupCount; g++) {
        const sum = [3, 2, 1, 0].reduce((total, i) => (total << 32n) + BigInt(limbs[4 * g + i]!), 0n)
        expect(sum).toBe(expected[g])
      }
      if (end < count) {
        expect(fits(values[rows === null ? end : rows[end]!]!)).toBe(false)
        stopped++
      }
      region.release()
    }
    expect(stopped).toBeGreaterThan(10)
    expect(arena.liveBlocks).toBe(0)
    const column = { words: new Int32Array(32), mask: -1, validity: null }
    const outside = { rows: null, groups: new Uint32Array(8), count: 8, groupCount: 1 }
    expect(sumDecimals(column, outside, 0, new Float64Array(4), new Uint8Array(1))).toBeNull()
  })

  it('is left to others outside of an arena', () => {
    const side = { words: new Int32Array(4), mask: -1, factor: 1 }
    expect(multiplyDecimals(side, side, null, 0, 1, 18, new Int32Array(4))).toBeNull()
  })
})

describe('bits of keys', () => {
  it('select the rows whose value has its bit set, in an arena as outside', () => {
    const next = randoms(2)
    let found = 0
    for (let round = 0; round < 80; round++) {
      const region = new Region(arena)
      const count = 16 + (next() % 60)
      const wide = next() % 2 === 0
      const size = 1 + (next() % 100)
      const first = [-50, 0, 2 ** 31 - 200, -(2 ** 31)][next() % 4]!
      const bits = region.u8((size >>> 3) + 1).fill(0)
      for (let i = 0; i < size; i++) if (next() % 3 === 0) bits[i >>> 3]! |= 1 << (i & 7)
      const values = region.i32(count * 2)
      const wanted: number[] = []
      const rows = next() % 2 === 0 ? null : region.u32(count >> 1)
      for (let row = 0; row < count; row++) {
        const near = BigInt(first) + BigInt(next() % (size + 20)) - 10n
        const value = wide && next() % 5 === 0 ? near + 2n ** 32n : near
        if (wide) values[2 * row + 1] = Number(BigInt.asIntN(32, value >> 32n))
        values[wide ? 2 * row : row] = Number(BigInt.asIntN(32, value))
        const held = wide ? value : BigInt.asIntN(32, value)
        const slot = Number(held - BigInt(first))
        const holds = slot >= 0 && slot < size && ((bits[slot >>> 3]! >>> (slot & 7)) & 1) === 1
        if (holds && (rows === null || (row % 2 === 1 && row >> 1 < rows.length))) wanted.push(row)
      }
      if (rows !== null) for (let k = 0; k < rows.length; k++) rows[k] = 2 * k + 1
      const selected = rows === null ? count : rows.length
      const out = region.u32(selected)
      const n = selectKeyBits(values, wide, rows, selected, first, size, bits, out)
      expect([...out.subarray(0, n)]).toEqual(wanted)
      const copy = rows === null ? null : rows.slice()
      const twin = new Uint32Array(selected)
      expect(selectKeyBits(values.slice(), wide, copy, selected, first, size, bits.slice(), twin)).toBe(n)
      expect([...twin.subarray(0, n)]).toEqual(wanted)
      if (rows !== null) expect(selectKeyBits(values, wide, rows, selected, first, size, bits, rows)).toBe(n)
      found += n
      region.release()
    }
    expect(found).toBeGreaterThan(300)
    expect(arena.liveBlocks).toBe(0)
  })
})
