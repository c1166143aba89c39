import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explainQuery, multisetDifference, queryRows } from '../src/index.ts'
import { columnName, generatedIndexes, JSON_PATHS, type GeneratedIndex } from './support/generated-index.ts'
import {
  draws,
  overIndex,
  overPromoted,
  promotedTable,
  QueryMaker,
  searchesOf,
  type Draw,
} from './support/generated-queries.ts'
import { MORE } from './support/runs.ts'
import { useSessions } from './support/sessions.ts'

const sessions = useSessions()
/** Indexes; none by default, when `generated-index.property` draws some joins. */
const RUNS = 2 * (MORE - 1)

const settings = fc.record({
  target_partitions: fc.constantFrom(1, 2, 3, 8),
  batch_size: fc.constantFrom(2, 64, 4096),
  broadcast_threshold_bytes: fc.constantFrom(0, 60, 300, 10_485_760),
  join_mode: fc.constantFrom('auto', 'auto', 'lookup', 'partitioned', 'collect_left'),
  threads: fc.constantFrom(1, 2, 3),
  min_rows_per_thread: fc.constant(0),
  repartition_groups_above: fc.constantFrom(0, 10_000),
})
const PLAIN = { threads: 1, target_partitions: 1, adaptive_joins: 'off' }

const FORMS = ['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const
const CONDITIONS = [
  'a.k = b.k',
  'a.k = b.k',
  'a.k = b.k AND a.l = b.l',
  'a.k = b.k AND a.i < b.i',
  'a.k IS NOT DISTINCT FROM b.k',
  'a.k = b.k AND a.l IS NOT DISTINCT FROM b.l',
] as const

/** Joins of filtered, grouped, united and joined sides by values of two fields of any type; null without such fields. */
function joined(index: GeneratedIndex, maker: QueryMaker, draw: Draw): string | null {
  const keys = index.fields.flatMap((field) => {
    if (field.array) return []
    const name = columnName(field)
    return [field.kind === 'json' ? `(${name}${draw.of(JSON_PATHS)})` : name]
  })
  if (keys.length === 0) return null
  const [k, l] = [draw.of(keys), draw.of(keys)]
  const rows = (): string => `SELECT id AS i, ${k} AS k, ${l} AS l FROM $t WHERE ${maker.predicate(1)}`
  const side = (): string =>
    draw.of([
      rows,
      rows,
      rows,
      () => `SELECT min(id) AS i, ${k} AS k, min(${l}) AS l FROM $t WHERE ${maker.predicate(0)} GROUP BY ${k}`,
      () => `${rows()} UNION ALL ${rows()}`,
      () =>
        `SELECT x.id AS i, x.k, y.l FROM (SELECT id, ${k} AS k FROM $t WHERE ${maker.predicate(0)}) x JOIN (SELECT id, ${l} AS l FROM $t) y ON x.id = y.id`,
      () => `SELECT DISTINCT CAST(1 AS bigint) AS i, ${k} AS k, ${l} AS l FROM $t`,
    ])()
  const [a, b, c] = [side(), side(), side()]
  const on = draw.of(CONDITIONS)
  const form = draw.of(FORMS)
  const not = draw.of(['', 'NOT '])
  return draw.of([
    () => `SELECT a.i AS ai, b.i AS bi FROM (${a}) a ${form} (${b}) b ON ${on}`,
    () => `SELECT k, a.i AS ai, b.i AS bi FROM (${a}) a ${form} (${b}) b USING (k)`,
    () => `SELECT count(*) AS n, count(a.i) AS x, count(b.i) AS y FROM (${a}) a ${form} (${b}) b ON ${on}`,
    () => `SELECT a.k, count(*) AS n, min(b.i) AS m FROM (${a}) a ${form} (${b}) b ON ${on} GROUP BY a.k`,
    () =>
      `SELECT a.i AS ai, b.i AS bi, c.i AS ci FROM (${a}) a ${form} (${b}) b ON ${on} ${draw.of(FORMS.slice(0, 3))} (${c}) c ON c.k = a.k AND c.i = a.i`,
    () => `SELECT a.i AS ai FROM (${a}) a WHERE ${not}EXISTS (SELECT 1 FROM (${b}) b WHERE ${on})`,
    () => `SELECT a.i AS ai FROM (${a}) a WHERE a.k ${not}IN (SELECT b.k FROM (${b}) b)`,
    () => `SELECT a.i AS ai FROM (${a}) a WHERE a.k ${not}IN (SELECT b.k FROM (${b}) b WHERE b.l = a.l)`,
    () => `SELECT a.i AS ai, a.k IN (SELECT b.k FROM (${b}) b) AS q FROM (${a}) a`,
    () => `SELECT k, l FROM (${a}) a INTERSECT SELECT k, l FROM (${b}) b`,
    () => `SELECT k, l FROM (${a}) a EXCEPT ALL SELECT k, l FROM (${b}) b`,
  ])()
}

test.skipIf(RUNS === 0)(
  '1, 8, 24: joins by values of any type give the rows of the table, in any mode, dealt in any way (VOLLEY_PROPERTY_RUNS)',
  { timeout: 120_000 * MORE },
  async () => {
    let rows = 0
    const modes = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        generatedIndexes(),
        fc.array(fc.tuple(draws, settings), { minLength: 40, maxLength: 40 }),
        async (index, list) => {
          const { local, workers } = sessions
          const { indexId } = await sessions.tree.publishMapped(index.mapping, index.splits)
          const searches = searchesOf(index)
          for (const statement of promotedTable(index, indexId, searches)) await queryRows(local, statement)
          for (const [i, [draw, setting]] of list.entries()) {
            const sql = joined(index, new QueryMaker(index, searches, draw), draw)
            if (sql === null) continue
            const query = { kind: 'join', sql } as const
            const session = i % 3 === 0 ? workers : local
            const text = overIndex(query, indexId, searches)
            const about = `${text}\n${JSON.stringify(setting)}`
            try {
              const wanted = await queryRows(local, overPromoted(query), PLAIN)
              expect(multisetDifference(await queryRows(session, text, setting), wanted), about).toBeNull()
              rows += wanted.length
            } catch (error) {
              // What a plan does not compute does not raise.
              if ((error as Error).message.endsWith(' out of range')) continue
              throw new Error(`${(error as Error).message}\n${about}`, { cause: error })
            }
            const { plan } = await explainQuery(session, text, setting)
            for (const [mode] of plan.matchAll(/JoinKeysExec: mode=\w+|mode=(?:partitioned|collect_left)/g))
              modes.add(mode)
          }
          await queryRows(local, 'DROP TABLE promoted')
        },
      ),
      { numRuns: RUNS },
    )
    expect(rows).toBeGreaterThan(100)
    expect([...modes].sort()).toEqual([
      'JoinKeysExec: mode=filter',
      'JoinKeysExec: mode=lookup',
      'mode=collect_left',
      'mode=partitioned',
    ])
  },
)
