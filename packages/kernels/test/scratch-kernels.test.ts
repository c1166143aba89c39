import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import {
  allowWasm,
  BLOCK_LENGTH,
  type PackedBlocks,
  phrasePair,
  unpackDocBlocks,
  unpackNumberBlocks,
  withDocBits,
} from '@volley/kernels'

/** Packs blocks of 128 numbers in four lanes. */
function pack(blocks: readonly Uint32Array[], flags: number): PackedBlocks {
  const widths = new Uint8Array(blocks.length)
  const offsets = new Uint32Array(blocks.length)
  const words: number[] = []
  for (const [b, values] of blocks.entries()) {
    const width = 32 - Math.clz32(values.reduce((all, value) => all | value, 0))
    widths[b] = width | flags
    offsets[b] = words.length
    const out = new Uint32Array(4 * width)
    for (let i = 0; i < BLOCK_LENGTH; i += 1) {
      for (let bit = 0; bit < width; bit += 1) {
        const at = (i >> 2) * width + bit
        if ((values[i]! >>> bit) & 1) out[(at >> 5) * 4 + (i & 3)]! |= 1 << (at & 31)
      }
    }
    words.push(...out)
  }
  return { words: Uint32Array.from([...words, 0, 0, 0, 0]), offsets, widths }
}

/** Blocks of numbers of up to `bits` bits, a width for each block. */
const numberBlocks = (bits: number): fc.Arbitrary<Uint32Array[]> =>
  fc.array(
    fc
      .integer({ min: 0, max: bits })
      .chain((width) =>
        fc
          .array(fc.integer({ min: 0, max: 2 ** width - 1 }), { minLength: BLOCK_LENGTH, maxLength: BLOCK_LENGTH })
          .map((values) => Uint32Array.from(values)),
      ),
    { minLength: 1, maxLength: 5 },
  )

function both<T>(run: () => T): [T, T] {
  allowWasm(true)
  const wasm = run()
  allowWasm(false)
  const plain = run()
  return [wasm, plain]
}

describe('kernels over scratch', () => {
  afterEach(() => allowWasm(true))

  it('unpack numbers that were packed', () => {
    fc.assert(
      fc.property(numberBlocks(32), fc.constantFrom(0, 1), (blocks, addend) => {
        const packed = pack(blocks, 0)
        const expected = blocks.flatMap((block) => Array.from(block, (value) => (value + addend) >>> 0))
        for (const out of both(() => {
          const numbers = new Uint32Array(expected.length)
          unpackNumberBlocks(packed, 0, blocks.length, addend, numbers, 0)
          return numbers
        }))
          expect([...out]).toEqual(expected)
      }),
      { seed: 20260722, numRuns: 60 },
    )
  })

  it('unpack documents from strict deltas, or tell that they leave the range', () => {
    let refused = 0
    fc.assert(
      fc.property(numberBlocks(26), fc.integer({ min: -1, max: 1000 }), (blocks, previous) => {
        let doc = previous
        const expected = blocks.flatMap((block) => Array.from(block, (delta) => (doc += delta + 1)))
        const valid = doc < 2 ** 31
        refused += +!valid
        for (const [ok, docs] of both(() => {
          const out = new Uint32Array(expected.length)
          return [unpackDocBlocks(pack(blocks, 64), 0, blocks.length, previous, out, 0), out] as const
        })) {
          expect(ok).toBe(valid)
          if (valid) expect([...docs]).toEqual(expected)
        }
      }),
      { seed: 20260722, numRuns: 60 },
    )
    expect(refused).toBeGreaterThan(0)
  })

  it('combine sets of documents as sets do', () => {
    const list = fc
      .uniqueArray(fc.integer({ min: 0, max: 39_999 }), { maxLength: 400 })
      .map((docs) => Uint32Array.from(docs).sort())
    fc.assert(
      fc.property(list, list, numberBlocks(3), (a, b, blocks) => {
        let doc = -1
        const packedDocs = blocks.flatMap((block) => Array.from(block, (delta) => (doc += delta + 1)))
        const union = new Set([...a, ...packedDocs])
        for (const answer of both(() =>
          withDocBits(40_000, (bits) => {
            bits.add(a)
            expect(bits.addBlocks(pack(blocks, 64), 0, blocks.length, -1)).toBe(true)
            return [
              bits.toArray(),
              bits.count(),
              bits.keep(b, true),
              bits.keep(b, false),
              bits.countKept(b),
              bits.countKeptBlocks(pack(blocks, 64), 0, blocks.length, -1),
            ]
          }),
        )) {
          expect(answer).toEqual([
            Uint32Array.from(union).sort(),
            union.size,
            b.filter((item) => union.has(item)),
            b.filter((item) => !union.has(item)),
            b.filter((item) => union.has(item)).length,
            packedDocs.length,
          ])
        }
        const small = doc
        for (const ok of both(() =>
          withDocBits(small, (bits) => bits.addBlocks(pack(blocks, 64), 0, blocks.length, -1)),
        ))
          expect(ok).toBe(false)
        expect(() => withDocBits(10, (bits) => bits.add(Uint32Array.of(3, 10)))).toThrow(RangeError)
      }),
      { seed: 20260722, numRuns: 60 },
    )
  })

  it('find phrases as a comparison of all positions does', () => {
    const side = fc.uniqueArray(
      fc.record({
        doc: fc.integer({ min: 0, max: 40 }),
        positions: fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 }),
      }),
      { minLength: 10, maxLength: 30, selector: ({ doc }) => doc },
    )
    let found = 0
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: -3, max: 3 }),
        fc.nat(10),
        fc.integer({ min: 40, max: 60 }),
        (a, b, distance, start, end) => {
          const prepare = (items: typeof a): Parameters<typeof phrasePair>[0] => {
            const sorted = items.toSorted((x, y) => x.doc - y.doc)
            const positions = sorted.flatMap(({ positions: list }) => {
              const ascending = list.toSorted((x, y) => x - y)
              return ascending.map((position, k) => position - (ascending[k - 1] ?? 0))
            })
            return {
              docs: Uint32Array.from(sorted, ({ doc }) => doc),
              freqs: Uint32Array.from(sorted, ({ positions: list }) => list.length),
              count: sorted.length,
              positions: Uint32Array.from(positions),
            }
          }
          const expected = a
            .map(({ doc, positions }) => {
              const other = b.find((item) => item.doc === doc)?.positions ?? []
              return { doc, count: positions.filter((position) => other.includes(position + distance)).length }
            })
            .filter(({ doc, count }) => count > 0 && doc >= start && doc <= end)
            .sort((x, y) => x.doc - y.doc)
          found += expected.length
          for (const [count, docs, freqs] of both(() => {
            const outDocs = new Uint32Array(64)
            const outFreqs = new Uint32Array(64)
            return [
              phrasePair(prepare(a), prepare(b), distance, start, end, outDocs, outFreqs),
              outDocs,
              outFreqs,
            ] as const
          })) {
            expect(count).toBe(expected.length)
            expect([...docs.subarray(0, count)]).toEqual(expected.map(({ doc }) => doc))
            expect([...freqs.subarray(0, count)]).toEqual(expected.map((item) => item.count))
          }
        },
      ),
      { seed: 20260722, numRuns: 200 },
    )
    expect(found).toBeGreaterThan(50)
  })
})
