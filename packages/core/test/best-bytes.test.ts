import { Arena, Region } from '@volley/kernels'
import { Utf8 } from 'apache-arrow'
import { expect, test } from 'vitest'
import { BestBytes } from '../src/aggregates/best-bytes.ts'
import { Operand } from '../src/vectors/operand.ts'
import { scalarAt } from '../src/vectors/scalar-at.ts'
import { vectorOf } from '../src/vectors/build.ts'
import { DictionaryVector, type BytesVector } from '../src/vectors/vector.ts'

test.each([1, -1] as const)('the best text of each group, whatever its length, stays: sign %i', (sign) => {
  const arena = new Arena({ reserveBytes: 1 << 24 })
  const region = new Region(arena)
  let seed = 7
  const next = (below: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % below
  const best = new BestBytes(sign)
  const seen = new Uint8Array(300)
  const wanted = new Map<number, string>()
  let replaced = 0
  const offer = (group: number, text: string): void => {
    const before = wanted.get(group)
    if (before !== undefined && (sign === 1 ? text >= before : text <= before)) return
    replaced += +(before !== undefined)
    wanted.set(group, text)
  }
  for (let round = 0; round < 40; round++) {
    const groupCount = 20 + round * 7
    best.ensure(groupCount)
    const texts = Array.from({ length: 50 }, () => String.fromCharCode(97 + next(26)).repeat(next(90)))
    const groups = Uint32Array.from(texts, () => next(groupCount))
    texts.forEach((text, k) => offer(groups[k]!, text))
    const rows = Uint32Array.from(texts, (_, k) => k)
    best.offer(new Operand(vectorOf(new Utf8(), texts, region)), { groups, rows, count: texts.length }, seen)
    const from = groups[next(50)]!
    const into = (from + 1 + next(groupCount - 1)) % groupCount
    best.copy(into, from, seen)
    offer(into, wanted.get(from)!)
  }
  best.ensure(300)
  const out = best.vector(new Utf8(), 300, null, region)
  for (let g = 0; g < 300; g++) expect(scalarAt(out, g)).toBe(wanted.get(g) ?? '')
  expect(wanted.size).toBeGreaterThan(200)
  expect(replaced).toBeGreaterThan(200)
  best.release()
  region.release()
})

test.each([1, -1] as const)('codes of a sorted dictionary are compared in place of their texts: sign %i', (sign) => {
  const arena = new Arena({ reserveBytes: 1 << 24 })
  const region = new Region(arena)
  let seed = 11
  const next = (below: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % below
  const best = new BestBytes(sign)
  const seen = new Uint8Array(400)
  const wanted = new Map<number, string>()
  const offer = (group: number, text: string): void => {
    const before = wanted.get(group)
    if (before === undefined || (sign === 1 ? text < before : text > before)) wanted.set(group, text)
  }
  const dictionaries = [0, 1].map((shift) => {
    const texts = Array.from({ length: 200 }, (_, i) => String(2 * i + shift).padStart(4, 'é'))
    texts.sort((a, b) => (a < b ? -1 : 1))
    return { texts, vector: vectorOf(new Utf8(), texts, region) as BytesVector }
  })
  for (let round = 0; round < 60; round++) {
    const groupCount = 20 + round * 6
    best.ensure(groupCount)
    const { texts, vector } = dictionaries[round % 13 < 6 ? 0 : 1]!
    const codes = Uint32Array.from({ length: 50 }, () => next(200))
    const groups = Uint32Array.from(codes, () => next(groupCount))
    codes.forEach((code, k) => offer(groups[k]!, texts[code]!))
    const rows = Uint32Array.from(codes, (_, k) => k)
    // a batch of plain texts among them
    const column =
      round % 17 === 5
        ? vectorOf(
            new Utf8(),
            Array.from(codes, (code) => texts[code]!),
            region,
          )
        : new DictionaryVector(new Utf8(), codes.length, null, codes, vector, true)
    best.offer(new Operand(column), { groups, rows, count: codes.length }, seen)
    const from = groups[next(50)]!
    const into = (from + 1 + next(groupCount - 1)) % groupCount
    best.copy(into, from, seen)
    offer(into, wanted.get(from)!)
  }
  best.ensure(400)
  const out = best.vector(new Utf8(), 400, null, region)
  for (let g = 0; g < 400; g++) expect(scalarAt(out, g)).toBe(wanted.get(g) ?? '')
  expect(wanted.size).toBeGreaterThan(200)
  region.release()
})
