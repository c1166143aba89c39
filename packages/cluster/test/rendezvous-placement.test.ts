import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RendezvousPlacement, StaticWorkerResolver } from '../src/index.ts'

const placement = new RendezvousPlacement()
const workers = (count: number): string[] => Array.from({ length: count }, (_, i) => `10.0.0.${i + 1}:7070`)
const splits = (count: number): { id: string; weight: number }[] =>
  Array.from({ length: count }, (_, i) => ({ id: `01J${String(i).padStart(5, '0')}`, weight: 1 }))
const ownerOf = (placed: Map<string, string[]>): Map<string, string> =>
  new Map([...placed].flatMap(([worker, ids]) => ids.map((id) => [id, worker] as const)))

const arbitrarySplits = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 8 }), weight: fc.nat(100000) }),
  {
    selector: (split) => split.id,
    minLength: 1,
    maxLength: 60,
  },
)
const arbitraryWorkers = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 12 })

describe('rendezvous placement', () => {
  test('deals every split to exactly one worker, within the bound', () => {
    fc.assert(
      fc.property(arbitrarySplits, arbitraryWorkers, (list, nodes) => {
        const placed = placement.place(list, nodes)
        expect([...placed.values()].flat().sort()).toEqual(list.map((split) => split.id).sort())
        const weight = new Map(list.map((split) => [split.id, Math.max(1, split.weight)]))
        const weights = [...weight.values()]
        const average = weights.reduce((a, b) => a + b, 0) / nodes.length
        for (const [worker, ids] of placed) {
          expect(nodes).toContain(worker)
          const load = ids.reduce((sum, id) => sum + weight.get(id)!, 0)
          expect(load).toBeLessThanOrEqual(Math.ceil(average * 1.25) + Math.max(...weights))
        }
      }),
      { numRuns: 200 },
    )
  })

  test('does not depend on the order of splits or workers', () => {
    fc.assert(
      fc.property(arbitrarySplits, arbitraryWorkers, fc.integer(), (list, nodes, seed) => {
        const shuffled = <T>(items: readonly T[]): T[] =>
          items
            .map((item, i) => ({ item, key: Math.imul(i + 1, seed | 1) >>> 3 }))
            .sort((a, b) => a.key - b.key)
            .map(({ item }) => item)
        expect([...placement.place(shuffled(list), shuffled(nodes))]).toEqual([...placement.place(list, nodes)])
      }),
      { numRuns: 100 },
    )
  })

  test('splits of one weight never exceed the bound', () => {
    for (const count of [1, 7, 64, 500]) {
      const placed = placement.place(splits(count), workers(5))
      for (const ids of placed.values()) expect(ids.length).toBeLessThanOrEqual(Math.ceil((count / 5) * 1.25))
    }
    expect(placement.place(splits(500), workers(5)).size).toBe(5)
  })

  test('a worker that comes or goes moves about its own share', () => {
    const list = splits(1000)
    const before = ownerOf(placement.place(list, workers(8)))
    const after = ownerOf(placement.place(list, workers(9)))
    const moved = list.filter((split) => before.get(split.id) !== after.get(split.id)).length
    expect(moved).toBeGreaterThan(50)
    expect(moved).toBeLessThan(1000 / 4)
  })

  test('places nothing on no worker, and splits on no worker not at all', () => {
    expect(placement.place([], []).size).toBe(0)
    expect(() => placement.place(splits(1), [])).toThrow('no worker')
  })
})

describe('static worker resolver', () => {
  test('normalizes and drops duplicates', async () => {
    const resolver = new StaticWorkerResolver(['localhost:7070', 'http://localhost:7070/', '[::1]:80'])
    expect(await resolver.getUrls()).toEqual(['localhost:7070', '[::1]:80'])
  })

  test('refuses what is no address', () => {
    for (const bad of ['localhost', 'localhost:', 'a b:1', 'host:70000', '']) {
      expect(() => new StaticWorkerResolver([bad])).toThrow('host:port')
    }
  })
})
