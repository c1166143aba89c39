import { ColumnExpr, formatPlan, typeKey, type ExecutionPlan, type SortKey } from '@volley/core'
import { commonSubexpressions, createPhysicalPlan, NetworkExec, optimize, type PlanningContext } from '@volley/planner'
import { splitRules } from '@volley/splits'
import { bindStatement, parseStatements } from '@volley/sql'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import {
  explainQuery,
  multisetDifference,
  PlanRunner,
  queryRows,
  rowKey,
  withDescendants,
  type RowValue,
} from '../src/index.ts'
import { corpora } from './support/arbitrary-corpus.ts'
import { predicates } from './support/predicates.ts'
import { anyQuery } from './support/queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
const runner = new PlanRunner()
afterAll(() => runner.close())

const physicalRules = [...splitRules, commonSubexpressions]

/** How many times as many cases as by default. */

const settings = fc.record({
  target_partitions: fc.constantFrom(1, 2, 3, 7),
  broadcast_threshold_bytes: fc.constantFrom(0, 10_485_760),
})

type Row = readonly RowValue[]

/** Orders two rows by the keys that are columns; the first other key ends the comparison. */
function compareBy(keys: readonly SortKey[], a: Row, b: Row): number {
  for (const { expr, descending, nullsFirst } of keys) {
    if (!(expr instanceof ColumnExpr)) return 0
    const [x, y] = [a[expr.index]!, b[expr.index]!]
    if (x === null || y === null) {
      if (x === y) continue
      return (x === null) === nullsFirst ? -1 : 1
    }
    const order =
      typeof x === 'string'
        ? Buffer.compare(Buffer.from(x), Buffer.from(y as string))
        : x < y || (Number.isNaN(y) && !Number.isNaN(x))
          ? -1
          : x > y || (Number.isNaN(x) && !Number.isNaN(y))
            ? 1
            : 0
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

const readsExchange = (plan: ExecutionPlan): boolean =>
  withDescendants(plan).some((node) => node instanceof NetworkExec)

test('10: the order and the exact counts that plan nodes declare are true', { timeout: 120_000 * MORE }, async () => {
  let ordered = 0
  let counted = 0
  await fc.assert(
    fc.asyncProperty(
      corpora({ maxDocs: 30 }),
      fc.array(fc.tuple(anyQuery, settings), { minLength: 5, maxLength: 5 }),
      async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        const off = { 'rules.AggPushdown': 'off' }
        const counts = `SELECT count(*), min(id) FROM "${indexId}" UNION ALL SELECT * FROM (VALUES (1, 2), (3, 4)) v`
        for (const [sql, setting] of [
          [counts, off] as const,
          ...list.map(([query, each]) => [query.sql(indexId), each] as const),
        ]) {
          const { distributed } = await explainQuery(sessions.local, sql, setting)
          const plans = [distributed.root, ...distributed.stages.flatMap(({ tasks }) => tasks.map(({ plan }) => plan))]
          for (const node of plans.flatMap(withDescendants).filter((each) => !readsExchange(each))) {
            const { ordering, statistics } = node
            const exact = statistics.rows?.exact === true
            if (ordering.length === 0 && !exact) continue
            const partitions = await runner.run(node)
            for (const rows of partitions) {
              for (let i = 1; i < rows.length; i++) {
                expect(compareBy(ordering, rows[i - 1]!, rows[i]!), formatPlan(node)).toBeLessThanOrEqual(0)
                if (ordering.length > 0) ordered++
              }
            }
            if (!exact) continue
            expect(partitions.flat().length, formatPlan(node)).toBe(statistics.rows!.value)
            counted++
          }
        }
      },
    ),
    { numRuns: 2 * MORE },
  )
  expect(ordered).toBeGreaterThan(100 * MORE)
  expect(counted).toBeGreaterThan(MORE)
})

test(
  '11: each rule applied again changes nothing, and schema, nullability and partitions stay',
  { timeout: 120_000 * MORE },
  async () => {
    const fired = new Map(physicalRules.map(({ name }) => [name, 0]))
    const shape = (plan: ExecutionPlan): string =>
      [plan.partitioning.count, ...plan.schema.fields.map((f) => `${f.name} ${typeKey(f.type)} ${f.nullable}`)].join(
        ', ',
      )
    const session = sessions.local
    await fc.assert(
      fc.asyncProperty(
        corpora({ maxDocs: 20 }),
        fc.array(fc.tuple(anyQuery, settings), { minLength: 12, maxLength: 12 }),
        fc.infiniteStream(fc.boolean()),
        async (corpus, list, picks) => {
          const { indexId } = await sessions.tree.publish(corpus)
          const fixed = [
            `SELECT body FROM "${indexId}" WHERE ts > TIMESTAMP '1970-01-02' ORDER BY ts LIMIT 2`,
            `SELECT upper(level || tag) || 'x', upper(level || tag) || 'y', length(level || tag) FROM "${indexId}"`,
            `SELECT a.id FROM "${indexId}" a JOIN (VALUES ('tag-1'), ('tag-2')) k(x) ON a.tag = k.x`,
          ]
          for (const [sql, setting] of [
            ...fixed.map((text) => [text, {}] as const),
            ...list.map(([query, each]) => [query.sql(indexId), each] as const),
          ]) {
            session.settings.reset('all')
            for (const [name, value] of Object.entries(setting)) session.set(name, String(value))
            const planning: PlanningContext = {
              catalog: session.catalog,
              functions: session.functions,
              settings: session.settings,
              now: 0n,
            }
            const [ast] = await parseStatements(sql)
            const statement = await bindStatement(ast!, planning)
            if (statement.kind !== 'query') throw new Error(statement.kind)
            const context = { settings: session.settings, distributed: true }
            let plan = createPhysicalPlan(optimize(statement.plan, planning), context)
            for (const rule of physicalRules) {
              // Any subset of the rules, in their order.
              if (picks.next().value === true && fired.get(rule.name)! > 3) continue
              const next = rule.apply(plan, context)
              expect(shape(next), `${rule.name}: ${sql}`).toBe(shape(plan))
              expect(formatPlan(rule.apply(next, context)), `${rule.name}: ${sql}`).toBe(formatPlan(next))
              if (formatPlan(next) !== formatPlan(plan)) fired.set(rule.name, fired.get(rule.name)! + 1)
              plan = next
            }
          }
        },
      ),
      { numRuns: 3 * MORE },
    )
    for (const [rule, count] of fired) expect(count, rule).toBeGreaterThan(0)
  },
)

test('15: the best by score are those of the sorted whole, ties by address', { timeout: 120_000 * MORE }, async () => {
  const words = fc.subarray(['alpha', 'beta', 'gamma', 'pool'], { minLength: 1, maxLength: 3 })
  let rows = 0
  let tied = 0
  await fc.assert(
    fc.asyncProperty(
      corpora({ minDocs: 20 }),
      fc.array(fc.tuple(words, fc.integer({ min: 1, max: 8 }), fc.constantFrom(1, 2, 5)), {
        minLength: 4,
        maxLength: 4,
      }),
      async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        for (const [i, [any, limit, target_partitions]] of list.entries()) {
          const from = `FROM "${indexId}" WHERE match(body, '${any.join(' ')}') ORDER BY score() DESC`
          const session = i % 2 === 0 ? sessions.workers : sessions.local
          const best = await queryRows(session, `SELECT id, score() ${from} LIMIT ${limit}`, { target_partitions })
          const off = { 'rules.TopKPushdown': 'off', 'rules.DocumentsLast': 'off', target_partitions: 1 }
          const address = '_split_id, _segment_ord, _doc_id'
          const ids = await queryRows(sessions.local, `SELECT id, ${address} FROM fast_fields('${indexId}')`)
          const placeOf = new Map(ids.map(([id, ...rest]) => [id, rest]))
          const whole = await queryRows(sessions.local, `SELECT id, score() ${from}`, off)
          const sorted = whole.toSorted((a, b) => {
            if (a[1] !== b[1]) return (b[1] as number) - (a[1] as number)
            tied++
            const [x, y] = [placeOf.get(a[0]!)!, placeOf.get(b[0]!)!]
            const at = x.findIndex((part, k) => part !== y[k])
            return x[at]! < y[at]! ? -1 : 1
          })
          expect(best.map(rowKey)).toEqual(sorted.slice(0, limit).map(rowKey))
          rows += best.length
        }
      },
    ),
    { numRuns: 2 * MORE },
  )
  expect(rows).toBeGreaterThan(10)
  expect(tied).toBeGreaterThan(2)
})

const smallBatches = fc.record({ target_partitions: fc.constantFrom(1, 2, 3, 7), batch_size: fc.constantFrom(3, 4096) })

test('18: a condition, its negation and its NULL part the rows of any query', { timeout: 120_000 * MORE }, async () => {
  const parts = [0, 0, 0]
  let searched = 0
  await fc.assert(
    fc.asyncProperty(
      corpora({ maxDocs: 40 }),
      fc.array(fc.tuple(predicates, smallBatches), { minLength: 5, maxLength: 5 }),
      async (corpus, list) => {
        const { indexId } = await sessions.tree.publish(corpus)
        for (const [i, [{ sql, text }, setting]] of list.entries()) {
          const session = i % 2 === 0 ? sessions.workers : sessions.local
          const from = `SELECT id, level FROM "${indexId}"`
          const arms = [sql, `NOT (${sql})`, `(${sql}) IS NULL`].map(
            (part, arm) => `SELECT ${arm}, q.* FROM (${from} WHERE ${part}) q`,
          )
          const rows = await queryRows(session, arms.join(' UNION ALL '), setting)
          const whole = await queryRows(sessions.local, from)
          expect(
            multisetDifference(
              rows.map((row) => row.slice(1)),
              whole,
            ),
            sql,
          ).toBeNull()
          for (const [arm] of rows) parts[arm as number]!++
          if (text) searched++
        }
      },
    ),
    { numRuns: 2 * MORE },
  )
  for (const count of parts) expect(count).toBeGreaterThan(4 * MORE)
  expect(searched).toBeGreaterThan(MORE)
})

test(
  '17: a limit gives as many rows as there are, at most so many, and only such rows',
  { timeout: 120_000 * MORE },
  async () => {
    let cut = 0
    let short = 0
    let pushed = 0
    await fc.assert(
      fc.asyncProperty(
        corpora({ maxDocs: 40 }),
        fc.array(fc.tuple(predicates, fc.nat(12), fc.nat(4), smallBatches), { minLength: 5, maxLength: 5 }),
        async (corpus, list) => {
          const { indexId } = await sessions.tree.publish(corpus)
          for (const [i, [{ sql }, limit, offset, setting]] of list.entries()) {
            const session = i % 2 === 0 ? sessions.workers : sessions.local
            const from = `SELECT id, body FROM "${indexId}" WHERE ${sql}`
            const all = await queryRows(sessions.local, from)
            const limited = `${from} LIMIT ${limit} OFFSET ${offset}`
            const rows = await queryRows(session, limited, setting)
            expect(rows).toHaveLength(Math.max(0, Math.min(limit, all.length - offset)))
            const known = new Set(all.map(rowKey))
            expect(rows.every((row) => known.has(rowKey(row)))).toBe(true)
            expect(new Set(rows.map(rowKey)).size).toBe(rows.length)
            if (rows.length === limit && limit < all.length) cut++
            if (rows.length < limit) short++
            const { distributed } = await explainQuery(session, limited, setting)
            if (distributed.stages.some(({ tasks }) => tasks.length > 1)) pushed++
          }
        },
      ),
      { numRuns: 2 * MORE },
    )
    expect(cut).toBeGreaterThan(MORE)
    expect(short).toBeGreaterThan(MORE)
    expect(pushed).toBeGreaterThan(MORE)
  },
)

test(
  '8, 19: a key is in one partition, of every task and on both sides of a join',
  { timeout: 120_000 * MORE },
  async () => {
    let shared = 0
    await fc.assert(
      fc.asyncProperty(
        corpora({ minDocs: 20, maxDocs: 40 }),
        fc.array(
          fc.tuple(
            fc.constantFrom(
              'a.tag = b.tag',
              'a.n = b.n',
              'a.f = b.f',
              'a.level = b.level AND a.b = b.b',
              'a.tag = b.level',
            ),
            fc.constantFrom(1, 2, 5),
          ),
          { minLength: 3, maxLength: 3 },
        ),
        async (corpus, list) => {
          const { indexId } = await sessions.tree.publish(corpus)
          for (const [on, target_partitions] of list) {
            const sql = `SELECT a.id, b.id FROM "${indexId}" a JOIN "${indexId}" b ON ${on}`
            const setting = { join_mode: 'partitioned', target_partitions, 'rules.RuntimeFilters': 'off' }
            const { distributed } = await explainQuery(sessions.workers, sql, setting)
            const sides = distributed.stages.filter(({ exchange }) => exchange === 'shuffle')
            expect(sides).toHaveLength(2)
            const places = new Map<string, { partition: number; sides: Set<number> }>()
            for (const [side, { tasks }] of sides.entries()) {
              for (const { plan } of tasks) {
                const { partitioning } = plan
                if (partitioning.kind !== 'hash') throw new Error(partitioning.kind)
                const at = partitioning.exprs.map((expr) => (expr as ColumnExpr).index)
                for (const [partition, rows] of (await runner.run(plan)).entries()) {
                  for (const row of rows) {
                    const key = at.map((i) => row[i]!)
                    if (key.includes(null)) continue
                    // Zero is one key, with either sign.
                    const text = rowKey(key.map((value) => (value === 0 ? 0 : value)))
                    const place = places.get(text) ?? { partition, sides: new Set() }
                    places.set(text, place)
                    expect(place.partition, text).toBe(partition)
                    place.sides.add(side)
                  }
                }
              }
            }
            for (const place of places.values()) if (place.sides.size === 2) shared++
          }
        },
      ),
      { numRuns: 2 * MORE },
    )
    expect(shared).toBeGreaterThan(10 * MORE)
  },
)
