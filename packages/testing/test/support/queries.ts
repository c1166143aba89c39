import fc from 'fast-check'
import { multisetDifference, rowKey, type RowValue, type SampleDocument } from '../../src/index.ts'
import { columns, compareScalars, predicates, tokensOf, type Predicate, type SampleColumn } from './predicates.ts'

/** A query over a sample index, and how to tell that its rows are right. */
export interface SampleQuery {
  readonly kind: string
  readonly sql: (table: string) => string
  /** What is wrong with the rows; null when nothing is. */
  readonly problem: (rows: readonly (readonly RowValue[])[], live: readonly SampleDocument[]) => string | null
  /** What a counterexample shows. */
  readonly [fc.toStringMethod]?: () => string
}

type Row = readonly RowValue[]

function exact(
  kind: string,
  sql: SampleQuery['sql'],
  expected: (live: readonly SampleDocument[]) => Row[],
): SampleQuery {
  return {
    kind,
    sql,
    problem: (rows, live) => multisetDifference(rows, expected(live)),
    [fc.toStringMethod]: () => sql('t'),
  }
}

const always: Predicate = { sql: 'TRUE', test: () => true, text: false }
const conditions: fc.Arbitrary<Predicate> = fc.oneof({ weight: 4, arbitrary: predicates }, fc.constant(always))
const where = (condition: Predicate): string => (condition === always ? '' : ` WHERE ${condition.sql}`)
const kept = (live: readonly SampleDocument[], condition: Predicate): SampleDocument[] =>
  live.filter((document) => condition.test(document) === true)

const allColumns = 'id, ts, body, level, tag, n, u, f, b, labels, counts, note, "o.inner"'
function allValues(d: SampleDocument): Row {
  return [d.id, d.ts, d.body, d.level, d.tag, d.n, d.u, d.f, d.b, d.labels, d.counts, d.note, d.inner]
}

/** Every column of the documents that satisfy a condition. */
export function selectionsWhere(condition: Predicate): SampleQuery {
  return exact(
    'select',
    (table) => `SELECT ${allColumns} FROM "${table}"${where(condition)}`,
    (live) => kept(live, condition).map(allValues),
  )
}

export const selections: fc.Arbitrary<SampleQuery> = conditions.map(selectionsWhere)

/** A condition as a value: TRUE, FALSE or NULL of every document. */
export const projections: fc.Arbitrary<SampleQuery> = predicates.map((condition) =>
  exact(
    'project',
    (table) => `SELECT id, (${condition.sql}) AS p FROM "${table}"`,
    (live) => live.map((document) => [document.id, condition.test(document)]),
  ),
)

const groupColumns: readonly SampleColumn[] = ['level', 'tag', 'n', 'u', 'b', 'host', 'inner'].map(
  (name) => columns[name]!,
)
const numbers: readonly SampleColumn[] = ['n', 'u', 'inner'].map((name) => columns[name]!)

function aggregatesOf(documents: readonly SampleDocument[], column: SampleColumn): RowValue[] {
  const values = documents.map(column.value).filter((value) => value !== null) as bigint[]
  const sum = values.reduce((a, b) => a + b, 0n)
  const best = (sign: number): bigint | null =>
    values.length === 0 ? null : values.reduce((a, b) => (sign * compareScalars(a, b) <= 0 ? a : b))
  return [
    BigInt(documents.length),
    BigInt(values.length),
    best(1),
    best(-1),
    values.length === 0 ? null : sum,
    values.length === 0 ? null : Number(sum) / values.length,
  ]
}

function aggregateList(column: SampleColumn): string {
  return `count(*), count(${column.sql}), min(${column.sql}), max(${column.sql}), sum(${column.sql}), CAST(avg(${column.sql}) AS double precision)`
}

/** Aggregates of a column by up to one key. */
export const aggregations: fc.Arbitrary<SampleQuery> = fc
  .tuple(conditions, fc.option(fc.constantFrom(...groupColumns), { nil: null, freq: 4 }), fc.constantFrom(...numbers))
  .map(([condition, group, column]) => {
    const key = group === null ? '' : `${group.sql}, `
    const tail = group === null ? '' : ` GROUP BY ${group.sql}`
    return exact(
      'aggregate',
      (table) => `SELECT ${key}${aggregateList(column)} FROM "${table}"${where(condition)}${tail}`,
      (live) => {
        const documents = kept(live, condition)
        if (group === null) return [aggregatesOf(documents, column)]
        return [...groupedBy(documents, (document) => rowKey([group.value(document)])).values()].map((members) => [
          group.value(members[0]!),
          ...aggregatesOf(members, column),
        ])
      },
    )
  })

/** Documents by one key, of all, or of those that match a word: the simplest aggregate there is. */
export const groupCounts: fc.Arbitrary<SampleQuery> = fc
  .tuple(fc.constantFrom('level', 'tag', 'b', 'n'), fc.constantFrom('', 'alpha', 'pool'))
  .map(([name, word]) => {
    const column = columns[name]!
    const filter = word === '' ? '' : ` WHERE match(body, '${word}')`
    return exact(
      'count',
      (table) => `SELECT ${column.sql}, count(*) FROM "${table}"${filter} GROUP BY ${column.sql}`,
      (live) => {
        const documents = word === '' ? live : live.filter(({ body }) => body !== null && tokensOf(body).includes(word))
        return [...groupedBy(documents, (document) => rowKey([column.value(document)])).values()].map((members) => [
          column.value(members[0]!),
          BigInt(members.length),
        ])
      },
    )
  })

/** Different values of a column, counted and listed. */
export const distincts: fc.Arbitrary<SampleQuery> = fc
  .tuple(conditions, fc.constantFrom(...groupColumns), fc.boolean())
  .map(([condition, column, counted]) =>
    exact(
      'distinct',
      (table) =>
        counted
          ? `SELECT count(DISTINCT ${column.sql}) FROM "${table}"${where(condition)}`
          : `SELECT DISTINCT ${column.sql} FROM "${table}"${where(condition)}`,
      (live) => {
        const values = kept(live, condition).map(column.value)
        const different = [...groupedBy(values, (value) => rowKey([value])).values()].map(([value]) => value!)
        return counted
          ? [[BigInt(different.filter((value) => value !== null).length)]]
          : different.map((value) => [value])
      },
    ),
  )

const orderColumns: readonly SampleColumn[] = ['n', 'u', 'f', 'b', 'ts', 'level', 'tag', 'inner', 'note'].map(
  (name) => columns[name]!,
)

/** The first of an order that has ties: the keys are right, and each row is one of the table's. */
export const tops: fc.Arbitrary<SampleQuery> = fc
  .tuple(
    conditions,
    fc.constantFrom(...orderColumns),
    fc.boolean(),
    fc.constantFrom('', ' NULLS FIRST', ' NULLS LAST'),
    fc.integer({ min: 1, max: 12 }),
    fc.nat(3),
  )
  .map(([condition, column, descending, nulls, limit, offset]): SampleQuery => {
    const order = `${column.sql}${descending ? ' DESC' : ''}${nulls} LIMIT ${limit}${offset === 0 ? '' : ` OFFSET ${offset}`}`
    const nullsFirst = nulls === '' ? descending : nulls === ' NULLS FIRST'
    return {
      kind: 'top',
      sql: (table) => `SELECT ${column.sql}, ${allColumns} FROM "${table}"${where(condition)} ORDER BY ${order}`,
      problem: (rows, live) => {
        const documents = kept(live, condition)
        const keys = documents.map(column.value).sort((a, b) => {
          if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1
          return descending ? compareScalars(b, a) : compareScalars(a, b)
        })
        const wanted = keys.slice(offset, offset + limit).map((key) => rowKey([key]))
        const given = rows.map((row) => rowKey([row[0]]))
        if (wanted.join() !== given.join()) return `keys ${given.join()}, expected ${wanted.join()}`
        const members = new Set(documents.map((document) => rowKey([column.value(document), ...allValues(document)])))
        const seen = new Set<string>()
        for (const row of rows) {
          if (!members.has(rowKey(row))) return `row ${rowKey(row)} is not one of the table's`
          seen.add(rowKey(row))
        }
        return seen.size === rows.length ? null : 'a row came twice'
      },
    }
  })

const joinColumns: readonly SampleColumn[] = ['level', 'n', 'u', 'tag', 'inner'].map((name) => columns[name]!)
const aliased = (sql: string, alias: string): string => `${alias}.${sql}`

/** Joins of the index with itself by one key, and the same by EXISTS and IN. */
export const joins: fc.Arbitrary<SampleQuery> = fc
  .tuple(
    fc.constantFrom('JOIN', 'LEFT JOIN', 'EXISTS', 'NOT EXISTS', 'IN', 'NOT IN'),
    fc.constantFrom(...joinColumns),
    fc.constantFrom(...levelConditions()),
  )
  .map(([form, column, condition]) => {
    const [a, b] = [aliased(column.sql, 'a'), aliased(column.sql, 'b')]
    const equal = (x: SampleDocument, y: SampleDocument): boolean => {
      const [left, right] = [column.value(x), column.value(y)]
      return left !== null && right !== null && compareScalars(left, right) === 0
    }
    const inner = condition.sql.replaceAll('$', 'b')
    if (form === 'JOIN' || form === 'LEFT JOIN') {
      return exact(
        form,
        (table) => `SELECT a.id, b.id FROM "${table}" a ${form} "${table}" b ON ${a} = ${b} AND ${inner}`,
        (live) =>
          live.flatMap((left): Row[] => {
            const rows = live
              .filter((right) => equal(left, right) && condition.test(right))
              .map((right) => [left.id, right.id])
            return rows.length === 0 && form === 'LEFT JOIN' ? [[left.id, null]] : rows
          }),
      )
    }
    if (form === 'EXISTS' || form === 'NOT EXISTS') {
      return exact(
        form,
        (table) =>
          `SELECT a.id FROM "${table}" a WHERE ${form} (SELECT 1 FROM "${table}" b WHERE ${a} = ${b} AND ${inner})`,
        (live) =>
          live
            .filter((left) => live.some((right) => equal(left, right) && condition.test(right)) === (form === 'EXISTS'))
            .map((left) => [left.id]),
      )
    }
    return exact(
      form,
      (table) => `SELECT a.id FROM "${table}" a WHERE ${a} ${form} (SELECT ${b} FROM "${table}" b WHERE ${inner})`,
      (live) => {
        const list = live.filter((right) => condition.test(right))
        const hasNull = list.some((right) => column.value(right) === null)
        return live
          .filter((left) => {
            if (form === 'IN') return list.some((right) => equal(left, right))
            if (list.length === 0) return true
            return column.value(left) !== null && !hasNull && !list.some((right) => equal(left, right))
          })
          .map((left) => [left.id])
      },
    )
  })

function levelConditions(): { sql: string; test: (document: SampleDocument) => boolean }[] {
  return [
    { sql: "$.level = 'ERROR'", test: ({ level }) => level === 'ERROR' },
    { sql: "match($.body, 'alpha')", test: ({ body }) => body !== null && /\balpha\b/i.test(body) },
    { sql: '$.n IS NOT NULL', test: ({ n }) => n !== null },
    { sql: '$.u > 2', test: ({ u }) => u !== null && u > 2n },
  ]
}

export const anyQuery: fc.Arbitrary<SampleQuery> = fc.oneof(
  selections,
  projections,
  aggregations,
  distincts,
  tops,
  joins,
)

function groupedBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group === undefined) groups.set(key(item), [item])
    else group.push(item)
  }
  return groups
}
