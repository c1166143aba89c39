import { expect, test } from 'vitest'
import { MemoryPool } from '../../src/index.ts'

const MB = 1_000_000

test('queries that spill share a limit evenly; what cannot be spilled comes first', async () => {
  const pool = new MemoryPool(1000 * MB)
  const [a, b] = [pool.query('a'), pool.query('b')]
  a.enter()
  b.enter()
  a.expect(2)
  const first = a.reserve('SortExec', true)
  expect(first.tryResize(701 * MB)).toBe(false)
  expect(first.tryResize(700 * MB)).toBe(true)
  const table = b.reserve('RecursiveQueryExec', false)
  await table.require(200 * MB)
  const other = b.reserve('AggregateExec', true)
  // Half of what is left of the limit is 400, of which the first query has more: only what is free is left, less what is
  // kept for its second operator.
  expect(other.capacity).toBe(100 * MB - a.floor)
  expect(first.tryResize(701 * MB)).toBe(false)
  expect(first.tryResize(0)).toBe(true)
  expect(other.capacity).toBe(400 * MB)
  expect(first.capacity).toBe(280 * MB)
  await expect(other.require(801 * MB)).rejects.toThrow(
    'AggregateExec needs 801,000,000 bytes of memory, but may use 400,000,000 bytes under the memory_limit of 1,000,000,000 bytes',
  )
  await expect(table.require(1001 * MB)).rejects.toThrow('RecursiveQueryExec needs 1,001,000,000 bytes')
  await other.require(500 * MB)
  b.leave()
  expect(pool.usedBytes).toBe(0)
  expect(pool.peakBytes).toBe(900 * MB)
  expect(first.capacity).toBe(700 * MB)
  a.leave()
})

test('a session’s limit below the pool’s holds for its queries', () => {
  const pool = new MemoryPool(1000 * MB)
  const query = pool.query('a', 100 * MB)
  query.enter()
  const sort = query.reserve('SortExec', true)
  expect(sort.tryResize(100 * MB + 1)).toBe(false)
  expect(sort.tryResize(100 * MB)).toBe(true)
  query.leave()
  expect(pool.usedBytes).toBe(0)
})

test('what is kept for operators that have not begun is given to nobody else', async () => {
  const pool = new MemoryPool(10 * MB)
  const query = pool.query('a')
  query.enter()
  query.expect(5)
  const table = query.reserve('RecursiveQueryExec', false)
  const most = 10 * MB - 5 * query.floor
  expect(query.floor).toBe(MB)
  await table.require(most)
  await expect(table.require(most + 1)).rejects.toMatchObject({ code: '53200' })
  const operators = Array.from({ length: 5 }, () => query.reserve('SortExec', true))
  for (const operator of operators) expect(operator.tryResize(query.floor)).toBe(true)
  expect(operators[0]!.tryResize(query.floor + 1)).toBe(false)
  query.leave()
  expect(pool.usedBytes).toBe(0)
})

test('who needs more than what is kept for it has those spill that hold the most and wait', async () => {
  const pool = new MemoryPool(10 * MB)
  const query = pool.query('a')
  query.enter()
  query.expect(4)
  const [large, small, busy, asking] = Array.from({ length: 4 }, () => query.reserve('SortExec', true))
  const asked: string[] = []
  const lendingUntil = (
    name: string,
    holder: typeof large,
  ): { readonly end: () => void; readonly ended: Promise<void> } => {
    let end = (): void => {}
    const work = new Promise<void>((resolve) => (end = resolve))
    const lend = async (): Promise<void> => {
      asked.push(name)
      await Promise.resolve()
      holder!.tryResize(0)
    }
    return { end, ended: holder!.lending(work, lend) }
  }
  expect(large!.tryResize(3 * MB)).toBe(true)
  expect(small!.tryResize(2 * MB)).toBe(true)
  expect(busy!.tryResize(2 * MB)).toBe(true)
  const waits = [lendingUntil('large', large), lendingUntil('small', small)]
  await asking!.require(4 * MB)
  expect(asked).toEqual(['large'])
  await asking!.require(5 * MB)
  expect(asked).toEqual(['large', 'small'])
  // What is kept for the other two, and what the third holds, is not for it.
  await expect(asking!.require(6 * MB)).rejects.toMatchObject({ code: '53200' })
  for (const { end, ended } of waits) {
    end()
    await ended
  }
  query.leave()
  expect(pool.usedBytes).toBe(0)
})

test('a scarce limit is divided evenly, whoever comes first', async () => {
  const pool = new MemoryPool(400_000)
  const query = pool.query('a')
  query.enter()
  query.expect(4)
  const first = query.reserve('SortExec', true)
  expect(first.tryResize(75_001)).toBe(false)
  expect(first.tryResize(75_000)).toBe(true)
  await first.require(100_000)
  await expect(first.require(100_001)).rejects.toThrow(
    'SortExec needs 100,001 bytes of memory, but may use 75,000 bytes under the memory_limit of 400,000 bytes',
  )
  first.tryResize(0)
  const table = query.reserve('RecursiveQueryExec', false)
  await table.require(100_000)
  await expect(table.require(100_001)).rejects.toMatchObject({ code: '53200' })
  query.leave()
  expect(pool.usedBytes).toBe(0)
})
