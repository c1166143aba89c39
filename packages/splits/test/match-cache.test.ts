import { Caches } from '@volley/kernels'
import { describe, expect, test } from 'vitest'
import { MatchCache } from '../src/opener/match-cache.ts'

const docs = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i * 3)

describe('documents that matched in open splits', () => {
  test('are kept by split and query, the last used ones, within so many bytes', () => {
    const cache = new MatchCache(new Caches(), 64 * 1024)
    const [a, b] = [cache.forSplit(), cache.forSplit()]
    a.add('q', docs(100))
    b.add('q', docs(200))
    expect([a.get('q')?.length, b.get('q')?.length, a.get('other')]).toEqual([100, 200, null])
    for (let i = 0; i < 200; i++) {
      b.add(`more ${i}`, docs(200))
      expect(a.get('q')).toEqual(docs(100))
      expect(cache.bytes).toBeLessThanOrEqual(64 * 1024)
    }
    expect(b.get('q')).toBeNull()
    expect(b.get('more 199')).toEqual(docs(200))
  })

  test('go with their split, and large ones are not kept', () => {
    const cache = new MatchCache(new Caches(), 64 * 1024)
    const [a, b] = [cache.forSplit(), cache.forSplit()]
    a.add('large', docs(10_000))
    a.add('q', docs(10))
    b.add('q', docs(10))
    expect(a.get('large')).toBeNull()
    const before = cache.bytes
    a.forget()
    expect([a.get('q'), b.get('q')?.length, cache.bytes]).toEqual([null, 10, before / 2])
  })

  test('are copies: what a list was a part of is not held', () => {
    const cache = new MatchCache(new Caches(), 64 * 1024)
    const split = cache.forSplit()
    split.add('part', docs(5000).subarray(10, 20))
    expect(split.get('part')!.buffer.byteLength).toBe(40)
  })
})
