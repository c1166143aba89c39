import { VolleyError } from '@volley/core'
import { parseStatements } from '@volley/sql'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { demoCatalog } from './demo-tables.ts'
import { bindAll } from './memory-catalog.ts'

// A parser that ran out of its stack would answer nothing any more.
afterEach(async () => {
  expect(await parseStatements('SELECT 1')).toHaveLength(1)
})

async function outcome(sql: string): Promise<string> {
  try {
    await bindAll(sql, demoCatalog())
    return 'bound'
  } catch (error) {
    if (error instanceof VolleyError && error.code !== 'XX000') return error.code
    throw new Error(`${String(error)} for ${sql.slice(0, 500)}`, { cause: error })
  }
}

const repeated: readonly (readonly [string, (n: number) => string])[] = [
  ['parentheses', (n) => `SELECT ${'('.repeat(n)}1${')'.repeat(n)}`],
  ['AND', (n) => `SELECT ${'true AND '.repeat(n)}true`],
  ['OR of comparisons', (n) => `SELECT 1 WHERE ${'1 = 2 OR '.repeat(n)}true`],
  ['sums', (n) => `SELECT ${'1 + '.repeat(n)}1`],
  ['casts', (n) => `SELECT 1${'::int'.repeat(n)}`],
  ['IS NULL', (n) => `SELECT 1${' IS NULL'.repeat(n)}`],
  ['subscripts', (n) => `SELECT list${'[1]'.repeat(n)} FROM plain`],
  ['array types', (n) => `SELECT NULL::int${'[]'.repeat(n)}`],
  ['type brackets', (n) => `SELECT NULL::${'array<'.repeat(n)}int${'>'.repeat(n)}`],
  ['calls', (n) => `SELECT ${'abs('.repeat(n)}1${')'.repeat(n)}`],
  ['calls that one dialect refuses', (n) => `SELECT ${'abs('.repeat(n)}1 # 1${')'.repeat(n)}`],
  ['CASE', (n) => `SELECT ${'CASE WHEN true THEN '.repeat(n)}1${' END'.repeat(n)}`],
  ['marks of frames', (n) => `SELECT 1 ${'EXCLUDE TIES '.repeat(n)}`],
  ['MAP', (n) => `SELECT ${'MAP {1: '.repeat(n)}1${'}'.repeat(n)}`],
  ['SYMMETRIC', (n) => `SELECT ${'1 BETWEEN SYMMETRIC 1 AND '.repeat(n)}1`],
  ['NOT', (n) => `SELECT ${'NOT '.repeat(n)}true`],
  ['signs', (n) => `SELECT ${'- '.repeat(n)}1`],
  ['INTERVAL', (n) => `SELECT ${'INTERVAL '.repeat(n)}'1 day'`],
  ['paths', (n) => `SELECT body${"->'a'".repeat(n)} FROM logs`],
  ['subqueries', (n) => `SELECT ${'(SELECT '.repeat(n)}1${')'.repeat(n)}`],
  ['EXISTS', (n) => `SELECT ${'EXISTS (SELECT '.repeat(n)}1${')'.repeat(n)}`],
  ['derived tables', (n) => `SELECT * FROM ${'(SELECT * FROM '.repeat(n)}logs${') x'.repeat(n)}`],
  ['nested joins', (n) => `SELECT 1 FROM ${'('.repeat(n)}logs${' JOIN spans ON true)'.repeat(n)}`],
  ['joins', (n) => `SELECT 1 FROM plain${Array.from({ length: n }, (_, i) => ` CROSS JOIN spans s${i}`).join('')}`],
  ['UNION', (n) => `SELECT 1${' UNION ALL SELECT 1'.repeat(n)}`],
  ['WITH', (n) => `${'WITH a AS ('.repeat(n)}SELECT 1${') SELECT 1'.repeat(n)}`],
  ['EXPLAIN', (n) => `${'EXPLAIN '.repeat(n)}SELECT 1`],
  ['a list', (n) => `SELECT 1 IN (${'1, '.repeat(n)}1)`],
  ['columns', (n) => `SELECT ${'n, '.repeat(n)}1 FROM logs`],
  [
    'doubling CTEs',
    (n) =>
      `WITH c0 AS (SELECT 1)${Array.from({ length: n }, (_, i) => `, c${i + 1} AS (SELECT 1 FROM c${i} a, c${i} b)`).join('')} SELECT 1 FROM c${n}`,
  ],
]

describe('text of any depth', () => {
  test.each(repeated)('%s', async (_, make) => {
    const outcomes = new Set<string>()
    for (const n of [3, 30, 90, 390, 4000]) outcomes.add(await outcome(make(n)))
    expect(
      [...outcomes].filter((code) => !/^(bound|54001|42601|42703|42712|42804|42883|42846|22P02|0A000)$/.test(code)),
    ).toEqual([])
  })

  test('chains and lists of a sensible length bind', async () => {
    const or = Array.from({ length: 300 }, (_, i) => `service = 'x${i}'`).join(' OR ')
    expect(await outcome(`SELECT n FROM logs WHERE ${or}`)).toBe('bound')
    expect(
      await outcome(`SELECT n FROM logs WHERE n IN (${Array.from({ length: 20_000 }, (_, i) => i).join(', ')})`),
    ).toBe('bound')
  })

  test('nothing is lost behind a CASE, however deep', async () => {
    for (let n = 40; n < 60; n++) {
      const sql = `SELECT ${'CASE WHEN n = 1 THEN '.repeat(n)}1${' END'.repeat(n)} FROM logs`
      expect(['bound', '54001']).toContain(await outcome(sql))
    }
  })

  test('text that is too long is refused', async () => {
    expect(await outcome(`SELECT '${'x'.repeat(1 << 20)}'`)).toBe('54001')
    const lateral = Array.from({ length: 10_000 }, (_, i) => `, LATERAL (SELECT a${i} + 1) t${i + 1}(a${i + 1})`)
    await expect(parseStatements(`SELECT 1 FROM (SELECT 1) t0(a0)${lateral.join('')}`)).rejects.toMatchObject({
      code: '54001',
      message: 'the statement is too complex: it joins more than 200 tables',
    })
  })

  test('levels and chains mixed at random', async () => {
    const part = fc.constantFrom(
      '1 + ',
      '1 = ',
      'true AND ',
      'NOT ',
      '(',
      '(',
      'abs(',
      'CASE WHEN ',
      '[',
      'x IN (',
      'a.b->',
      '(SELECT ',
      'EXISTS (SELECT 1 FROM t WHERE ',
      '- ',
      'f(1, ',
    )
    let refused = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(part, fc.integer({ min: 1, max: 90 })), { minLength: 1, maxLength: 12 }),
        async (parts) => {
          const code = await outcome(`SELECT ${parts.map(([text, times]) => text.repeat(times)).join('')}1`)
          if (code === '54001') refused++
        },
      ),
      { numRuns: 150 },
    )
    expect(refused).toBeGreaterThan(10)
  })
})

describe('mutated statements', () => {
  const seeds = [
    `WITH RECURSIVE d AS (SELECT span, 0 AS depth FROM spans WHERE parent IS NULL UNION ALL SELECT s.span, d.depth + 1 FROM spans s JOIN d ON s.parent = d.span) SELECT depth, count(*) FROM d GROUP BY depth ORDER BY depth`,
    `SELECT DISTINCT ON (service) service, body->'a'->>'b' AS x, sum(n) OVER (PARTITION BY service ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM logs WHERE match(body->>'m', 'x y') AND ts >= '2026-03-01' ORDER BY service, ts DESC LIMIT 3`,
    `SELECT service, grouping(service), percentile_cont(0.5) WITHIN GROUP (ORDER BY n), count(DISTINCT u) FILTER (WHERE n > 1) FROM logs GROUP BY ROLLUP (service, n) HAVING count(*) > 2`,
    `SELECT CASE n WHEN 1 THEN 'a' ELSE service END, CAST(n AS decimal(10, 2)), EXTRACT(HOUR FROM ts), INTERVAL '1' DAY, n BETWEEN 1 AND 2, (n, u) IN (SELECT ms, ms FROM spans) FROM logs l LEFT JOIN spans s USING (service)`,
    `SELECT * EXCLUDE (n) REPLACE (u + 1 AS u) FROM logs WHERE n = ANY (ARRAY[1, 2]) AND u > ALL (SELECT ms FROM spans) OR logs @@ 'a AND b' UNION ALL BY NAME SELECT 1 AS ts`,
    `SELECT a, lag(a) IGNORE NULLS OVER w FROM (VALUES (1, x'ff'), (2.5, NULL)) v (a, b) WINDOW w AS (ORDER BY a) QUALIFY row_number() OVER w = 1`,
  ]
  const tokens = seeds.flatMap((seed) => seed.match(/\w+|'[^']*'|\s+|[^\w\s]/g) ?? [])

  test('bind or raise an error of SQL, never anything else', async () => {
    for (const seed of seeds) expect(await outcome(seed)).toMatch(/^(bound|42804)$/)
    const codes = new Set<string>()
    const edit = fc.record({ at: fc.nat(), what: fc.constantFrom('drop', 'swap', 'insert', 'repeat'), token: fc.nat() })
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        async (seed, edits) => {
          const parts: string[] = seed.match(/\w+|'[^']*'|\s+|[^\w\s]/g) ?? []
          for (const { at, what, token } of edits) {
            const i = at % parts.length
            const other = tokens[token % tokens.length]!
            if (what === 'drop') parts.splice(i, 1)
            else if (what === 'swap') parts[i] = other
            else if (what === 'insert') parts.splice(i, 0, other)
            else parts.splice(i, 0, parts[i]!)
            if (parts.length === 0) parts.push('SELECT')
          }
          codes.add(await outcome(parts.join('')))
        },
      ),
      { numRuns: 1000 },
    )
    expect(codes).toContain('bound')
    expect(codes).toContain('42601')
    expect(codes.size).toBeGreaterThan(6)
  })
})
