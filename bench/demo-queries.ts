/**
 * Times the demo's queries in Volley (one process, splits on disk, warm) and in DuckDB over the same rows as Parquet, one
 * after the other in each round, and prints the medians: `npm run bench`.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { connect } from 'volley'
import { story } from '../packages/volley/src/demo/story.ts'

interface Peer {
  run(sql: string): Promise<{ getRows(): unknown[] } & Record<string, unknown>>
}

const ROUNDS = Number(process.env.ROUNDS ?? 9)
const THREADS = 2

// DuckDB spells these otherwise; the work is the same.
const duckdbDialect = (sql: string): string =>
  sql
    .replace(/date_bin\((INTERVAL '[^']+'), (\w+)\)/g, 'time_bucket($1, $2)')
    .replace(/round\(score\(\), 2\) AS score, /, '')
    .replace(/message @@ '[^']+'/, `match(message, 'timeout') OR message ILIKE '%connection pool exhausted%'`)
    .replace(/ORDER BY score\(\) DESC/, 'ORDER BY length(message)')

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-bench-'))
try {
  await main()
} finally {
  fs.rmSync(scratch, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const oracle = (await import('../scripts/demo-oracle.mjs' as string)) as {
    openOracle(
      fixtures: string,
      scratch: string,
      threads: number,
    ): Promise<Peer & { run(sql: string): Promise<unknown> }>
  }
  const duckdb = await oracle.openOracle('fixtures', scratch, THREADS)
  for (const table of ['logs', 'traces']) {
    const file = path.join(scratch, `${table}.parquet`)
    await duckdb.run(`COPY ${table} TO '${file}' (FORMAT parquet)`)
    await duckdb.run(`DROP TABLE ${table}`)
    await duckdb.run(`CREATE VIEW ${table} AS SELECT * FROM '${file}'`)
  }
  const session = await connect({ metastore: installDemo(), settings: { target_partitions: String(THREADS) } })
  const steps = story.filter((step) => step.explain !== true)
  const rows: string[][] = []
  for (const [i, step] of steps.entries()) {
    const volley: number[] = []
    const peer: number[] = []
    for (let round = 0; round < ROUNDS + 2; round++) {
      const a = await timed(async () => {
        for await (const _ of (await session.sql(step.sql)).chunks()) continue
      })
      const b = await timed(async () => {
        await (duckdb as unknown as { runAndReadAll(sql: string): Promise<unknown> }).runAndReadAll(
          duckdbDialect(step.sql),
        )
      })
      // The first two rounds warm caches and compilers.
      if (round < 2) continue
      volley.push(a)
      peer.push(b)
    }
    const [ours, theirs] = [median(volley), median(peer)]
    rows.push([`${i + 1}. ${step.question}`, ours.toFixed(1), theirs.toFixed(1), (ours / theirs).toFixed(2)])
  }
  await session.close()
  const ratios = rows.map((row) => Number(row[3]))
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  console.log(`| query | Volley ms | DuckDB on Parquet ms | ratio |\n|---|---|---|---|`)
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
  console.log(`| geometric mean | | | ${mean.toFixed(2)} |`)
  console.log(
    `\n${ROUNDS} rounds, medians; ${THREADS} DuckDB threads; load ${os.loadavg()[0]!.toFixed(2)}; ${os.cpus()[0]!.model}, node ${process.version}`,
  )
}

function installDemo(): string {
  fs.cpSync('fixtures/demo/indexes', path.join(scratch, 'indexes'), { recursive: true })
  for (const index of ['logs', 'traces']) {
    const file = path.join(scratch, 'indexes', index, 'metastore.json')
    fs.writeFileSync(
      file,
      fs.readFileSync(file, 'utf8').replaceAll('file:///QW_ROOT/', `${pathToFileURL(scratch).href}/`),
    )
  }
  return pathToFileURL(path.join(scratch, 'indexes')).href
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1]!
}
