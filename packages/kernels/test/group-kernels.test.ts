import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  allowWasm,
  Arena,
  countCharacters,
  countPackedValues,
  foldFloats,
  foldIntegers,
  gatherTexts,
  Region,
  SCORE_WINDOW,
  selectContaining,
  sumPackedValues,
  widenIntegers,
  withScoreWindow,
} from '../src/index.ts'

const arena = new Arena({ reserveBytes: 1 << 20, poison: true })

/** Runs with views in an arena, where kernels are WebAssembly, and with views in ordinary memory. */
function twice<T>(run: (region: Region | null) => T): [T, T] {
  const region = new Region(arena)
  try {
    return [run(region), run(null)]
  } finally {
    region.release()
  }
}

function wasmAndTwin<T>(run: () => T): [T, T] {
  const wasm = run()
  allowWasm(false)
  try {
    return [wasm, run()]
  } finally {
    allowWasm(true)
  }
}

function pack(values: readonly (number | bigint)[], width: number): Uint8Array {
  let bits = 0n
  for (const [k, value] of values.entries()) bits |= BigInt(value) << BigInt(k * width)
  const bytes = new Uint8Array(Math.ceil((values.length * width) / 8))
  for (let k = 0; k < bytes.length; k += 1) bytes[k] = Number((bits >> BigInt(8 * k)) & 255n)
  return bytes
}

describe('kernels over groups of rows', () => {
  it('count packed values, and those that no count is for', () => {
    let outsideOnce = 0
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 32 }).chain((width) =>
          fc.record({
            width: fc.constant(width),
            values: fc.array(fc.integer({ min: 0, max: Math.min(2 ** width - 1, 2 ** 32 - 1) }), { maxLength: 90 }),
          }),
        ),
        fc.nat(40),
        fc.nat(3),
        fc.nat(300),
        ({ width, values }, skip, base, size) => {
          const packed = { bytes: pack(values, width), width }
          const start = Math.min(skip, values.length)
          const [wasm, twin] = wasmAndTwin(() => {
            const counts = new Uint32Array(size).fill(2)
            return [countPackedValues(packed, start, values.length - start, base, counts), [...counts]] as const
          })
          const counts = new Uint32Array(size).fill(2)
          let outside = 0
          for (const value of values.slice(start)) {
            if (base + value < size) counts[base + value]! += 1
            else outside += 1
          }
          outsideOnce += +(outside > 0)
          expect(wasm).toEqual([outside, [...counts]])
          expect(twin).toEqual(wasm)
        },
      ),
      { seed: 41, numRuns: 200 },
    )
    expect(outsideOnce).toBeGreaterThan(20)
  })

  it('add up packed values without rounding', () => {
    const widths = fc.oneof(fc.integer({ min: 0, max: 56 }), fc.constant(64))
    const rows = widths.chain((width) =>
      fc.record({
        width: fc.constant(width),
        values: fc.array(fc.bigInt({ min: 0n, max: (1n << BigInt(width)) - 1n }), { maxLength: 60 }),
      }),
    )
    fc.assert(
      fc.property(rows, fc.nat(40), ({ width, values }, skip) => {
        const packed = { bytes: pack(values, width), width }
        const start = Math.min(skip, values.length)
        const [wasm, twin] = wasmAndTwin(() => sumPackedValues(packed, start, values.length - start))
        expect(wasm).toBe(values.slice(start).reduce((sum, value) => sum + value, 0n))
        expect(twin).toBe(wasm)
      }),
      { seed: 43, numRuns: 200 },
    )
    const many = { bytes: new Uint8Array(300_000).fill(255), width: 16 }
    expect(sumPackedValues(many, 3, 149_000)).toBe(149_000n * 65_535n)
  })

  it('add up integers without rounding', () => {
    const extreme = fc.oneof(
      fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
      fc.constantFrom(0n, -1n, 1n << 62n),
    )
    fc.assert(
      fc.property(fc.array(extreme, { minLength: 1, maxLength: 150 }), fc.boolean(), (values, signed) => {
        const integers = signed ? BigInt64Array.from(values) : BigUint64Array.from(values)
        const all = [...integers]
        const [wasm, twin] = wasmAndTwin(() => foldIntegers(integers, all.length, signed))
        expect(BigInt(wasm.lows) + BigInt(wasm.highs) * 2n ** 32n).toBe(all.reduce((sum, value) => sum + value, 0n))
        const sorted = all.toSorted((a, b) => (a < b ? -1 : 1))
        expect([wasm.least, wasm.most]).toEqual([sorted[0], sorted.at(-1)])
        expect(twin).toEqual(wasm)
      }),
      { seed: 43, numRuns: 150 },
    )
    const many = BigInt64Array.from({ length: 150_000 }, (_, k) => BigInt(k * 977) * 8_796_093_022_207n)
    const [wasm, twin] = wasmAndTwin(() => foldIntegers(many, many.length, true))
    expect(twin).toEqual(wasm)
  })

  it('add up floats and find their bounds, without zeros too', () => {
    let withZeros = 0
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constantFrom(0, 0, Number.NaN, 1.5)), {
          maxLength: 300,
        }),
        (numbers) => {
          const values = Float64Array.from(numbers)
          const [wasm, twin] = wasmAndTwin(() => {
            const fold = { sum: 1, least: 1, most: 1, leastOther: 1, mostOther: 1, zeros: 1 }
            foldFloats(values, values.length, fold)
            return fold
          })
          expect(twin).toEqual(wasm)
          const finite = numbers.filter((value) => !Number.isNaN(value))
          const others = finite.filter((value) => value !== 0)
          const least = (list: readonly number[]): number => list.reduce((a, b) => (b < a ? b : a), Infinity)
          const most = (list: readonly number[]): number => list.reduce((a, b) => (b > a ? b : a), -Infinity)
          const bounds = [least(finite), most(finite), least(others), most(others), finite.length - others.length]
          const found = [wasm.least, wasm.most, wasm.leastOther, wasm.mostOther, wasm.zeros]
          expect(found.map((value) => value + 0)).toEqual(bounds.map((value) => value + 0))
          withZeros += +(wasm.zeros > 0)
        },
      ),
      { seed: 46, numRuns: 150 },
    )
    expect(withZeros).toBeGreaterThan(50)
  })

  it('find bytes in rows', () => {
    let hits = 0
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ab', 'abc', 'é'), maxLength: 30 })
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 20, maxLength: 60 }),
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), maxLength: 4 }),
        fc.nat(1),
        (texts, needle, flip) => {
          const encoder = new TextEncoder()
          const [wasm, twin] = twice((region) => {
            const joined = encoder.encode(texts.join(''))
            const wanted = encoder.encode(needle)
            const room = (bytes: Uint8Array): Uint8Array => {
              const copy = region?.u8(bytes.length) ?? new Uint8Array(bytes.length)
              copy.set(bytes)
              return copy
            }
            const words = (count: number): Uint32Array => region?.u32(count) ?? new Uint32Array(count)
            const offsets = words(texts.length + 1)
            offsets[0] = 0
            for (const [k, each] of texts.entries()) offsets[k + 1] = offsets[k]! + encoder.encode(each).length
            const rows = words(texts.length)
            for (let k = 0; k < texts.length; k += 1) rows[k] = k
            const count = selectContaining(room(joined), offsets, rows, rows.length, room(wanted), flip, rows)
            return [...rows.subarray(0, count)]
          })
          const expected = texts.flatMap((each, k) => (each.includes(needle) === (flip === 0) ? [k] : []))
          hits += expected.length
          expect(wasm).toEqual(expected)
          expect(twin).toEqual(expected)
        },
      ),
      { seed: 44, numRuns: 150 },
    )
    expect(hits).toBeGreaterThan(500)
  })

  it('keep the sums of scores above a threshold', () => {
    let kept = 0
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(3000), { minLength: 1, maxLength: 120 }),
        fc.float({ min: 0, max: 2, noNaN: true }),
        fc.nat(1000),
        (picked, threshold, start) => {
          const docs = Uint32Array.from(picked).sort()
          const freqs = docs.map((doc) => 1 + (doc % 5))
          const lengths = Float32Array.from({ length: 256 }, (_, code) => 0.3 + code / 100)
          const norms = Uint8Array.from({ length: 4000 }, (_, doc) => doc % 200)
          const end = Math.min(4000, start + SCORE_WINDOW)
          const formula = { weight: Math.fround(1.7), lengths, norms }
          const found = withScoreWindow((window) => {
            window.start(start, end)
            window.addList(formula, docs, freqs)
            const count = window.take(threshold)
            return [[...window.docs.subarray(0, count)], [...window.scores.subarray(0, count)]]
          })
          const { fround } = Math
          const scores = Array.from(docs, (doc, k) => {
            const freq = freqs[k]!
            return fround(formula.weight * fround(freq / fround(freq + lengths[norms[doc]!]!)))
          })
          const expected = Array.from(docs.keys()).filter(
            (k) => docs[k]! >= start && docs[k]! < end && scores[k]! > fround(threshold),
          )
          kept += expected.length
          expect(found).toEqual([expected.map((k) => docs[k]), expected.map((k) => scores[k])])
        },
      ),
      { seed: 45, numRuns: 60 },
    )
    expect(kept).toBeGreaterThan(200)
  })

  it('count the characters of texts, as JavaScript does', () => {
    let long = 0
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\0', '\x7f'), maxLength: 40 }), {
          maxLength: 60,
          size: 'max',
        }),
        fc.boolean(),
        (texts, all) => {
          const encoded = texts.map((text) => new TextEncoder().encode(text))
          const some = [...texts.keys()].filter((row) => all || row % 3 !== 1)
          const [wasm, twin] = twice((region) => {
            const total = encoded.reduce((sum, one) => sum + one.length, 0)
            const bytes = region === null ? new Uint8Array(total) : region.u8(total)
            const offsets = region === null ? new Int32Array(texts.length + 1) : region.i32(texts.length + 1)
            offsets[0] = 0
            for (const [row, one] of encoded.entries()) {
              bytes.set(one, offsets[row])
              offsets[row + 1] = offsets[row]! + one.length
            }
            const rows = region === null ? Uint32Array.from(some) : region.u32(some.length)
            rows.set(some)
            const out = region === null ? new Int32Array(texts.length) : region.i32(texts.length)
            countCharacters(bytes, offsets, all ? null : rows, some.length, out)
            return some.map((row) => out[row])
          })
          const expected = some.map((row) => [...texts[row]!].length)
          expect(wasm).toEqual(expected)
          expect(twin).toEqual(expected)
          long += +(some.length >= 16)
        },
      ),
      { numRuns: 200 },
    )
    expect(long).toBeGreaterThan(30)
  })

  it('widen integers', () => {
    let long = 0
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -32768, max: 32767 }), { maxLength: 90, size: 'max' }), (numbers) => {
        const [wasm, twin] = twice((region) => {
          const values = region === null ? new Int16Array(numbers.length) : region.i16(numbers.length)
          values.set(numbers)
          const out = region === null ? new Int32Array(numbers.length) : region.i32(numbers.length)
          widenIntegers(values, numbers.length, out)
          return [...out]
        })
        expect(wasm).toEqual(numbers)
        expect(twin).toEqual(numbers)
        long += +(numbers.length >= 32)
      }),
    )
    expect(long).toBeGreaterThan(10)
  })

  it('gather texts by number', () => {
    let long = 0
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 60, size: 'max' }),
        fc.boolean(),
        (texts, numbers, inside) => {
          const chosen = numbers.map((number) => (number % 7 === 0 ? -1 : number % texts.length))
          const place = (region: Region): number[] => {
            const bytes = region.u8(texts.reduce((sum, text) => sum + text.length, 0))
            const offsets = region.i32(texts.length + 1)
            offsets[0] = 0
            for (const [row, text] of texts.entries()) {
              bytes.set(text, offsets[row])
              offsets[row + 1] = offsets[row]! + text.length
            }
            const to = region.i32(chosen.length + 1)
            to[0] = 0
            for (const [k, row] of chosen.entries()) to[k + 1] = to[k]! + (row < 0 ? 0 : texts[row]!.length)
            const rows = inside ? region.u32(chosen.length) : new Uint32Array(chosen.length)
            rows.set(chosen)
            const own = inside ? bytes : bytes.slice()
            return [...gatherTexts(own, offsets, rows, chosen.length, to, region)]
          }
          const expected = chosen.flatMap((row) => (row < 0 ? [] : [...texts[row]!]))
          expect(twice((region) => region === null || place(region))).toEqual([expected, true])
          long += +(chosen.length >= 16 && inside)
        },
      ),
    )
    expect(long).toBeGreaterThan(10)
  })
})
