import { TableScan } from '@volley/planner'
import { parseStatements } from '@volley/sql'
import { describe, expect, test } from 'vitest'
import { demoCatalog } from './demo-tables.ts'
import { bindAll } from './memory-catalog.ts'

describe('statements', () => {
  test('a text has as many statements as it has pieces', async () => {
    expect(await parseStatements('')).toEqual([])
    expect((await parseStatements('; SELECT 1; -- nothing\n SELECT 2;')).map((statement) => statement.kind)).toEqual([
      'query',
      'query',
    ])
  })

  test.each([
    ['SET target_partitions = 4', { kind: 'set', name: 'target_partitions', value: 4 }],
    ['SET rules.push_limit = off', { kind: 'set', name: 'rules.push_limit', value: 'off' }],
    ["SET memory_limit TO '1 GiB'", { kind: 'set', name: 'memory_limit', value: '1 GiB' }],
    ['SET x = -1.5', { kind: 'set', name: 'x', value: -1.5 }],
    ['SET search_path TO a, b', { kind: 'set', name: 'search_path', value: 'a, b' }],
    ['SET x = true', { kind: 'set', name: 'x', value: true }],
    ["SET TIME ZONE 'UTC'", { kind: 'set', name: 'timezone', value: 'UTC' }],
    ['SET x = DEFAULT', { kind: 'reset', name: 'x' }],
    ['RESET rules.push_limit', { kind: 'reset', name: 'rules.push_limit' }],
    ['RESET ALL', { kind: 'reset', name: 'all' }],
    ['SHOW target_partitions', { kind: 'show', name: 'target_partitions' }],
    ['SHOW ALL', { kind: 'show', name: 'all' }],
    ['SHOW TABLES', { kind: 'show_tables' }],
  ])('%s', async (sql, expected) => {
    expect(await bindAll(sql, demoCatalog())).toEqual([expected])
  })

  test('DESCRIBE finds its table', async () => {
    for (const sql of ['DESCRIBE logs', 'DESC public.logs', 'SHOW COLUMNS FROM logs']) {
      expect(await bindAll(sql, demoCatalog())).toMatchObject([{ kind: 'describe', table: { name: 'logs' } }])
    }
    expect(await bindAll('DESCRIBE "otel-logs-v0_9"', demoCatalog())).toMatchObject([
      { table: { name: 'otel-logs-v0_9' } },
    ])
  })

  test.each([
    ['EXPLAIN SELECT 1', { analyze: false, verbose: false, format: 'tree' }],
    ['EXPLAIN ANALYZE SELECT 1', { analyze: true, verbose: false, format: 'tree' }],
    ['EXPLAIN ANALYZE VERBOSE SELECT 1', { analyze: true, verbose: true, format: 'tree' }],
    ['EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1', { analyze: true, verbose: false, format: 'json' }],
    ['EXPLAIN FORMAT JSON SELECT 1', { analyze: false, verbose: false, format: 'json' }],
    ['EXPLAIN (VERBOSE false, FORMAT tree) SELECT 1', { analyze: false, verbose: false, format: 'tree' }],
  ])('%s', async (sql, expected) => {
    expect(await bindAll(sql, demoCatalog())).toMatchObject([{ kind: 'explain', ...expected }])
  })
})

describe('the catalog', () => {
  test('each table is looked up once for a statement, and names of WITH never', async () => {
    const catalog = demoCatalog()
    await bindAll(
      `WITH spans AS (SELECT * FROM logs), r AS (SELECT * FROM spans)
       SELECT (SELECT count(*) FROM logs), * FROM logs a, public.logs b, r, inverted_index('logs', 'x') i, inverted_index('logs', 'x') j`,
      catalog,
    )
    expect(catalog.lookups.toSorted()).toEqual(['inverted_index(logs, x)', 'logs', 'logs', 'public.logs'])
  })

  test('each reference to a table has columns of its own', async () => {
    const [statement] = await bindAll('SELECT a.n, b.n FROM logs a, logs b', demoCatalog())
    const ids: number[] = []
    const visit = (plan: { children: readonly unknown[] }): void => {
      if (plan instanceof TableScan) ids.push(...plan.columns.map((column) => column.id))
      for (const child of plan.children) visit(child as typeof plan)
    }
    if (statement?.kind !== 'query') throw new TypeError('not a query')
    visit(statement.plan)
    expect(ids.length).toBeGreaterThan(10)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
