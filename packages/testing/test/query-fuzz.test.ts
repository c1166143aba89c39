import { expect, test } from 'vitest'
import { fuzzQueries } from '../src/index.ts'

test(
  'random queries have the answers of DuckDB, mutated ones an answer or one clear error',
  { timeout: 60_000 },
  async () => {
    const seed = Number(process.env.VOLLEY_SEED ?? 1)
    const { failures, ...counts } = await fuzzQueries({ seed, queries: 100, mutations: 100 })
    expect(failures[0]).toBeUndefined()
    expect(counts.same).toBeGreaterThan(80)
    expect(counts.withRows).toBeGreaterThan(40)
    expect(counts.mutatedRefused).toBeGreaterThan(60)
  },
)
