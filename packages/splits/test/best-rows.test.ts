import { seeded } from '@volley/kernels/testing'
import { expect, test } from 'vitest'
import { BestRows } from '../src/sources/best-rows.ts'

interface Row {
  readonly words: readonly number[]
  readonly place: number
  readonly doc: number
}

const before = (a: Row, b: Row): number => {
  const w = a.words.findIndex((word, i) => word !== b.words[i])
  // Places go backwards.
  return w >= 0 ? a.words[w]! - b.words[w]! : b.place - a.place || a.doc - b.doc
}

test('the best rows are the first of a sort, ties by place and document, however they come', () => {
  const random = seeded(23)
  let ties = 0
  let left = 0
  for (let round = 0; round < 60; round++) {
    const width = 1 + (round % 4)
    const k = [0, 1, 7, 100, 1500][round % 5]!
    const kinds = round % 3 === 0 ? 4 : round % 3 === 1 ? 300 : 2 ** 32
    const best = new BestRows(k, width, (a, b) => b - a)
    const rows: Row[] = []
    const seen = new Set<number>()
    for (let part = 0; part < 12; part++) {
      const count = Math.floor(random() * 600)
      const place = part % 4
      // The first word is the same in all rows of some rounds.
      const words = Array.from({ length: width }, (_, w) =>
        Uint32Array.from({ length: count }, () => (w === 0 && round % 2 === 0 ? 1 : Math.floor(random() * kinds))),
      )
      const docs = Uint32Array.from({ length: count }, (_, i) => Math.floor(part / 4) * 1000 + i)
      const selection = part % 2 === 0 ? null : Uint32Array.from(docs.keys()).filter((i) => i % 3 > 0)
      const limit = best.last()?.slice(0, 1 + (part % width)) ?? null
      best.add(words, docs, selection, limit, place)
      for (const i of selection ?? docs.keys()) {
        rows.push({ words: words.map((word) => word[i]!), place, doc: docs[i]! })
        seen.add(place)
      }
    }
    const expected = rows.sort(before).slice(0, k)
    const kept = best.kept()
    const found = Array.from(kept.docs, (doc, i): Row => {
      return { words: kept.words.map((word) => word[i]!), place: kept.places[i]!, doc }
    })
    expect(found.sort(before)).toEqual(expected)
    if (k > 0 && expected.length === k) expect([...best.last()!]).toEqual(expected.at(-1)!.words)
    ties += +(k > 0 && rows[k] !== undefined && expected.at(-1)!.words.every((word, w) => word === rows[k]!.words[w]))
    left += rows.length - expected.length
  }
  expect(ties).toBeGreaterThan(8)
  expect(left).toBeGreaterThan(10_000)
})

test('a word of the rows that are kept is given other values in the same order', () => {
  const best = new BestRows(3, 2)
  const docs = Uint32Array.of(0, 1, 2, 3, 4)
  best.add([Uint32Array.of(0, 0, 0, 0, 0), Uint32Array.of(5, 3, 9, 1, 7)], docs, null, null, 0)
  best.setWord(
    1,
    best.kept().words[1]!.map((word) => 10 * word),
  )
  expect([...best.last()!]).toEqual([0, 50])
  best.add([Uint32Array.of(0, 0), Uint32Array.of(20, 60)], Uint32Array.of(7, 8), null, null, 1)
  expect([...best.kept().docs].sort()).toEqual([1, 3, 7])
})
