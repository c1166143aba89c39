import { Arena, Region } from '@volley/kernels'
import { expect, test } from 'vitest'
import { ExactSums } from '../src/aggregates/exact-sums.ts'
import { INT16, INT32, INT64, Operand, UINT64, vectorOf, type ScalarValue } from '../src/index.ts'
import type { DataType } from 'apache-arrow'

const arena = new Arena({ reserveBytes: 16 * 1024 * 1024 })
const ROWS = (1 << 20) + 12345

/** Adds values in turn to two groups, so many times over; checks every sum on the way. */
function check(type: DataType, values: readonly (number | bigint)[], times: number, all: boolean): void {
  const region = new Region(arena)
  const operand = new Operand(vectorOf(type, values as readonly ScalarValue[], region))
  const rows = Uint32Array.from({ length: ROWS }, (_, k) => k % values.length)
  const groups = Uint32Array.from({ length: ROWS }, (_, k) => (all ? 0 : k & 1))
  const counts = new Uint32Array(2 * values.length)
  for (let k = 0; k < ROWS; k++) counts[2 * rows[k]! + groups[k]!]!++
  const once = [0, 1].map((g) =>
    values.reduce<bigint>((sum, value, i) => sum + BigInt(value) * BigInt(counts[2 * i + g]!), 0n),
  )
  const sums = new ExactSums()
  sums.ensure(2)
  const words = new Uint32Array(8)
  for (let n = 1; n <= times; n++) {
    if (all) {
      // Columns come in parts that are not above what a look at the limbs allows.
      const half = ROWS >>> 1
      sums.addAll(type, operand, { rows: rows.subarray(0, half), count: half })
      sums.addAll(type, operand, { rows: rows.subarray(half), count: ROWS - half })
    } else sums.add(type, operand, { groups, rows, count: ROWS })
    sums.carry()
    for (let g = 0; g < 2; g++) {
      const expected = once[g]! * BigInt(n)
      expect(sums.toBigInt(g)).toBe(expected)
      expect(sums.toNumber(g)).toBe(Number(expected))
    }
    sums.writeDecimals(2, words)
    expect(
      BigInt.asIntN(128, new BigUint64Array(words.buffer)[0]! + (new BigUint64Array(words.buffer)[1]! << 64n)),
    ).toBe(once[0]! * BigInt(n))
  }
  region.release()
}

test('sums of millions of the largest values are exact', () => {
  for (const all of [true, false]) {
    check(INT16, [-32768, 32767, -5], 2, all)
    check(INT32, [2147483647], 6, all)
    check(INT32, [-2147483648, -2147483648, 7], 6, all)
    check(INT64, [-(2n ** 63n), 2n ** 63n - 1n, -1n, -(2n ** 63n)], 3, all)
    check(UINT64, [2n ** 64n - 1n, 2n ** 64n - 2n], 3, all)
  }
})

test('groups added to one another stay exact as they outgrow their limbs', () => {
  for (const [type, value] of [
    [INT32, -2147483648],
    [INT32, 2147483647],
    [INT64, -(2n ** 63n)],
    [UINT64, 2n ** 64n - 1n],
  ] as const) {
    const region = new Region(arena)
    const operand = new Operand(vectorOf(type, [value], region))
    const sums = new ExactSums()
    sums.ensure(2)
    sums.addAll(type, operand, { rows: null, count: 1 })
    const expected = [BigInt(value), 0n]
    for (let n = 0; n < 80; n++) {
      sums.addGroup(1 - (n & 1), n & 1)
      expected[1 - (n & 1)]! += expected[n & 1]!
    }
    sums.carry()
    expect([sums.toBigInt(0), sums.toBigInt(1)]).toEqual(expected)
    region.release()
  }
})
