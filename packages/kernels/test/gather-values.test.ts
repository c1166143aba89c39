import { expect, test } from 'vitest'
import { Arena, gatherWords, Region } from '../src/index.ts'

const LENGTH = 100
const COUNT = 70

test.each([1, 2, 4] as const)('values of %i words are gathered alike in WebAssembly and in JavaScript', (width) => {
  const region = new Region(new Arena({ reserveBytes: 1 << 16, poison: true }))
  const rowOf = (k: number): number => (k % 9 === 4 ? 0xffffffff : (k * 37) % LENGTH)
  for (const inArena of [true, false]) {
    const i32 = (length: number): Int32Array => (inArena ? region.i32(length) : new Int32Array(length))
    const values = i32(LENGTH * width)
    for (let i = 0; i < values.length; i++) values[i] = i * 3 - 50
    const rows = inArena ? region.u32(COUNT) : new Uint32Array(COUNT)
    for (let k = 0; k < COUNT; k++) rows[k] = rowOf(k)
    const out = i32(COUNT * width)
    gatherWords(values, LENGTH, rows, COUNT, width, out)
    let compared = 0
    for (let k = 0; k < COUNT; k++) {
      if (rowOf(k) >= LENGTH) continue
      for (let w = 0; w < width; w++) expect(out[k * width + w]).toBe((rowOf(k) * width + w) * 3 - 50)
      compared++
    }
    expect(compared).toBeGreaterThan(50)
    expect(() => gatherWords(values, LENGTH + 1, rows, COUNT, width, out)).toThrow(RangeError)
    expect(() => gatherWords(values, LENGTH, rows, COUNT, width, out.subarray(1))).toThrow(RangeError)
  }
})
