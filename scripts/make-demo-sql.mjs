// Writes fixtures/demo-sql: queries over the demo with DuckDB's answers, in the form that `npm run sql-truth` reads.
// Run with `npx node scripts/make-demo-sql.mjs`; the result is committed and does not change.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { openOracle } from './demo-oracle.mjs'

const ordered = true
const queries = {
  'count-all': [`SELECT count(*) AS n, count(trace_id) AS with_trace, count(DISTINCT trace_id) AS traces FROM logs`],
  'errors-by-half-hour': [
    `SELECT date_bin(INTERVAL '30 minutes', timestamp, TIMESTAMP '2026-03-03 00:00:00') AS t, count(*) AS n FROM logs WHERE level = 'ERROR' GROUP BY 1 ORDER BY 1`,
    ordered,
  ],
  'errors-by-service': [
    `SELECT service, region, count(*) AS n, count(DISTINCT host) AS hosts FROM logs WHERE level = 'ERROR' GROUP BY service, region HAVING count(*) > 2 ORDER BY n DESC, service, region`,
    ordered,
  ],
  'match-group': [
    `SELECT service, region, count(*) AS n, min(timestamp) AS first, max(timestamp) AS last FROM logs WHERE match(message, 'pool exhausted') GROUP BY service, region ORDER BY n DESC, service`,
    ordered,
  ],
  'match-or-level': [
    `SELECT level, count(*) AS n FROM logs WHERE match(message, 'timeout') OR level = 'WARN' GROUP BY level`,
  ],
  'match-not': [
    `SELECT service, count(*) AS n FROM logs WHERE match(message, 'failed') AND NOT match(message, 'declined') GROUP BY service ORDER BY service`,
    ordered,
  ],
  'match-in-select': [
    `SELECT date_trunc('hour', timestamp) AS h, sum(CASE WHEN match(message, 'exhausted') THEN 1 ELSE 0 END) AS hits, count(*) AS n FROM logs GROUP BY 1 ORDER BY 1`,
    ordered,
  ],
  'join-spans': [
    `SELECT t.service, t.operation, count(*) AS n, count(DISTINCT t.trace_id) AS traces, avg(t.duration_ms) AS ms FROM logs l JOIN traces t ON l.trace_id = t.trace_id AND l.span_id = t.span_id WHERE l.level = 'ERROR' GROUP BY t.service, t.operation ORDER BY n DESC, t.service, t.operation`,
    ordered,
  ],
  'join-left': [
    `SELECT l.level, count(*) AS n, count(t.span_id) AS joined FROM logs l LEFT JOIN traces t ON l.trace_id = t.trace_id AND l.span_id = t.span_id GROUP BY l.level ORDER BY l.level`,
    ordered,
  ],
  'semi-exists': [
    `SELECT operation, count(*) AS n FROM traces t WHERE parent_span_id IS NULL AND EXISTS (SELECT 1 FROM logs l WHERE l.trace_id = t.trace_id AND l.level = 'ERROR') GROUP BY operation ORDER BY n DESC, operation`,
    ordered,
  ],
  'anti-exists': [
    `SELECT count(*) AS n FROM logs l WHERE l.trace_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM traces t WHERE t.trace_id = l.trace_id)`,
  ],
  'in-subquery': [
    `SELECT service, count(*) AS spans FROM traces WHERE trace_id IN (SELECT trace_id FROM logs WHERE match(message, 'deadline exceeded')) GROUP BY service ORDER BY service`,
    ordered,
  ],
  'scalar-subquery': [
    `SELECT status, count(*) AS n FROM traces WHERE duration_ms > (SELECT avg(duration_ms) FROM traces) GROUP BY status ORDER BY status`,
    ordered,
  ],
  'json-path': [
    `SELECT attributes->>'http.method' AS method, attributes->>'http.status_code' AS code, count(*) AS n FROM traces GROUP BY 1, 2 ORDER BY 1 NULLS LAST, 2 NULLS LAST`,
    ordered,
  ],
  'json-cast-sum': [
    `SELECT attributes->>'currency' AS currency, count(*) AS n, sum(CAST(attributes->>'amount' AS double precision)) AS total FROM traces WHERE (attributes->>'currency') IS NOT NULL GROUP BY 1 ORDER BY 1`,
    ordered,
  ],
  'top-durations': [
    `SELECT start, service, operation, duration_ms FROM traces ORDER BY duration_ms DESC, span_id LIMIT 10`,
    ordered,
  ],
  'filter-clause': [
    `SELECT region, count(*) AS n, count(*) FILTER (WHERE status = 'error') AS bad, max(duration_ms) AS worst FROM traces GROUP BY region ORDER BY region`,
    ordered,
  ],
  'distinct-union': [
    `SELECT DISTINCT service FROM logs WHERE level = 'DEBUG' UNION ALL SELECT DISTINCT status FROM traces`,
  ],
  'cte-derived': [
    `WITH e AS (SELECT service, date_trunc('hour', timestamp) AS h, count(*) AS errors FROM logs WHERE level = 'ERROR' GROUP BY 1, 2) SELECT service, max(errors) AS worst, sum(errors) AS total FROM (SELECT service, errors FROM e WHERE errors > 1) x GROUP BY service ORDER BY total DESC, service`,
    ordered,
  ],
  'page-with-stored': [
    `SELECT timestamp, service, message FROM logs WHERE region = 'eu-west-1' AND level IN ('WARN', 'ERROR') ORDER BY timestamp, service, message LIMIT 7 OFFSET 20`,
    ordered,
  ],
}

// DuckDB has date_bin under another name and no double precision in JSON casts; everything else is the same text.
const dialect = (sql) =>
  sql.replace(
    /date_bin\((INTERVAL '[^']+'), (\w+), (TIMESTAMP '[^']+')\)/g,
    'CAST(time_bucket($1, $2, $3) AS TIMESTAMP_MS)',
  )

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'volley-oracle-'))
const db = await openOracle('fixtures', scratch)
fs.mkdirSync('fixtures/demo-sql', { recursive: true })
for (const [id, [sql, isOrdered = false]] of Object.entries(queries)) {
  const reader = await db.runAndReadAll(dialect(sql))
  const types = reader.columnTypes().map(String)
  const rows = reader.getRows().map((row) => row.map((value, i) => plain(value, types[i])))
  const truth = { id, sql, columns: reader.columnNames(), ordered: isOrdered, rows }
  const text = `{\n  "id": ${JSON.stringify(id)},\n  "sql": ${JSON.stringify(sql)},\n  "columns": ${JSON.stringify(truth.columns)},\n  "ordered": ${isOrdered},\n  "rows": [\n${rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')}\n  ]\n}\n`
  fs.writeFileSync(`fixtures/demo-sql/${id}.json`, text)
  console.log(`${id}: ${rows.length} rows (${types.join(', ')})`)
}
fs.rmSync(scratch, { recursive: true })

/** 64-bit and wider integers as text, doubles and 32-bit integers as numbers, timestamps of milliseconds in ISO 8601. */
function plain(value, type) {
  if (value === null) return null
  if (type.startsWith('TIMESTAMP')) return new Date(Number(value.millis ?? value.micros / 1000n)).toISOString()
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'object') return String(value)
  return value
}
