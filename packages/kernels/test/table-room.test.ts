import { expect, test } from 'vitest'
import { Arena, KeyTable, TextTable } from '../src/index.ts'

const COUNT = 600_000
const AT_ONCE = 50_000

/** Takes the steps there are, and gives how many they were; an attempt before is given up half-way. */
function growing(table: Pick<KeyTable, 'makeRoom'>): number {
  const abandoned = table.makeRoom(COUNT)
  for (let i = 0; i < 3 && abandoned?.next().done === false; i++);
  abandoned?.return()
  let steps = 0
  for (const _ of table.makeRoom(COUNT) ?? []) steps++
  return steps
}

test('keys keep their numbers while room for more is made in steps, also where that is given up', () => {
  const arena = new Arena({ poison: true })
  const table = new KeyTable(arena, 1)
  const assign = (first: number): Uint32Array => {
    const space = table.space(AT_ONCE)
    for (let k = 0; k < AT_ONCE; k++) [space[2 * k], space[2 * k + 1]] = [(first + k) * 7919, first + k]
    const out = new Uint32Array(AT_ONCE)
    table.assign(AT_ONCE, out)
    return out
  }
  let steps = 0
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    expect(assign(first)[AT_ONCE - 1]).toBe(first + AT_ONCE - 1)
    steps += growing(table)
  }
  expect(steps).toBeGreaterThan(3)
  for (let first = 0; first < COUNT; first += AT_ONCE) expect(assign(first)[0]).toBe(first)
  expect(table.count).toBe(COUNT)
  table.release()
  expect(arena.liveBytes).toBe(0)
})

test('so do texts', () => {
  const arena = new Arena({ poison: true })
  const table = new TextTable(arena)
  const assign = (first: number): Uint32Array => {
    const text = Array.from({ length: AT_ONCE }, (_, k) => String(1_000_000 + first + k))
    const offsets = Int32Array.from({ length: AT_ONCE + 1 }, (_, k) => 7 * k)
    const out = new Uint32Array(AT_ONCE)
    table.assign(offsets, new TextEncoder().encode(text.join('')), null, AT_ONCE, out)
    return out
  }
  let steps = 0
  for (let first = 0; first < COUNT; first += AT_ONCE) {
    expect(assign(first)[AT_ONCE - 1]).toBe(first + AT_ONCE - 1)
    steps += growing(table)
  }
  expect(steps).toBeGreaterThan(3)
  for (let first = 0; first < COUNT; first += AT_ONCE) expect(assign(first)[0]).toBe(first)
  expect(table.count).toBe(COUNT)
  table.release()
  expect(arena.liveBytes).toBe(0)
})
