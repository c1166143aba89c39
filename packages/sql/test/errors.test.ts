import { VolleyError } from '@volley/core'
import { describe, expect, test } from 'vitest'
import { demoCatalog } from './demo-tables.ts'
import { bindAll } from './memory-catalog.ts'

/** `SQLSTATE line:column message (hint)` of what a statement raises. */
async function errorOf(sql: string): Promise<string> {
  try {
    await bindAll(sql, demoCatalog())
  } catch (error) {
    if (!(error instanceof VolleyError)) throw error
    const { position, hint } = error.subject
    const place = position === undefined ? '-' : `${position.line}:${position.column}`
    return `${error.code} ${place} ${error.message}${hint === undefined ? '' : ` (${hint})`}`
  }
  return 'no error'
}

describe('errors say what is wrong, where, and what was meant', () => {
  test.each([
    ['SELECT (1', '42601 1:10 syntax error: expected: ), found the end'],
    ['SELECT *\nFROM logs\nWHERE n = = 3', '42601 3:11 syntax error: expected: an expression, found: ='],
    ["SELECT 'abc", '42601 1:8 syntax error: unterminated string literal'],
    ['SELECT servce FROM logs', '42703 1:8 column "servce" does not exist; did you mean "service"?'],
    ['SELECT UserID FROM logs', '42703 1:8 column "userid" does not exist; did you mean "UserID"?'],
    ['SELECT l.servce FROM logs l', '42703 1:8 column "l.servce" does not exist; did you mean "l.service"?'],
    ['SELECT lgs.n FROM logs', '42P01 1:8 missing FROM-clause entry for table "lgs"; did you mean "logs"?'],
    ['SELECT n FROM log', '42P01 1:15 table "log" does not exist; did you mean "logs"?'],
    ['SELECT n FROM no_such_thing', '42P01 1:15 table "no_such_thing" does not exist'],
    ['SELECT * FROM inverted_indx(1)', '42883 1:15 table function "inverted_indx" does not exist'],
    ['SELECT uper(service) FROM logs', '42883 1:8 function uper does not exist; did you mean "upper"?'],
    [
      'SELECT upper(1, 2)',
      '42883 1:8 function upper(integer, integer) does not exist (no overload takes these types; a cast may help)',
    ],
    [
      'SELECT service FROM logs, spans',
      '42702 1:8 column reference "service" is ambiguous (name the table: logs.service or spans.service)',
    ],
    ['SELECT 1 FROM logs, logs', '42712 1:21 table name "logs" specified more than once (give one an alias)'],
    [
      'SELECT n, count(*) FROM logs',
      '42803 1:8 column "n" must appear in the GROUP BY clause or be used in an aggregate function',
    ],
    [
      'SELECT service FROM logs GROUP BY service ORDER BY n',
      '42803 1:52 column "n" must appear in the GROUP BY clause or be used in an aggregate function',
    ],
    ['SELECT n FROM logs WHERE count(*) > 1', '42803 1:26 aggregate functions are not allowed in WHERE'],
    ['SELECT sum(sum(n)) FROM logs', '42803 1:12 aggregate function calls cannot be nested'],
    ['SELECT n FROM logs WHERE row_number() OVER () = 1', '42P20 1:26 window functions are not allowed in WHERE'],
    ['SELECT rank() FROM logs', '42P20 1:8 window function rank requires an OVER clause'],
    ['SELECT sum(n) OVER w FROM logs', '42704 1:20 window "w" does not exist'],
    ['SELECT n FROM logs ORDER BY 2', '42P10 1:29 ORDER BY position 2 is not in select list'],
    [
      'SELECT DISTINCT n FROM logs ORDER BY service',
      '42P10 1:38 for SELECT DISTINCT, ORDER BY expressions must appear in select list',
    ],
    [
      'SELECT DISTINCT ON (n) n FROM logs ORDER BY service',
      '42P10 1:21 SELECT DISTINCT ON expressions must match initial ORDER BY expressions',
    ],
    ["SELECT n = 'x' FROM logs", '22P02 1:12 invalid input syntax for type bigint: "x"'],
    [
      'SELECT service = 1 FROM logs',
      '42883 1:8 operator does not exist: text = integer (cast one side: CAST(x AS type))',
    ],
    ['SELECT service + 1 FROM logs', '42883 1:8 operator does not exist: text + integer'],
    ['SELECT n FROM logs WHERE n', '42804 1:26 argument of WHERE must be type boolean, not type bigint'],
    [
      'SELECT CASE WHEN true THEN 1 ELSE list END FROM plain',
      '42804 1:35 CASE types integer and bigint[] cannot be matched',
    ],
    ['SELECT list::date FROM plain', '42846 1:8 cannot cast type bigint[] to date'],
    ['SELECT n::nonsense FROM logs', '42704 1:11 type "nonsense" does not exist'],
    ['SELECT 1 UNION SELECT 1, 2', '42601 1:16 each UNION query must have the same number of columns'],
    [
      'SELECT n FROM logs WHERE n IN (SELECT n, u FROM logs)',
      '42601 1:32 the subquery has too many columns: 2 beside 1',
    ],
    ['SELECT (SELECT n, u FROM logs)', '42601 1:9 a subquery used as a value must return one column, not 2'],
    ['SELECT n FROM logs LIMIT -1', '2201W 1:27 LIMIT must not be negative'],
    ['VALUES (1), (1, 2)', '42601 1:14 VALUES lists must all be the same length'],
    ['SELECT * FROM spans JOIN plain USING (trace)', '42703 1:39 column "trace" of USING does not exist on both sides'],
    ['WITH a AS (SELECT 1), a AS (SELECT 2) SELECT 1', '42712 1:23 WITH query name "a" specified more than once'],
    [
      'WITH RECURSIVE a AS (SELECT 1 UNION ALL SELECT n FROM a JOIN logs ON true) SELECT * FROM a',
      '42804 1:41 recursive query "a" column 1 has type integer in its first term but type bigint in the recursive one (cast the first term)',
    ],
    ['CREATE SCHEMA s', '0A000 1:15 CREATE SCHEMA is not supported'],
    ['SELECT $1', '0A000 1:8 the parameter $1 is not supported'],
  ])('%s', async (sql, expected) => {
    expect(await errorOf(sql)).toBe(expected)
  })

  test.each([
    ['SELECT words FROM logs', '0A000 1:8 column "words" is only indexed: it can be searched with match, not selected'],
    [
      "SELECT n FROM logs WHERE match(f, '1')",
      '0A000 1:32 column "f" is not indexed: it cannot be searched with match',
    ],
    [
      "SELECT n FROM logs WHERE match(upper(service), 'x')",
      '0A000 1:32 match searches a column of a table or a path of one, not an expression',
    ],
    [
      "SELECT s FROM (SELECT upper(service) AS s FROM logs) x WHERE match(s, 'x')",
      '0A000 1:68 match searches a column of a table: "s" is computed',
    ],
    [
      'SELECT n FROM logs WHERE match(service, service)',
      '0A000 1:41 the second argument of match must be a text constant',
    ],
    [
      "SELECT n FROM logs WHERE match(service->>'a', 'x')",
      '42804 1:32 column "service" is not json: it has no path ->\'a\'',
    ],
    ["SELECT a FROM plain WHERE match(b, 'x')", '0A000 1:27 table "plain" has no text index'],
    ['SELECT score() FROM plain', '0A000 1:8 score() needs a table with a text index in FROM'],
    ['SELECT score() FROM logs a, logs b', '42702 1:8 score() is ambiguous: name the table, score(a) or score(b)'],
    [
      "SELECT service FROM logs GROUP BY service HAVING match(service, 'x')",
      "42803 1:50 match(service, 'x') must appear in the GROUP BY clause or be used in an aggregate function",
    ],
    [
      "SELECT n FROM logs l WHERE EXISTS (SELECT 1 FROM spans WHERE match(l.service, 'x'))",
      '0A000 1:68 match on a column of an enclosing query is not supported',
    ],
  ])('%s', async (sql, expected) => {
    expect(await errorOf(sql)).toBe(expected)
  })
})
