import { visitExpr } from '@volley/core'
import { type LogicalPlan, SubqueryExpr, TextPredicateExpr } from '@volley/planner'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { MemoryCatalog, planOf } from '../memory-catalog.ts'
import { quickwitTables } from './quickwit-tables.ts'

const shared = process.env['VOLLEY_SHARED']

function textPredicates(plan: LogicalPlan): string[] {
  const found: string[] = []
  for (const expr of plan.expressions) {
    visitExpr(expr, (node) => {
      if (node instanceof TextPredicateExpr) found.push(String(node))
      if (node instanceof SubqueryExpr) found.push(...textPredicates(node.plan))
    })
  }
  return [...found, ...plan.children.flatMap(textPredicates)]
}

describe.skipIf(shared === undefined)('queries over real indexes (VOLLEY_SHARED names the folder)', () => {
  const folder = path.join(shared ?? '.', 'fixtures/quickwit-sql')
  const tables = shared === undefined ? [] : quickwitTables(path.join(shared, 'fixtures/quickwit/indexes'))
  const queries = shared === undefined ? [] : fs.readdirSync(folder).filter((name) => name.endsWith('.json'))

  test.each(queries)('%s binds', async (file) => {
    const { sql, columns } = JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8'))
    const catalog = new MemoryCatalog(tables)
    const plan = await planOf(sql, catalog)
    expect(plan.columns.map((column) => column.name)).toEqual(columns)
    expect(catalog.lookups.length).toBe(new Set(catalog.lookups).size)
    const matches = sql.match(/\bmatch\(/g)?.length ?? 0
    expect(textPredicates(plan).length).toBe(matches)
  })

  test('there are sixty of them', () => {
    expect(queries.length).toBe(60)
  })
})
