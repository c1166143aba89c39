import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena, filterPairsI128, filterPairsI32, type PairSide, Region } from '../src/index.ts'

const arena = new Arena({ reserveBytes: 1 << 20, poison: true })
const LENGTH = 50

function toBigInt(words: Int32Array, row: number, width: number): bigint {
  let value = BigInt(words[row * width + width - 1]!)
  for (let w = width - 2; w >= 0; w--) value = (value << 32n) | BigInt(words[row * width + w]! >>> 0)
  return value
}

/** Few values, so that many are equal, and those at both ends. */
const word = fc.constantFrom(0, 1, -1, 2, 0x7fffffff, -0x80000000)

test.each([
  ['32', 1, filterPairsI32],
  ['128', 4, filterPairsI128],
] as const)('pairs of %s bits compare in WebAssembly and in JavaScript as their values do', (_, width, filter) => {
  let [equals, passed] = [0, 0]
  fc.assert(
    fc.property(
      fc.array(word, { minLength: LENGTH * width, maxLength: LENGTH * width }),
      fc.array(word, { minLength: LENGTH * width, maxLength: LENGTH * width }),
      fc.array(fc.boolean(), { minLength: LENGTH, maxLength: LENGTH }),
      fc.constantFrom(0, -1),
      fc.constantFrom(0, -1),
      fc.boolean(),
      fc.constantFrom(0, 1),
      fc.option(fc.subarray(Array.from({ length: LENGTH }, (__, i) => i))),
      (left, other, same, aMask, bMask, equal, flip, chosen) => {
        const right = other.map((value, i) => (same[Math.floor(i / width)]! ? left[i]! : value))
        const region = new Region(arena)
        try {
          const rows = chosen ?? Array.from({ length: LENGTH }, (__, i) => i)
          const value = (words: readonly number[], mask: number, row: number): bigint =>
            toBigInt(Int32Array.from(words), row & mask, width)
          const expected = rows.filter((row) => {
            const [a, b] = [value(left, aMask, row), value(right, bMask, row)]
            equals += +(a === b)
            return (equal ? a === b : a < b) !== (flip === 1)
          })
          passed += expected.length
          for (const inArena of [true, false]) {
            const i32 = (values: readonly number[]): Int32Array => {
              const out = inArena ? region.i32(values.length) : new Int32Array(values.length)
              out.set(values)
              return out
            }
            const u32 = (length: number): Uint32Array => (inArena ? region.u32(length) : new Uint32Array(length))
            const a: PairSide = { words: i32(left), mask: aMask }
            const b: PairSide = { words: i32(right), mask: bMask }
            let selection: Uint32Array | null = null
            if (chosen !== null) {
              selection = u32(chosen.length)
              selection.set(chosen)
            }
            const out = selection ?? u32(LENGTH)
            const n = filter(a, b, { equal, flip }, selection, rows.length, out)
            expect([...out.subarray(0, n)]).toEqual(expected)
          }
        } finally {
          region.release()
        }
      },
    ),
    { seed: 7, numRuns: 200 },
  )
  expect([equals > 100, passed > 1000]).toEqual([true, true])
})

test('a side that is too short is refused', () => {
  const side = (length: number): PairSide => ({ words: new Int32Array(length), mask: -1 })
  const out = new Uint32Array(8)
  expect(() => filterPairsI32(side(8), side(7), { equal: true, flip: 0 }, null, 8, out)).toThrow(RangeError)
  expect(() => filterPairsI128(side(32), side(31), { equal: true, flip: 0 }, null, 8, out)).toThrow(RangeError)
  expect(() => filterPairsI32(side(9), side(9), { equal: true, flip: 0 }, null, 9, out)).toThrow(RangeError)
})
