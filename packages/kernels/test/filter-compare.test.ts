import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  Arena,
  type CompareOp,
  filterCompareF64,
  filterCompareI32,
  filterCompareI64,
  filterCompareU32,
  filterCompareU64,
  Region,
} from '../src/index.ts'

const OPS: readonly CompareOp[] = ['=', '<>', '<', '<=', '>', '>=']
const arenas = {
  unshared: new Arena({ reserveBytes: 1 << 20, poison: true }),
  shared: new Arena({ reserveBytes: 1 << 20, shared: true }),
}

/** PostgreSQL's order: NaN equal to itself, above all. */
function compare(a: number | bigint, b: number | bigint): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a < b ? -1 : a > b ? 1 : 0
}

function holds(op: CompareOp, order: number): boolean {
  switch (op) {
    case '=':
      return order === 0
    case '<>':
      return order !== 0
    case '<':
      return order < 0
    case '<=':
      return order <= 0
    case '>':
      return order > 0
    case '>=':
      return order >= 0
  }
}

interface Case {
  readonly name: string
  readonly value: fc.Arbitrary<number | bigint>
  /** A column in an arena, or in ordinary memory where there is no region. */
  column(
    region: Region | null,
    length: number,
  ): Int32Array | Uint32Array | Float64Array | BigInt64Array | BigUint64Array
  readonly filter: (
    values: never,
    op: CompareOp,
    constant: never,
    selection: Uint32Array | null,
    count: number,
    out: Uint32Array,
  ) => number
}

const i64 = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 3n }),
  fc.constantFrom(2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
)
const CASES: readonly Case[] = [
  {
    name: 'i32',
    value: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer()),
    column: (region, length) => region?.i32(length) ?? new Int32Array(length),
    filter: filterCompareI32,
  },
  {
    name: 'u32',
    value: fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    column: (region, length) => region?.u32(length) ?? new Uint32Array(length),
    filter: filterCompareU32,
  },
  {
    name: 'i64',
    value: i64,
    column: (region, length) => region?.i64(length) ?? new BigInt64Array(length),
    filter: filterCompareI64,
  },
  {
    name: 'u64',
    value: u64,
    column: (region, length) => region?.u64(length) ?? new BigUint64Array(length),
    filter: filterCompareU64,
  },
  {
    name: 'f64',
    value: fc.oneof(fc.constantFrom(NaN, -0, 0, 1, -1, Infinity, -Infinity), fc.double()),
    column: (region, length) => region?.f64(length) ?? new Float64Array(length),
    filter: filterCompareF64,
  },
]

describe('filter by comparison', () => {
  for (const kind of ['unshared', 'shared'] as const) {
    test.for(CASES.map((each) => [each.name, each] as const))(
      `%s in ${kind} WebAssembly, in JavaScript and by brute force`,
      ([, each]) => {
        const arena = arenas[kind]
        expect(arena.hasWasmKernels).toBe(true)
        let passed = 0
        let dropped = 0
        const rows = fc.array(each.value, { maxLength: 150, size: 'max' })
        fc.assert(
          fc.property(rows, each.value, fc.constantFrom(...OPS), fc.nat(3), (values, constant, op, every) => {
            const chosen = Uint32Array.from(values.keys()).filter((row) => every === 0 || row % (every + 1) !== 0)
            const expected = [...chosen].filter((row) => holds(op, compare(values[row]!, constant)))
            for (const region of [new Region(arena), null]) {
              const column = each.column(region, values.length)
              column.set(values as never)
              const selection = every === 0 ? null : (region?.u32(chosen.length) ?? new Uint32Array(chosen.length))
              selection?.set(chosen)
              const out = region?.u32(chosen.length) ?? new Uint32Array(chosen.length)
              const count = each.filter(column as never, op, constant as never, selection, chosen.length, out)
              expect([...out.subarray(0, count)]).toEqual(expected)
              if (selection !== null) {
                const inPlace = each.filter(column as never, op, constant as never, selection, chosen.length, selection)
                expect([...selection.subarray(0, inPlace)]).toEqual(expected)
              }
              region?.release()
            }
            passed += expected.length
            dropped += chosen.length - expected.length
          }),
          { seed: 20260722, numRuns: 150 },
        )
        expect(passed).toBeGreaterThan(500)
        expect(dropped).toBeGreaterThan(500)
      },
    )
  }

  test('writes nothing beyond the rows it was asked for', () => {
    const region = new Region(arenas.unshared)
    const values = region.i32(64).fill(1)
    const out = region.u32(80).fill(7)
    for (const count of [61, 62, 63, 64]) {
      expect(filterCompareI32(values, '=', 1, null, count, out)).toBe(count)
      expect([...out.subarray(count)]).toEqual(Array(80 - count).fill(7))
      out.fill(7)
    }
    region.release()
  })

  test('refuses more rows than there are', () => {
    expect(() => filterCompareI32(new Int32Array(3), '=', 1, null, 4, new Uint32Array(9))).toThrow(RangeError)
    expect(() => filterCompareI32(new Int32Array(9), '=', 1, null, 4, new Uint32Array(3))).toThrow(RangeError)
  })

  test('an arena is empty when its regions are released', () => {
    expect(arenas.unshared.liveBytes + arenas.shared.liveBytes).toBe(0)
  })
})
