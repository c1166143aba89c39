import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tagIn, tagsMayMatch, timeMayMatch, type TagFilter } from '@volley/metastore'

const S = 1_000_000_000n

describe('time', () => {
  test.each([
    [{ start: 200n * S }, true],
    [{ start: 201n * S }, false],
    [{ start: 201n * S - 1n }, true],
    [{ end: 100n * S }, false],
    [{ end: 100n * S + 1n }, true],
    [{ start: 150n * S, end: 160n * S }, true],
    [{}, true],
  ])('a split of seconds 100 to 200 and %o', (range, kept) => {
    expect(timeMayMatch({ timeRange: { start: 100, end: 200 } }, range)).toBe(kept)
    expect(timeMayMatch({ timeRange: null }, range)).toBe(true)
  })

  test('no split is dropped that holds a document in the range', () => {
    let pruned = 0
    const nanos = fc.bigInt({ min: -20n * S, max: 20n * S })
    fc.assert(
      fc.property(fc.array(nanos, { minLength: 1, maxLength: 5 }), nanos, nanos, (documents, start, end) => {
        const seconds = documents.map((document) => Number(document / S))
        const split = { timeRange: { start: Math.min(...seconds), end: Math.max(...seconds) } }
        const kept = timeMayMatch(split, { start, end })
        if (documents.some((document) => document >= start && document < end)) expect(kept).toBe(true)
        if (!kept) pruned++
      }),
      { numRuns: 300 },
    )
    expect(pruned).toBeGreaterThan(30)
  })
})

describe('tags', () => {
  const keeps = (filter: TagFilter, ...tags: string[]): boolean => tagsMayMatch(filter, new Set(tags))

  test('a split is dropped only when it lists all values and none is asked for', () => {
    expect(keeps(tagIn('env', ['prod']))).toBe(true)
    expect(keeps(tagIn('env', ['prod']), 'env!')).toBe(false)
    expect(keeps(tagIn('env', ['prod']), 'env!', 'env:dev')).toBe(false)
    expect(keeps(tagIn('env', ['prod', 'dev']), 'env!', 'env:dev')).toBe(true)
    expect(keeps(tagIn('env', ['prod']), 'tenant!', 'tenant:prod')).toBe(true)
    expect(keeps({ kind: 'or', children: [] }, 'env!')).toBe(true)
    const both: TagFilter = { kind: 'and', children: [tagIn('a', ['1']), tagIn('b', ['2'])] }
    expect(keeps(both, 'a!', 'a:1', 'b!', 'b:3')).toBe(false)
    expect(keeps({ kind: 'or', children: both.children }, 'a!', 'a:1', 'b!', 'b:3')).toBe(true)
  })
})
