import { expect, test } from 'vitest'
import { MemoryPool } from '../../src/index.ts'

test('queries that spill share a limit evenly; what cannot be spilled comes first', () => {
  const pool = new MemoryPool(1000)
  const [a, b] = [pool.query('a'), pool.query('b')]
  a.enter()
  b.enter()
  a.expect(2)
  const first = a.reserve('SortExec', true)
  expect(first.tryResize(701)).toBe(false)
  expect(first.tryResize(700)).toBe(true)
  const table = b.reserve('RecursiveQueryExec', false)
  table.resize(200)
  const other = b.reserve('AggregateExec', true)
  // Half of what is left of the limit is 400, of which the first query has more: only what is free is left.
  expect(other.capacity).toBe(100)
  expect(first.tryResize(701)).toBe(false)
  first.resize(0)
  expect(other.capacity).toBe(400)
  expect(first.capacity).toBe(280)
  expect(() => other.resize(801)).toThrow(
    'AggregateExec needs 801 bytes of memory, but may use 400 bytes under the memory_limit of 1,000 bytes',
  )
  expect(() => table.resize(1001)).toThrow('RecursiveQueryExec needs 1,001 bytes')
  other.resize(500)
  b.leave()
  expect(pool.usedBytes).toBe(0)
  expect(pool.peakBytes).toBe(900)
  expect(first.capacity).toBe(700)
  a.leave()
})

test('a session’s limit below the pool’s holds for its queries', () => {
  const pool = new MemoryPool(1000)
  const query = pool.query('a', 100)
  query.enter()
  const sort = query.reserve('SortExec', true)
  expect(sort.tryResize(101)).toBe(false)
  expect(sort.tryResize(100)).toBe(true)
  query.leave()
  expect(pool.usedBytes).toBe(0)
})
