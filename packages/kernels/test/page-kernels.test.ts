import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  Arena,
  copyTexts,
  gatherEntries,
  measureTexts,
  Region,
  selectCodes,
  SLACK_BYTES,
  takeTexts,
  uncompressSnappy,
  unpackBits,
} from '@volley/kernels'

const arena = new Arena({ reserveBytes: 8 * 1024 * 1024, poison: true })

/** What a kernel answers over the arena, and its twin over ordinary memory. */
function both<T>(run: (place: (bytes: Uint8Array) => Uint8Array, region: Region) => T): [T, T] {
  const region = new Region(arena)
  const inArena = (bytes: Uint8Array): Uint8Array => {
    const out = region.u8(bytes.length + SLACK_BYTES).subarray(0, bytes.length)
    out.set(bytes)
    return out
  }
  const results: [T, T] = [run(inArena, region), run((bytes) => bytes.slice(), region)]
  region.release()
  expect(arena.liveBlocks).toBe(0)
  return results
}

const words = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)

type Step = { readonly literal: Uint8Array } | { readonly back: number; readonly length: number }

/** Steps of a Snappy stream: the stream, and what it stands for. */
function snappy(steps: readonly Step[]): { stream: Uint8Array; plain: Uint8Array } {
  const [stream, plain]: [number[], number[]] = [[], []]
  for (const step of steps) {
    if ('literal' in step) {
      const n = step.literal.length - 1
      if (n < 60) stream.push(n << 2)
      else if (n < 256) stream.push(60 << 2, n)
      else stream.push(61 << 2, n & 255, n >> 8)
      stream.push(...step.literal)
      plain.push(...step.literal)
      continue
    }
    const back = 1 + (step.back % plain.length)
    const { length } = step
    if (length >= 4 && length < 12 && back < 2048) stream.push(1 | ((length - 4) << 2) | ((back >> 8) << 5), back & 255)
    else if (back % 2 === 0) stream.push(2 | ((length - 1) << 2), back & 255, back >> 8)
    else stream.push(3 | ((length - 1) << 2), back & 255, back >> 8, 0, 0)
    for (let i = 0; i < length; i++) plain.push(plain[plain.length - back]!)
  }
  const size: number[] = []
  for (let n = plain.length; ; n >>>= 7) {
    size.push(n < 128 ? n : (n & 127) | 128)
    if (n < 128) break
  }
  return { stream: Uint8Array.from([...size, ...stream]), plain: Uint8Array.from(plain) }
}

const literal = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => ({ literal: bytes }))
const copy = fc.record({ back: fc.nat(4000), length: fc.integer({ min: 1, max: 64 }) })
const steps: fc.Arbitrary<Step[]> = fc
  .tuple(literal, fc.array(fc.oneof(literal, copy), { maxLength: 20 }))
  .map(([first, rest]) => [first, ...rest])

test('Snappy streams become what they stand for, and damaged ones nothing that is longer', () => {
  let refused = 0
  fc.assert(
    fc.property(steps, fc.nat(), fc.integer({ min: 0, max: 255 }), (stream, at, byte) => {
      const { stream: bytes, plain } = snappy(stream)
      for (const out of both((place, region) => Array.from(uncompressSnappy(place(bytes), plain.length, region)!))) {
        expect(out).toEqual([...plain])
      }
      const damaged = bytes.slice()
      damaged[at % bytes.length] = byte
      const answers = both((place, region) => {
        const out = uncompressSnappy(place(damaged), plain.length, region)
        return out === null ? null : Array.from(out)
      })
      refused += +(answers[0] === null)
      expect(answers[0]).toEqual(answers[1])
    }),
    { numRuns: 150, seed: 71 },
  )
  expect(refused).toBeGreaterThan(10)
})

test('a length that no stream of so many bytes has is refused before memory is taken', () => {
  const region = new Region(arena)
  expect(uncompressSnappy(new Uint8Array(10), 2 ** 31, region)).toBeNull()
  region.release()
})

test('codes are unpacked, gathered and selected as they were packed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 32 }).chain((width) =>
        fc.record({
          width: fc.constant(width),
          values: fc.array(fc.integer({ min: 0, max: 2 ** width - 1 }), { minLength: 1, maxLength: 100 }),
        }),
      ),
      fc.nat(100),
      fc.constantFrom(1, 2, 4, 8, 16),
      ({ width, values }, skipped, size) => {
        const packed = new Uint8Array(Math.ceil((values.length * width) / 8))
        for (const [k, value] of values.entries()) {
          for (let i = 0; i < width; i++) {
            if (Math.floor(value / 2 ** i) % 2 === 1) packed[(k * width + i) >> 3]! |= 1 << ((k * width + i) & 7)
          }
        }
        const first = skipped % values.length
        const expected = values.slice(first)
        for (const [most, out] of both((place) => {
          const target = words(place(new Uint8Array(expected.length * 4)))
          return [unpackBits(place(packed), 0, width, first, target, 0, expected.length), Array.from(target)] as const
        })) {
          expect(out).toEqual(expected)
          expect(most).toBe(Math.max(...expected))
        }
        expect(() => unpackBits(packed, 0, width, 0, new Uint32Array(200), 0, values.length + 8)).toThrow(RangeError)

        const codes = expected.map((value) => value % 7)
        const entries = Uint8Array.from({ length: 7 * size }, (_, i) => i)
        const kept = Uint8Array.from([1, 0, 0, 1, 1, 0, 1])
        const [wasm, plain] = both((place) => {
          const list = words(place(new Uint8Array(Uint32Array.from(codes).buffer)))
          const out = place(new Uint8Array((codes.length + 1) * size))
          gatherEntries(place(entries), size, list, out, 1)
          const rows = words(place(new Uint8Array(codes.length * 4)))
          const all = Array.from(rows.subarray(0, selectCodes(list, null, place(kept), rows)))
          const half = rows.map((_, k) => k).filter((row) => row % 2 === 1)
          const some = words(place(new Uint8Array(half.buffer, 0, half.byteLength)))
          return [Array.from(out), all, Array.from(some.subarray(0, selectCodes(list, some, place(kept), some)))]
        })
        expect(wasm).toEqual(plain)
        expect(plain[0]!.slice(size)).toEqual(
          codes.flatMap((code) => Array.from({ length: size }, (_, i) => code * size + i)),
        )
        const expectedRows = codes.flatMap((code, row) => (kept[code] === 1 ? [row] : []))
        expect(plain[1]).toEqual(expectedRows)
        expect(plain[2]).toEqual(expectedRows.filter((row) => row % 2 === 1))
      },
    ),
    { numRuns: 100, seed: 72 },
  )
})

test('texts behind their lengths are measured, copied and taken by number', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
      fc.func(fc.boolean()),
      (texts, isTaken) => {
        const plain = texts.flatMap((text) => [text.length, 0, 0, 0, ...text])
        const rows = texts.flatMap((_, row) => (isTaken(row) ? [row] : []))
        for (const answer of both((place, region) => {
          const bytes = place(Uint8Array.from([9, ...plain]))
          const ints = (count: number): Int32Array => {
            const block = words(place(new Uint8Array(count * 4)))
            return new Int32Array(block.buffer, block.byteOffset, count)
          }
          const offsets = ints(texts.length + 1)
          const total = measureTexts(bytes, 1, texts.length, offsets)
          const all = copyTexts(bytes, 1, bytes.length, 4, offsets, texts.length, region)
          const to = ints(rows.length + 1)
          const list = words(place(new Uint8Array(Uint32Array.from(rows).buffer)))
          const taken = takeTexts(bytes, 1, offsets, list, to, region)
          const short = measureTexts(bytes.subarray(0, bytes.length - 1), 1, texts.length, ints(texts.length + 1))
          return { total, all: [...all], to: [...to], taken: [...taken], short }
        })) {
          expect(answer.all).toEqual(texts.flatMap((text) => [...text]))
          expect(answer.total).toBe(answer.all.length)
          expect(answer.taken).toEqual(rows.flatMap((row) => [...texts[row]!]))
          expect(answer.to.at(-1)).toBe(answer.taken.length)
          expect(answer.short).toBe(texts.length === 0 ? 0 : -1)
        }
      },
    ),
    { numRuns: 100, seed: 73 },
  )
})
