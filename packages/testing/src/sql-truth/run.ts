import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import { connect, type VolleySession } from 'volley'
import { jsonValue } from '@volley/core'
import { differenceFrom, type Truth } from './compare.ts'

const PARTITIONS = ['1', '2', '3', '7']

const usage = 'usage: npm run sql-truth -- DIR TREE [--workers N] [--set KEY=VALUE ...] [--only ID]'

/**
 * Runs a folder of queries with right answers over a tree that a fixture's install.sh made (metastore in TREE/indexes).
 * Without --set, each query runs at four target_partitions and passes when all four answers are right.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      workers: { type: 'string', default: '0' },
      set: { type: 'string', multiple: true, default: [] },
      only: { type: 'string' },
    },
  })
  const [dir, tree] = positionals
  if (dir === undefined || tree === undefined) {
    console.error(usage)
    return 2
  }
  const truths = fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(fs.readFileSync(path.join(dir, name), 'utf8')) as Truth)
    .filter((truth) => values.only === undefined || truth.id === values.only)
  const settings = new Map(values.set.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
  const session = await connect({
    metastore: pathToFileURL(path.resolve(tree, 'indexes')).href,
    localWorkers: Number(values.workers),
    settings,
  })
  let passed = 0
  const failures: string[] = []
  try {
    for (const truth of truths) {
      const failure = await check(session, truth, values.set.length === 0 ? PARTITIONS : [null])
      if (failure === null) passed++
      else failures.push(`${truth.id}: ${failure}`)
      process.stderr.write(failure === null ? '.' : 'F')
    }
  } finally {
    await session.close()
  }
  process.stderr.write('\n')
  for (const failure of failures) console.log(`FAIL ${failure}`)
  console.log(`${passed} passed, ${failures.length} failed`)
  return failures.length === 0 ? 0 : 1
}

async function check(
  session: VolleySession,
  truth: Truth,
  partitions: readonly (string | null)[],
): Promise<string | null> {
  for (const count of partitions) {
    try {
      if (count !== null) session.set('target_partitions', count)
      const result = await session.sql(truth.sql)
      const { fields } = result.schema
      const rows: unknown[][] = []
      for await (const chunk of result.chunks()) {
        for (const row of chunk) rows.push(row.map((value, i) => jsonValue(value, fields[i]!.type)))
      }
      const difference = differenceFrom(
        truth,
        fields.map((field) => field.name),
        rows,
      )
      if (difference !== null) return `target_partitions ${count ?? 'default'}: ${difference}`
    } catch (error) {
      return `target_partitions ${count ?? 'default'}: ${(error as Error).message}${process.env.VOLLEY_DEBUG ? (error as Error).stack : ''}`
    }
  }
  return null
}

process.exitCode = await main()
