import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Arena, copyTexts, KeyTable, Region, TextTable } from '../src/index.ts'

const RUNS = { numRuns: 40, seed: 20_240_605 }
const reserveBytes = 4 * 1024 * 1024

/** An arena whose tables run in JavaScript: its memory is not known to the kernels. */
function plainArena(): Arena {
  const arena = new Arena({ reserveBytes })
  Object.defineProperty(arena, 'buffer', { value: new ArrayBuffer(reserveBytes) })
  return arena
}

const arenas = [new Arena({ reserveBytes }), plainArena()]

test('keys are numbered by first appearance, in WebAssembly and in JavaScript', () => {
  let grown = 0
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 4 }),
      fc.integer(),
      (parts, range, batches, seed) => {
        for (const arena of arenas) {
          const table = new KeyTable(arena, parts)
          const numbers = new Map<string, number>()
          let state = seed
          for (const rows of batches) {
            const words = table.space(rows)
            for (let w = 0; w < words.length; w++) {
              state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
              words[w] = w % (2 * parts) === 0 ? (state >>> 8) % range : (state >>> 16) % 2
            }
            const keys = Array.from({ length: rows }, (_, k) => words.slice(k * parts * 2, (k + 1) * parts * 2).join())
            const out = new Uint32Array(rows)
            table.assign(rows, out)
            for (const key of keys) if (!numbers.has(key)) numbers.set(key, numbers.size)
            expect([...out]).toEqual(keys.map((key) => numbers.get(key)))
          }
          expect(table.count).toBe(numbers.size)
          const stored = [...numbers].map(([key]) => key)
          expect(stored.map((_, g) => table.words.slice(g * parts * 2, (g + 1) * parts * 2).join())).toEqual(stored)
          if (table.count > 128) grown++
          table.release()
          expect(arena.liveBlocks).toBe(0)
        }
      },
    ),
    RUNS,
  )
  expect(grown).toBeGreaterThan(10)
})

const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.string({ maxLength: 40, unit: fc.constantFrom('a', 'b', 'é') }),
  fc.constantFrom('', 'abcdefgh', 'abcdefghi', 'abcdefgh'.repeat(9)),
)

function columnOf(texts: readonly string[], region: Region | null): { offsets: Int32Array; bytes: Uint8Array } {
  const encoded = texts.map((each) => new TextEncoder().encode(each))
  const total = encoded.reduce((sum, each) => sum + each.length, 0)
  const offsets = region === null ? new Int32Array(texts.length + 1) : region.i32(texts.length + 1)
  const bytes = region === null ? new Uint8Array(total) : region.u8(total)
  let end = 0
  encoded.forEach((each, i) => {
    offsets[i] = end
    bytes.set(each, end)
    end += each.length
  })
  offsets[texts.length] = end
  return { offsets, bytes }
}

test('texts are numbered by first appearance, of any memory, in WebAssembly and in JavaScript', () => {
  let repeated = 0
  fc.assert(
    fc.property(
      fc.array(fc.array(text, { minLength: 1, maxLength: 100 }), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      (batches, inside, backwards) => {
        for (const arena of arenas) {
          const table = new TextTable(arena)
          const region = new Region(arena)
          const numbers = new Map<string, number>()
          for (const texts of batches) {
            const { offsets, bytes } = columnOf(texts, inside ? region : null)
            const rows = Uint32Array.from(texts, (_, i) => (backwards ? texts.length - 1 - i : i))
            const out = new Uint32Array(texts.length)
            table.assign(offsets, bytes, backwards ? rows : null, texts.length, out)
            const expected = [...rows].map((row) => {
              const each = texts[row]!
              if (numbers.has(each)) repeated++
              else numbers.set(each, numbers.size)
              return numbers.get(each)
            })
            expect([...out]).toEqual(expected)
          }
          const { offsets, heap } = table
          const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
          const kept = [...numbers.keys()].map((_, i) => decoder.decode(heap.slice(offsets[i], offsets[i + 1])))
          expect(kept).toEqual([...numbers.keys()].map((each) => decoder.decode(new TextEncoder().encode(each))))
          table.release()
          region.release()
          expect(arena.liveBlocks).toBe(0)
        }
      },
    ),
    RUNS,
  )
  expect(repeated).toBeGreaterThan(100)
})

test('texts behind gaps are copied one after another', () => {
  let long = 0
  fc.assert(
    fc.property(fc.array(text, { maxLength: 40 }), fc.constantFrom(0, 4), (texts, gap) => {
      for (const arena of arenas) {
        const region = new Region(arena)
        const { offsets, bytes } = columnOf(texts, region)
        const stored = new Uint8Array(3 + bytes.length + gap * texts.length).fill(0x2d)
        texts.forEach((_, k) => stored.set(bytes.subarray(offsets[k], offsets[k + 1]), 3 + offsets[k]! + gap * (k + 1)))
        const copied = copyTexts(stored, 3, stored.length, gap, offsets, texts.length, region)
        expect([...copied]).toEqual([...bytes])
        if (copied.length > 64) long++
        region.release()
        expect(arena.liveBlocks).toBe(0)
      }
    }),
    RUNS,
  )
  expect(long).toBeGreaterThan(10)
})
