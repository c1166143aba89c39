import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainQuery, liveDocuments, type SampleDocument } from '../src/index.ts'
import { corpora, levels, times } from './support/arbitrary-corpus.ts'
import { analyzed } from './support/counters.ts'
import { expectRight } from './support/expect-right.ts'
import { negation, predicates, type Predicate } from './support/predicates.ts'
import { selectionsWhere } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()

type Text = (document: SampleDocument) => string | null

const texts: readonly (readonly [sql: string, value: Text])[] = [
  ['level', (d) => d.level],
  ['tag', (d) => d.tag],
  ["attrs->>'host'", (d) => (d.attrs?.host ?? null) as string | null],
  ["_dynamic->>'extra'", (d) => d.extra],
]

/** LIKE, ILIKE and regular expressions, whose meaning is JavaScript's for these patterns. */
const patterns: fc.Arbitrary<Predicate> = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.constantFrom('E', 'tag-1', 'error', 'web', 'o', '1'),
    fc.constantFrom('prefix', 'suffix', 'middle', 'insensitive', 'regex', 'not'),
  )
  .map(([[sql, value], part, form]) => {
    const forms: Record<string, readonly [string, (text: string) => boolean]> = {
      prefix: [`LIKE '${part}%'`, (text) => text.startsWith(part)],
      suffix: [`LIKE '%${part}'`, (text) => text.endsWith(part)],
      middle: [`LIKE '%${part}%'`, (text) => text.includes(part)],
      insensitive: [`ILIKE '%${part}%'`, (text) => text.toLowerCase().includes(part.toLowerCase())],
      regex: [`~ '${part}.$'`, (text) => new RegExp(`${part}.$`).test(text)],
      not: [`NOT LIKE '%${part}%'`, (text) => !text.includes(part)],
    }
    const [operator, accepts] = forms[form]!
    return {
      sql: `(${sql}) ${operator}`,
      text: false,
      test: (document) => {
        const text = value(document)
        return text === null ? null : accepts(text)
      },
    }
  })

const compared: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

/** Texts beside one another, in their order by bytes. */
const comparisons: fc.Arbitrary<Predicate> = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.constantFrom(...levels, 'tag-1', 'tag-2', '', 'm', '~'),
    fc.constantFrom(...Object.keys(compared)),
    fc.boolean(),
  )
  .map(([[sql, value], literal, operator, turned]) => ({
    sql: turned ? `'${literal}' ${operator} (${sql})` : `(${sql}) ${operator} '${literal}'`,
    text: false,
    test: (document) => {
      const text = value(document)
      if (text === null) return null
      const order = Buffer.compare(Buffer.from(text), Buffer.from(literal))
      return compared[operator]!(turned ? -order : order)
    },
  }))

const lists: fc.Arbitrary<Predicate> = fc
  .tuple(
    fc.constantFrom(...texts),
    fc.uniqueArray(fc.constantFrom(...levels, 'tag-0', 'tag-1', 'tag-2', 'tag-3', ''), { minLength: 1, maxLength: 7 }),
    fc.boolean(),
    fc.boolean(),
  )
  .map(([[sql, value], items, not, unknown]) => ({
    sql: `(${sql}) ${not ? 'NOT ' : ''}IN (${[...items.map((item) => `'${item}'`), ...(unknown ? ['NULL'] : [])].join(', ')})`,
    text: false,
    test: (document) => {
      const text = value(document)
      if (text === null) return null
      if (items.includes(text)) return !not
      return unknown ? null : not
    },
  }))

const DAY = 86_400_000n
const HOUR = 3_600_000n
const floor = (value: bigint, step: bigint): bigint => value - (((value % step) + step) % step)
const iso = (ms: bigint): string => new Date(Number(ms)).toISOString()

const orders: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '=': (a, b) => a === b,
  '<>': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

const truncations: fc.Arbitrary<Predicate> = fc
  .tuple(
    fc.constantFrom('date', 'day', 'hour', 'week'),
    fc.constantFrom(...Object.keys(orders)),
    fc.constantFrom(...times, HOUR, -HOUR, 20_000n * DAY + HOUR),
    fc.boolean(),
  )
  .map(([unit, operator, literal, whole]) => {
    const step = unit === 'hour' ? HOUR : unit === 'week' ? 7n * DAY : DAY
    const origin = unit === 'week' ? 4n * DAY : 0n
    const cut = (ms: bigint): bigint => floor(ms - origin, step) + origin
    const at = whole || unit === 'date' ? cut(literal) : literal
    const sql =
      unit === 'date'
        ? `CAST(ts AS date) ${operator} DATE '${iso(at).slice(0, 10)}'`
        : `date_trunc('${unit}', ts) ${operator} TIMESTAMP '${iso(at).slice(0, 23).replace('T', ' ')}'`
    return { sql, text: false, test: ({ ts }) => orders[operator]!(cut(ts), at) }
  })

const betweens: fc.Arbitrary<Predicate> = fc
  .tuple(fc.constantFrom('n', 'u'), fc.bigInt({ min: -3n, max: 4n }), fc.bigInt({ min: 0n, max: 4n }), fc.boolean())
  .map(([name, low, high, not]) => ({
    sql: `${name} ${not ? 'NOT ' : ''}BETWEEN ${low} AND ${high}`,
    text: false,
    test: (document) => {
      const value = name === 'n' ? document.n : document.u
      return value === null ? null : (value >= low && value <= high) !== not
    },
  }))

const casts: fc.Arbitrary<Predicate> = fc
  .tuple(fc.constantFrom('-1', '0', '1.5', '2'), fc.constantFrom('<', '>=', '='))
  .map(([literal, operator]) => ({
    sql: `CAST(n AS double precision) ${operator} ${literal}`,
    text: false,
    test: ({ n }) => {
      if (n === null) return null
      const [a, b] = [Number(n), Number(literal)]
      return operator === '<' ? a < b : operator === '=' ? a === b : a >= b
    },
  }))

const leaf = fc.oneof(patterns, comparisons, lists, truncations, betweens, casts, predicates)

/** Several at once, each of which narrows what the others leave. */
const conjunctions: fc.Arbitrary<Predicate> = fc.array(leaf, { minLength: 3, maxLength: 4 }).map((parts) => ({
  sql: parts.map(({ sql }) => `(${sql})`).join(' AND '),
  text: parts.some(({ text }) => text),
  test: (document) => {
    const truths = parts.map(({ test }) => test(document))
    return truths.includes(false) ? false : truths.includes(null) ? null : true
  },
}))

const conditions: fc.Arbitrary<Predicate> = fc.oneof(
  leaf,
  conjunctions,
  leaf.map(negation),
  fc.tuple(leaf, leaf, fc.boolean()).map(([a, b, and]): Predicate => ({
    sql: `(${a.sql}) ${and ? 'AND' : 'OR'} (${b.sql})`,
    text: a.text || b.text,
    test: (document) => {
      const truths = [a.test(document), b.test(document)]
      if (truths.includes(!and)) return !and
      return truths.includes(null) ? null : and
    },
  })),
)

test(
  '12, 13: a filter in its source keeps the rows that it keeps above, however a split holds the field',
  { timeout: 120_000 * MORE },
  async () => {
    let without = 0
    let rows = 0
    await fc.assert(
      fc.asyncProperty(corpora(), fc.array(conditions, { minLength: 12, maxLength: 12 }), async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        const live = liveDocuments(corpus)
        for (const condition of list) {
          const query = selectionsWhere(condition)
          const on = await explainQuery(sessions.local, query.sql(indexId))
          if (!on.plan.includes('FilterExec') && /filters=\[/.test(on.plan)) without++
          rows += (await expectRight(sessions.local, query, indexId, live)).length
          await expectRight(sessions.local, query, indexId, live, { 'rules.FastFieldFilterPushdown': 'off' })
        }
      }),
      { numRuns: 9 * MORE },
    )
    expect(without).toBeGreaterThan(30)
    expect(rows).toBeGreaterThan(225)
  },
)

test('what answers a filter: postings, a column, or each value', { timeout: 60_000 * MORE }, async () => {
  const corpus = fc.sample(corpora({ minDocs: 100, evolved: false }), { numRuns: 1, seed: 7 })[0]!
  const { indexId } = await sessions.tree.publish(corpus)
  const ways = async (condition: string): Promise<string[]> => {
    const plan = await analyzed(sessions.local, `SELECT id FROM "${indexId}" WHERE ${condition}`)
    return [...new Set([...plan.matchAll(/filters_by_(\w+)=/g)].map(([, way]) => way!))].sort()
  }
  expect(await ways(`level = '${levels[1]}'`)).toEqual(['postings'])
  expect(await ways("level LIKE 'E%'")).toEqual(['column'])
  expect(await ways('n > 1')).toEqual(['column'])
  expect(await ways('f < 0.5')).toEqual(['column'])
  expect(await ways("attrs->>'host' = 'db'")).toEqual(['column', 'value'])
  expect(await ways("body LIKE '%alpha%'")).toEqual(['value'])
  expect(await ways('n = u')).toEqual(['value'])
})
