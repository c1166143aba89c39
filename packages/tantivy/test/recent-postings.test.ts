import { Caches } from '@volley/kernels'
import { expect, test } from 'vitest'
import type { PostingsList } from '../src/postings/postings-list.ts'
import { RecentPostings } from '../src/postings/recent-postings.ts'

const MB = 1024 * 1024

test('lists of frequent terms are kept within a bound that all fields share, the last asked for longest', () => {
  const list = (docFreq: number, byteLength: number): PostingsList => ({ docFreq, byteLength }) as PostingsList
  const caches = new Caches()
  const [a, b] = [new RecentPostings(caches), new RecentPostings(caches)]
  const rare = list(10, 100)
  a.add(0, rare)
  expect(a.get(0)).toBeUndefined()
  a.add(0, list(1e6, 5 * MB))
  expect(a.get(0)).toBeUndefined()
  const lists = Array.from({ length: 6 }, () => list(2000, 3 * MB))
  for (const [i, each] of lists.slice(0, 5).entries()) (i % 2 === 0 ? a : b).add(i, each)
  expect(a.get(0)).toBe(lists[0])
  expect(b.get(0)).toBeUndefined()
  // One more than there is room for: the list at 1 was asked for least recently.
  a.add(5, lists[5]!)
  expect([0, 2, 4, 5].map((at) => a.get(at))).toEqual([lists[0], lists[2], lists[4], lists[5]])
  expect([1, 3].map((at) => b.get(at))).toEqual([undefined, lists[3]])
  expect(caches.sizes()).toEqual(new Map([['postings', 15 * MB]]))
  // What others need is given up, and another executor has its own.
  new RecentPostings(new Caches()).add(0, lists[1]!)
  caches.capacity = 4 * MB
  expect([0, 2, 3, 4, 5].map((at) => (at % 2 === 1 && at < 5 ? b : a).get(at))).toEqual([
    undefined,
    undefined,
    lists[3],
    undefined,
    undefined,
  ])
})
