import { seeded } from '@volley/kernels/testing'
import { expect, test } from 'vitest'
import { rowsByWords } from '@volley/core'
import { firstByWords } from '../src/operators/first-by-words.ts'

test('rows among which the first are hold all of them, with those that tie, and few others', () => {
  const random = seeded(29)
  let left = 0
  let ties = 0
  let fewer = 0
  for (let round = 0; round < 60; round++) {
    const length = 1 + Math.floor(random() * 9000)
    const width = 1 + (round % 4)
    const words = Array.from({ length: width }, (_, w) => {
      const kinds = [1, 3, 5000, 2 ** 32][(round + w) % 4]!
      return Uint32Array.from({ length }, () => Math.floor(random() * kinds) + (kinds === 5000 ? 2 ** 31 : 0))
    })
    const count = [2, 1, 10, 700, length][round % 5]!
    const found = firstByWords(words, length, count, false)
    expect(found.toSorted()).toEqual(found)
    const sorted = rowsByWords(words, length)
    const set = new Set(found)
    const exact = firstByWords(words, length, count, true)
    expect(exact.toSorted()).toEqual(exact)
    expect(exact.filter((row) => set.has(row))).toEqual(exact)
    const firstRows = new Set(exact)
    for (const row of sorted.subarray(0, count)) if (!firstRows.has(row)) throw new Error(`row ${row} of ${round}`)
    fewer += +(exact.length < found.length)
    const last = sorted[count - 1]
    const isAlike = (row: number): boolean => last !== undefined && words.every((word) => word[row] === word[last])
    let end = Math.min(count, length)
    while (end < length && isAlike(sorted[end]!)) end++
    ties += +(end > count)
    for (const row of sorted.subarray(0, end)) if (!set.has(row)) throw new Error(`row ${row} of round ${round}`)
    expect(found.length).toBeLessThanOrEqual(end + 1024)
    left += length - found.length
  }
  expect(ties).toBeGreaterThan(10)
  expect(fewer).toBeGreaterThan(10)
  expect(left).toBeGreaterThan(50_000)
})
