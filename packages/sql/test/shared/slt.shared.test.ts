import { VolleyError } from '@volley/core'
import { bindStatement, parseStatements } from '@volley/sql'
import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { MemoryCatalog, planningContext } from '../memory-catalog.ts'

const shared = process.env['VOLLEY_SHARED']

/** Queries of sqllogictest files that are expected to succeed. */
function queriesOf(folder: string): string[] {
  const files = fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.slt'))
  return files.flatMap((file) => {
    const records = fs.readFileSync(path.join(folder, file), 'utf8').split(/\n\s*\n/)
    return records.flatMap((record) => {
      const lines = record.split('\n').filter((line) => !line.startsWith('#'))
      const start = lines.findIndex((line) => /^query\b(?! error)/.test(line))
      if (start < 0) return []
      const end = lines.indexOf('----', start)
      return [lines.slice(start + 1, end < 0 ? undefined : end).join('\n')]
    })
  })
}

test.skipIf(shared === undefined)(
  'queries of a peer parse, and bind or name what is missing (VOLLEY_SHARED names the folder)',
  async () => {
    const queries = queriesOf(path.join(shared!, 'slt/test_files'))
    const context = planningContext(new MemoryCatalog([]))
    const counts = { parsed: 0, bound: 0, table: 0, other: 0 }
    for (const sql of queries) {
      try {
        const statements = await parseStatements(sql)
        counts.parsed++
        for (const statement of statements) await bindStatement(statement, context)
        counts.bound++
      } catch (error) {
        if (!(error instanceof VolleyError) || error.code === 'XX000')
          throw new Error(`crash of ${sql}`, { cause: error })
        if (error.code === '42P01') counts.table++
        else counts.other++
      }
    }
    process.stdout.write(`${queries.length} queries: ${JSON.stringify(counts)}\n`)
    expect(counts.parsed / queries.length).toBeGreaterThan(0.97)
  },
  180_000,
)
