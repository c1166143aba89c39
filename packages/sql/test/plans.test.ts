import { describe, expect, test } from 'vitest'
import { demoCatalog } from './demo-tables.ts'
import { explain } from './memory-catalog.ts'

const plan = (sql: string): Promise<string> => explain(sql, demoCatalog())

describe('from and names', () => {
  test('a star has the visible columns', async () => {
    expect(await plan(`SELECT * FROM logs`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[ts, service, n, u, f, body, o.inner.level, UserID]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('hidden columns are there by name', async () => {
    expect(await plan(`SELECT _source, "UserID" FROM logs`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[_source, UserID]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('a dotted column is found quoted, by its path, and behind its table', async () => {
    expect(await plan(`SELECT "o.inner.level", o.inner.level, l.o.inner.level FROM logs l`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[o.inner.level, o.inner.level, o.inner.level]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('quoted tables, table aliases with columns', async () => {
    expect(await plan(`SELECT m FROM "otel-logs-v0_9" AS t (m)`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[m]
        TableScan: table=otel-logs-v0_9, columns=[message]
      "
    `)
  })

  test('EXCLUDE, REPLACE and RENAME', async () => {
    expect(await plan(`SELECT * EXCLUDE (u, f, body, ts) REPLACE (n + 1 AS n) RENAME service AS svc FROM logs`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service AS svc, n + 1 AS n, o.inner.level, UserID]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('no FROM is one row', async () => {
    expect(await plan(`SELECT 1 AS one, 'x', NULL`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[1 AS one, 'x' AS ?column?, NULL AS ?column?]
        Values: rows=1
      "
    `)
  })

  test('VALUES have the common types of their columns', async () => {
    expect(await plan(`SELECT * FROM (VALUES (1, 'a'), (2.5, NULL)) v (x, y)`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[x, y]
        Values: rows=2
      "
    `)
  })

  test('table functions come from the catalog', async () => {
    expect(await plan(`SELECT i.n FROM inverted_index('logs', 'message:timeout') AS i`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[n]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })
})

describe('joins', () => {
  test('ON keeps the whole condition', async () => {
    expect(await plan(`SELECT l.n, s.ms FROM logs l LEFT JOIN spans s ON l.service = s.service AND s.ms > l.n`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[n, ms]
        Join: type=left, on=(service = service) AND (ms > n)
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })

  test('USING makes one column', async () => {
    expect(await plan(`SELECT * FROM spans s FULL JOIN (SELECT service, n FROM logs) p USING (service)`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, trace, span, parent, ms, n]
        Projection: exprs=[trace, span, parent, service, ms, service, n, coalesce(service, service) AS service]
          Join: type=full, on=service = service
            TableScan: table=spans, columns=[trace, span, parent, service, ms]
            Projection: exprs=[service, n]
              TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('NATURAL takes the common names', async () => {
    expect(await plan(`SELECT service, n, ms FROM logs NATURAL JOIN spans`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, n, ms]
        Join: type=inner, on=service = service
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })

  test('SEMI and ANTI keep one side', async () => {
    expect(await plan(`SELECT * FROM spans LEFT SEMI JOIN logs ON spans.service = logs.service`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[trace, span, parent, service, ms]
        Join: type=left_semi, on=service = service
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('RIGHT ANTI turns around', async () => {
    expect(await plan(`SELECT ms FROM logs RIGHT ANTI JOIN spans ON spans.service = logs.service`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[ms]
        Join: type=left_anti, on=service = service
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('commas and CROSS JOIN', async () => {
    expect(await plan(`SELECT a.ms FROM spans a, spans b CROSS JOIN spans c`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[ms]
        Join: type=inner
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
          Join: type=inner
            TableScan: table=spans, columns=[trace, span, parent, service, ms]
            TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })
})

describe('grouping', () => {
  test('ordinals, aliases, HAVING and an ORDER BY that the list does not have', async () => {
    expect(
      await plan(
        `SELECT service, count(*) AS c FROM logs WHERE n > 3 GROUP BY 1 HAVING c > 2 ORDER BY c DESC, max(n) LIMIT 3 OFFSET 1`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, c]
        Limit: skip=1, fetch=3
          Sort: keys=[c DESC NULLS FIRST, max(n) NULLS LAST]
            Projection: exprs=[service, count(*) AS c, max(n)]
              Filter: predicate=count(*) > 2
                Aggregate: groups=[service], aggregates=[count(*), max(n)]
                  Filter: predicate=n > 3
                    TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('GROUP BY ALL', async () => {
    expect(await plan(`SELECT service, date_trunc('hour', ts) AS h, count(*) FROM logs GROUP BY ALL`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, date_trunc('hour', ts) AS h, count(*) AS count]
        Aggregate: groups=[service, date_trunc('hour', ts)], aggregates=[count(*)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('ROLLUP with GROUPING', async () => {
    expect(await plan(`SELECT service, n, grouping(service, n) AS g, count(*) FROM logs GROUP BY ROLLUP (service, n)`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, n, CASE WHEN __grouping_id = 0 THEN 0 WHEN __grouping_id = 1 THEN 1 ELSE 3 END AS g, count(*) AS count]
        Aggregate: groups=[service, n], sets=[[0,1],[0],[]], aggregates=[count(*)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('CUBE, sets and plain keys multiply', async () => {
    expect(await plan(`SELECT service, n, u, count(*) FROM logs GROUP BY service, CUBE (n, u)`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, n, u, count(*) AS count]
        Aggregate: groups=[service, n, u], sets=[[0,1,2],[0,1],[0,2],[0]], aggregates=[count(*)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('GROUPING SETS', async () => {
    expect(await plan(`SELECT service, n, count(*) FROM logs GROUP BY GROUPING SETS ((service, n), service, ())`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, n, count(*) AS count]
        Aggregate: groups=[service, n], sets=[[0,1],[0],[]], aggregates=[count(*)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('equal aggregates are one', async () => {
    expect(await plan(`SELECT sum(n), sum(n) + 1, count(DISTINCT service) FILTER (WHERE n > 0) FROM logs`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[sum(n) AS sum, sum(n) + 1 AS ?column?, count(DISTINCT service) FILTER (WHERE n > 0) AS count]
        Aggregate: groups=[], aggregates=[sum(n), count(DISTINCT service) FILTER (WHERE n > 0)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('ordered-set aggregates', async () => {
    expect(await plan(`SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM logs`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[quantile_cont(f, 0.5) AS percentile_cont]
        Aggregate: groups=[], aggregates=[quantile_cont(f, 0.5)]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('a correlated subquery sees the groups', async () => {
    expect(
      await plan(
        `SELECT service, (SELECT max(ms) FROM spans s WHERE s.service = l.service) FROM logs l GROUP BY service`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, (subquery) AS max]
        Aggregate: groups=[service], aggregates=[]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })
})

describe('distinct, windows, order', () => {
  test('DISTINCT is a grouping', async () => {
    expect(await plan(`SELECT DISTINCT service FROM logs ORDER BY service`)).toMatchInlineSnapshot(`
      "
      Sort: keys=[service NULLS LAST]
        Aggregate: groups=[service], aggregates=[]
          Projection: exprs=[service]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('DISTINCT ON numbers the rows', async () => {
    expect(await plan(`SELECT DISTINCT ON (service) service, n FROM logs ORDER BY service, ts DESC`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, n]
        Sort: keys=[service NULLS LAST, ts DESC NULLS FIRST]
          Filter: predicate=row_number = 1
            Window: calls=[row_number() OVER (PARTITION BY service ORDER BY service NULLS LAST, ts DESC NULLS FIRST)]
              Projection: exprs=[service, n, ts]
                TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('windows share a node by partition and order; QUALIFY filters', async () => {
    expect(
      await plan(
        `SELECT n, row_number() OVER w AS r, sum(n) OVER (PARTITION BY service), lag(n) IGNORE NULLS OVER w FROM logs WINDOW w AS (PARTITION BY service ORDER BY ts) QUALIFY r = 1`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[n, row_number AS r, sum, lag]
        Filter: predicate=row_number = 1
          Window: calls=[sum(n) OVER (PARTITION BY service)]
            Window: calls=[row_number() OVER (PARTITION BY service ORDER BY ts NULLS LAST), lag(n) IGNORE NULLS OVER (PARTITION BY service ORDER BY ts NULLS LAST)]
              TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('windows over aggregates, with frames', async () => {
    expect(
      await plan(
        `SELECT service, sum(count(*)) OVER (ORDER BY service ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM logs GROUP BY service`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, sum]
        Window: calls=[sum(count(*)) OVER (ORDER BY service NULLS LAST ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)]
          Aggregate: groups=[service], aggregates=[count(*)]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('constants do not sort', async () => {
    expect(await plan(`SELECT n FROM logs ORDER BY 'x', 1 DESC`)).toMatchInlineSnapshot(`
      "
      Sort: keys=[n DESC NULLS FIRST]
        Projection: exprs=[n]
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })
})

describe('set operations', () => {
  test('UNION ALL is flat, types meet', async () => {
    expect(
      await plan(`SELECT 1 AS x UNION ALL SELECT n FROM logs UNION ALL SELECT '3' UNION ALL SELECT NULL ORDER BY x`),
    ).toMatchInlineSnapshot(`
      "
      Sort: keys=[x NULLS LAST]
        Union
          Projection: exprs=[1 AS x]
            Values: rows=1
          Projection: exprs=[n]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          Projection: exprs=[3 AS ?column?]
            Values: rows=1
          Projection: exprs=[NULL AS ?column?]
            Values: rows=1
      "
    `)
  })

  test('UNION BY NAME', async () => {
    expect(await plan(`SELECT n, service FROM logs UNION BY NAME SELECT service, ms FROM spans`))
      .toMatchInlineSnapshot(`
      "
      Aggregate: groups=[n, service, ms], aggregates=[]
        Union
          Projection: exprs=[n, service, NULL AS ms]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          Projection: exprs=[NULL AS n, service, ms]
            TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })

  test('INTERSECT and EXCEPT take NULLs for equal', async () => {
    expect(await plan(`SELECT service FROM logs INTERSECT SELECT service FROM spans EXCEPT SELECT b FROM plain`))
      .toMatchInlineSnapshot(`
      "
      Join: type=left_anti, on=service IS NOT DISTINCT FROM b
        Aggregate: groups=[service], aggregates=[]
          Join: type=left_semi, on=service IS NOT DISTINCT FROM service
            Aggregate: groups=[service], aggregates=[]
              Projection: exprs=[service]
                TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
            Projection: exprs=[service]
              TableScan: table=spans, columns=[trace, span, parent, service, ms]
        Projection: exprs=[b]
          TableScan: table=plain, columns=[a, b, ok, day, list]
      "
    `)
  })

  test('ALL counts equal rows', async () => {
    expect(await plan(`SELECT service FROM logs EXCEPT ALL SELECT service FROM spans LIMIT 5`)).toMatchInlineSnapshot(`
      "
      Limit: fetch=5
        Projection: exprs=[service]
          Join: type=left_anti, on=(service IS NOT DISTINCT FROM service) AND (row_number IS NOT DISTINCT FROM row_number)
            Window: calls=[row_number() OVER (PARTITION BY service)]
              Projection: exprs=[service]
                TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
            Window: calls=[row_number() OVER (PARTITION BY service)]
              Projection: exprs=[service]
                TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })

  test('a recursive query', async () => {
    expect(
      await plan(
        `WITH RECURSIVE d (id, depth) AS (SELECT span, 0 FROM spans WHERE parent IS NULL UNION ALL SELECT s.span, d.depth + 1 FROM spans s JOIN d ON s.parent = d.id) SELECT depth, count(*) FROM d GROUP BY depth`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[depth, count(*) AS count]
        Aggregate: groups=[depth], aggregates=[count(*)]
          RecursiveQuery: name=d
            Projection: exprs=[span AS id, ?column? AS depth]
              Projection: exprs=[span, 0 AS ?column?]
                Filter: predicate=parent IS NULL
                  TableScan: table=spans, columns=[trace, span, parent, service, ms]
            Projection: exprs=[span, depth + 1 AS ?column?]
              Join: type=inner, on=parent = id
                TableScan: table=spans, columns=[trace, span, parent, service, ms]
                WorkTable: name=d
      "
    `)
  })

  test('a query that is used twice is bound twice', async () => {
    expect(await plan(`WITH e AS (SELECT service FROM logs) SELECT * FROM e a JOIN e b ON a.service = b.service`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[service, service]
        Join: type=inner, on=service = service
          Projection: exprs=[service]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          Projection: exprs=[service]
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })
})

describe('expressions', () => {
  test('constants take the type of what they meet', async () => {
    expect(
      await plan(
        `SELECT ts >= '2026-03-01', u = 5, u = 18446744073709551615, f > 0.5, n = 1.0, n IN (1, 2), n BETWEEN 1 AND 2 FROM logs`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[ts >= TIMESTAMP '2026-03-01 00:00:00' AS ?column?, u = 5 AS ?column?, u = 18446744073709551615 AS ?column?, f > 0.5 AS ?column?, n = 1 AS ?column?, n IN (1, 2) AS ?column?, (n >= 1) AND (n <= 2) AS ?column?]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('or both sides widen, when that would lose something', async () => {
    expect(await plan(`SELECT n = 1.5, ts = TIMESTAMP '2026-03-01 00:00:00.123456789', n = u, u = -1 FROM logs`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[CAST(n AS Decimal(20, 1)) = 1.5 AS ?column?, CAST(ts AS Timestamp(NANOSECOND)) = TIMESTAMP '2026-03-01 00:00:00.123456789' AS ?column?, CAST(n AS Decimal(20, 0)) = CAST(u AS Decimal(20, 0)) AS ?column?, CAST(u AS Decimal(20, 0)) = -1 AS ?column?]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('operators bind as in PostgreSQL', async () => {
    expect(await plan(`SELECT body->>'a' = 'x' OR NOT body->'b'->>'c' LIKE 'y%' AND n + 1 > 2 * 3, -2 ^ 2 FROM logs`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[(json_get_text(body, 'a') = 'x') OR ((NOT (json_get_text(json_get(body, 'b'), 'c') LIKE 'y%')) AND ((n + 1) > CAST(2 * 3 AS Int64))) AS ?column?, power(-2, 2) AS ?column?]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('intervals and dates', async () => {
    expect(
      await plan(
        `SELECT ts + '1 day', ts - INTERVAL '1' HOUR, ts - '2026-01-01', DATE '2026-03-01' + 1, INTERVAL '1 day 2 hours' FROM logs`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[ts + INTERVAL '1 day' AS ?column?, ts - INTERVAL '01:00:00' AS ?column?, CAST(ts AS Timestamp(MICROSECOND)) - TIMESTAMP '2026-01-01 00:00:00' AS ?column?, DATE '2026-03-01' + 1 AS ?column?, INTERVAL '1 day 02:00:00' AS interval]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('CASE, COALESCE, NULLIF, casts', async () => {
    expect(
      await plan(
        `SELECT CASE n WHEN 1 THEN 'a' ELSE service END, coalesce(service, 'none'), nullif(n, 0), n::text, TRY_CAST('x' AS int), '12'::bigint FROM logs`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[CASE WHEN n = 1 THEN 'a' ELSE service END AS service, coalesce(service, 'none') AS coalesce, CASE WHEN n = 0 THEN NULL ELSE n END AS nullif, CAST(n AS Utf8) AS n, NULL AS int4, 12 AS int8]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('functions with a syntax of their own', async () => {
    expect(
      await plan(
        `SELECT EXTRACT(HOUR FROM ts), substring(service from 2 for 3), position('a' in service), trim(both ' ' from service), service || n FROM logs`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[extract('hour', ts) AS extract, substring(service, 2, 3) AS substring, strpos(service, 'a') AS strpos, btrim(service, ' ') AS btrim, ||(service, CAST(n AS Utf8)) AS ?column?]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('rows compare left to right', async () => {
    expect(await plan(`SELECT (n, u) = (1, 2), (n, service) < (3, 'x'), (n, u) IN ((1, 2), (3, 4)) FROM logs`))
      .toMatchInlineSnapshot(`
      "
      Projection: exprs=[(n = 1) AND (u = 2) AS ?column?, (n < 3) OR ((n = 3) AND (service < 'x')) AS ?column?, ((n = 1) AND (u = 2)) OR ((n = 3) AND (u = 4)) AS ?column?]
        TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('subqueries of every form', async () => {
    expect(
      await plan(
        `SELECT n FROM logs l WHERE EXISTS (SELECT 1 FROM spans s WHERE s.service = l.service) AND n > (SELECT avg(ms) FROM spans) AND (service, n) NOT IN (SELECT service, ms FROM spans) AND n >= ALL (SELECT ms FROM spans) AND n = ANY (ARRAY[1, 2])`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[n]
        Filter: predicate=(EXISTS (subquery)) AND (CAST(n AS Float64) > ((subquery))) AND (service, n NOT IN (subquery)) AND (NOT CASE WHEN EXISTS (subquery) THEN TRUE WHEN EXISTS (subquery) THEN NULL ELSE FALSE END) AND (n IN (1, 2))
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('the statement has one now', async () => {
    expect(await plan(`SELECT now(), current_date`)).toMatchInlineSnapshot(`
      "
      Projection: exprs=[TIMESTAMP '2026-03-01 12:34:56.789012' AS now, DATE '2026-03-01' AS current_date]
        Values: rows=1
      "
    `)
  })
})

describe('text search', () => {
  test('match and phrase name a column or a path of a table', async () => {
    expect(
      await plan(
        `SELECT n FROM logs WHERE match(body->'a'->>'message', 'time out') AND NOT phrase(service, 'x y') OR match(words, 'z')`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[n]
        Filter: predicate=((match(body->'a'->'message', 'time out')) AND (NOT (phrase(service, 'x y')))) OR (match(words, 'z'))
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('@@ takes the query language, on a column or a table', async () => {
    expect(await plan(`SELECT score() AS s FROM logs WHERE service @@ 'a AND b' AND logs @@ 'c' ORDER BY s DESC`))
      .toMatchInlineSnapshot(`
      "
      Sort: keys=[s DESC NULLS FIRST]
        Projection: exprs=[score() AS s]
          Filter: predicate=(service @@ 'a AND b') AND (* @@ 'c')
            TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('columns are followed through queries that pass them on', async () => {
    expect(
      await plan(
        `WITH e AS (SELECT m AS msg, n FROM (SELECT service AS m, n FROM logs) x WHERE n > 1) SELECT score(e) FROM e WHERE match(msg, 'a') AND e @@ 'b'`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[score() AS score]
        Filter: predicate=(match(service, 'a')) AND (* @@ 'b')
          Projection: exprs=[m AS msg, n]
            Filter: predicate=n > 1
              Projection: exprs=[service AS m, n]
                TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
      "
    `)
  })

  test('a text predicate is a boolean like any other', async () => {
    expect(
      await plan(
        `SELECT CASE WHEN match(l.service, 'a') THEN 1 ELSE 0 END, l.n FROM logs l JOIN spans s ON match(l.service, 'x') OR s.ms = l.n`,
      ),
    ).toMatchInlineSnapshot(`
      "
      Projection: exprs=[CASE WHEN match(service, 'a') THEN 1 ELSE 0 END AS case, n]
        Join: type=inner, on=(match(service, 'x')) OR (ms = n)
          TableScan: table=logs, columns=[ts, service, n, u, f, body, o.inner.level, UserID, _source]
          TableScan: table=spans, columns=[trace, span, parent, service, ms]
      "
    `)
  })
})
