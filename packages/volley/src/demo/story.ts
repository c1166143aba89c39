/** One step of the demo: a question, the SQL that answers it, and what the answer means. */
export interface DemoStep {
  readonly question: string
  readonly sql: string
  readonly finding: string
  /** Draws the first column against the second as bars instead of a table. */
  readonly chart?: { readonly label: string; readonly value: string }
  /** EXPLAIN ANALYZE output rather than rows. */
  readonly explain?: boolean
}

const INCIDENT = `timestamp >= '2026-03-03 13:00' AND timestamp < '2026-03-03 13:50'`

/** The investigation, in order. Each statement stands alone. */
export const story: readonly DemoStep[] = [
  {
    question: 'What do we have?',
    sql: `SELECT 'logs' AS index, count(*) AS documents, min(timestamp) AS first, max(timestamp) AS last FROM logs
UNION ALL
SELECT 'traces', count(*), min(start), max(start) FROM traces`,
    finding: 'Ten hours of a web shop: logs and spans, in splits that Quickwit wrote.',
  },
  {
    question: 'When did it go wrong? Errors by half hour.',
    sql: `SELECT date_bin(INTERVAL '30 minutes', timestamp) AS time, count(*) AS errors
FROM logs
WHERE level = 'ERROR'
GROUP BY 1
ORDER BY 1`,
    finding: 'Something happened between 13:00 and 14:00.',
    chart: { label: 'time', value: 'errors' },
  },
  {
    question: 'Who complains, and where?',
    sql: `SELECT service, region, count(*) AS errors, count(DISTINCT host) AS hosts
FROM logs
WHERE level = 'ERROR' AND ${INCIDENT}
GROUP BY service, region
HAVING count(*) > 2
ORDER BY errors DESC, service`,
    finding: 'The ledger in eu-west-1, on every host, by far.',
  },
  {
    question: 'What is it about? Full-text search, grouped.',
    sql: `SELECT service, region, count(*) AS messages, min(timestamp) AS first, max(timestamp) AS last
FROM logs
WHERE match(message, 'pool exhausted') AND ${INCIDENT}
GROUP BY service, region
ORDER BY messages DESC`,
    finding: 'A connection pool is exhausted from 13:06 to 13:48.',
  },
  {
    question: 'The ten most relevant lines, by BM25 score.',
    sql: `SELECT round(score(), 2) AS score, timestamp, service, message
FROM logs
WHERE message @@ 'timeout OR "connection pool exhausted"'
ORDER BY score() DESC
LIMIT 10`,
    finding: 'Writing a ledger entry times out because no connection is free.',
  },
  {
    question: 'Does it reach customers? Checkouts by what became of them.',
    sql: `SELECT region, status, coalesce(status_message, '-') AS why, count(*) AS checkouts, round(max(duration_ms)) AS slowest_ms
FROM traces
WHERE operation = 'POST /checkout' AND start >= '2026-03-03 13:06' AND start < '2026-03-03 13:48'
GROUP BY region, status, status_message
ORDER BY checkouts DESC, why`,
    finding: 'Four in ten checkouts in eu-west-1 fail, after seconds of waiting.',
  },
  {
    question: 'Logs joined with traces on trace_id: which operations carry the errors?',
    sql: `SELECT t.service, t.operation, count(*) AS error_logs, count(DISTINCT t.trace_id) AS traces, round(avg(t.duration_ms)) AS avg_ms
FROM logs l
JOIN traces t ON l.trace_id = t.trace_id AND l.span_id = t.span_id
WHERE l.level = 'ERROR' AND l.timestamp >= '2026-03-03 13:06' AND l.timestamp < '2026-03-03 13:48'
GROUP BY t.service, t.operation
ORDER BY error_logs DESC, t.operation
LIMIT 8`,
    finding: 'The failing chain is frontend, checkout, payment, ledger: all wait for INSERT entries.',
  },
  {
    question: 'How slow is that INSERT, by region and hour?',
    sql: `SELECT date_trunc('hour', start) AS hour, region, count(*) AS inserts, round(avg(duration_ms), 1) AS avg_ms, round(max(duration_ms)) AS max_ms
FROM traces
WHERE operation = 'INSERT entries' AND start >= '2026-03-03 12:00' AND start < '2026-03-03 15:00'
GROUP BY 1, 2
ORDER BY 1, 2`,
    finding: 'Normal at noon, seconds at 13:00, normal again at 14:00; us-east-1 never noticed.',
  },
  {
    question: 'What came before? The first warnings of the ledger.',
    sql: `SELECT timestamp, host, message, attributes->>'pool.size' AS pool_size
FROM logs
WHERE service = 'ledger' AND level = 'WARN' AND timestamp < '2026-03-03 13:06'
ORDER BY timestamp
LIMIT 5`,
    finding:
      'Cause found: from 13:00 a vacuum on the table entries made inserts slow; six minutes later all 64 connections were busy.',
  },
  {
    question: 'And how was the join run? EXPLAIN ANALYZE, two workers.',
    sql: `SELECT t.service, count(*) AS error_logs
FROM logs l
JOIN traces t ON l.trace_id = t.trace_id AND l.span_id = t.span_id
WHERE l.level = 'ERROR'
GROUP BY t.service`,
    finding: 'Each worker read its own splits; only the joined, aggregated rows came back.',
    explain: true,
  },
]
