import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

function run(name: string): string {
  const file = fileURLToPath(new URL(`../${name}`, import.meta.url))
  return execFileSync(process.execPath, ['-C', '@volley/source', file], { encoding: 'utf8' })
}

test('query-splits: SQL over splits that Quickwit wrote', () => {
  const lines = run('query-splits.ts').split('\n')
  const rows = lines.filter((line) => line.startsWith('│ ')).map((line) => line.split('│').map((cell) => cell.trim()))
  expect(rows.slice(1).map(([, , service, messages]) => [service, messages])).toEqual([
    ["'ledger'", '143n'],
    ["'payment'", '17n'],
  ])
})

test('search-index: the tantivy reader alone', () => {
  const [count, ...hits] = run('search-index.ts').trimEnd().split('\n')
  expect(count).toBe('8 documents match body:zenousba')
  expect(hits.map((line) => line.replace(/:.*/, ''))).toEqual([
    'segment 0, document 3624, score 8.378',
    'segment 0, document 1159, score 6.564',
    'segment 0, document 1748, score 5.647',
  ])
})

test('sum-arrow-table: the execution core alone', () => {
  expect(run('sum-arrow-table.ts')).toBe(`AggregateExec: mode=single, groups=[city], aggregates=[sum(n)]
  MemoryExec: partitions=1, rows=3
Oslo: 4000000000
Bergen: 5
`)
})
