import { describe, expect, test } from 'vitest'
import { Cache, Caches } from '../src/caches.ts'

/** Caches of numbers that note what they give up. */
function made(...capacities: (number | undefined)[]): {
  caches: Caches
  each: Cache<number, string>[]
  dropped: number[]
} {
  const caches = new Caches()
  const dropped: number[] = []
  const each = capacities.map(
    (capacity, i) =>
      new Cache<number, string>(caches, {
        name: `cache ${i}`,
        ...(capacity === undefined ? {} : { capacity, largest: 0.5 }),
        dropped: (_, key) => dropped.push(key),
      }),
  )
  return { caches, each, dropped }
}

describe('caches of an executor', () => {
  test('what was used least recently goes first, whichever cache has it', () => {
    const { caches, each, dropped } = made(undefined, undefined)
    const [a, b] = each as [Cache<number, string>, Cache<number, string>]
    for (let key = 0; key < 6; key++) (key % 2 === 0 ? a : b).set(key, `${key}`, 10)
    expect([a.get(0), b.peek(1), a.get(7)]).toEqual(['0', '1', undefined])
    expect(caches.sizes()).toEqual(
      new Map([
        ['cache 0', 30],
        ['cache 1', 30],
      ]),
    )
    caches.capacity = 35
    expect(dropped).toEqual([1, 2, 3])
    expect([caches.bytes, a.bytes, b.bytes, a.size, b.size]).toEqual([30, 20, 10, 2, 1])
    // One that grows pushes out others, and does not stay where it alone is too large.
    expect(a.resize(4, 24)).toBe(true)
    expect(dropped).toEqual([1, 2, 3, 5])
    expect(a.resize(4, 36)).toBe(false)
    expect([caches.bytes, dropped]).toEqual([0, [1, 2, 3, 5, 0, 4]])
  })

  test('each has a bound of its own, for all and for one thing; what is not kept is given up at once', () => {
    const { caches, each, dropped } = made(100)
    const [a] = each as [Cache<number, string>]
    expect([a.takes(50), a.takes(51), a.set(1, 'large', 51)]).toEqual([true, false, false])
    for (let key = 2; key < 5; key++) expect(a.set(key, '', 40)).toBe(true)
    expect(dropped).toEqual([1, 2])
    // The last one may outgrow it.
    a.resize(4, 120)
    expect([dropped, caches.bytes]).toEqual([[1, 2, 3], 120])
    expect(a.set(4, 'another', 10)).toBe(true)
    expect([dropped, caches.bytes]).toEqual([[1, 2, 3, 4], 10])
    caches.capacity = 10
    expect([a.takes(6), a.takes(5)]).toEqual([false, true])
    a.clear()
    expect([a.size, caches.bytes, dropped]).toEqual([0, 0, [1, 2, 3, 4, 4]])
  })

  test('room is made of what was used before a time', () => {
    const { caches, each, dropped } = made(undefined, undefined)
    const [a, b] = each as [Cache<number, string>, Cache<number, string>]
    caches.capacity = 40
    a.set(1, '', 10)
    b.set(2, '', 10)
    const since = caches.tick()
    a.set(3, '', 10)
    b.get(2)
    expect([caches.makeRoom(10, since), caches.makeRoom(20, since)]).toEqual([true, true])
    expect(dropped).toEqual([1])
    expect([caches.makeRoom(21, since), caches.makeRoom(41)]).toEqual([false, false])
    expect(dropped).toEqual([1])
    expect([caches.makeRoom(40), dropped]).toEqual([true, [1, 3, 2]])
  })

  test('one that is shared is found by what it is made of', () => {
    const caches = new Caches()
    const options = { name: 'shared' }
    caches.shared<number, string>(options).set(1, 'one', 5)
    expect(caches.shared<number, string>(options).get(1)).toBe('one')
    expect(new Caches().shared<number, string>(options).get(1)).toBeUndefined()
    caches.shared<number, string>(options).forget((key) => key === 1)
    expect([caches.bytes, caches.sizes().size]).toEqual([0, 0])
  })
})
