import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  CoalescePartitionsExec,
  ColumnExpr,
  ComparisonExpr,
  HashJoinExec,
  hashPartitioning,
  NestedLoopJoinExec,
  RepartitionExec,
  SortExec,
  SortMergeJoinExec,
  type ExecutionPlan,
  type Expr,
  type JoinType,
} from '../../src/index.ts'
import { createTable, query } from './duckdb.ts'
import {
  batchSizes,
  column,
  columns,
  type Column,
  expectSameRows,
  partitionCounts,
  relation,
  run,
  scan,
  typesOf,
} from './engine-support.ts'

const leftTable = relation('l', [columns.int('k'), columns.text('t'), columns.int('x', 9)])
const rightTable = relation('r', [columns.int('k'), columns.text('t'), columns.int('y', 9)])

const JOIN_TYPES: readonly JoinType[] = [
  'inner',
  'left',
  'right',
  'full',
  'left_semi',
  'right_semi',
  'left_anti',
  'right_anti',
  'left_mark',
  'right_mark',
]

/** The join in DuckDB's SQL; `on` names l and r. */
function sqlOf(joinType: JoinType, on: string): string {
  switch (joinType) {
    case 'inner':
    case 'left':
    case 'right':
    case 'full':
      return `SELECT l.*, r.* FROM l ${joinType.toUpperCase()} JOIN r ON ${on}`
    case 'left_semi':
      return `SELECT * FROM l WHERE EXISTS (SELECT 1 FROM r WHERE ${on})`
    case 'left_anti':
      return `SELECT * FROM l WHERE NOT EXISTS (SELECT 1 FROM r WHERE ${on})`
    case 'right_semi':
      return `SELECT * FROM r WHERE EXISTS (SELECT 1 FROM l WHERE ${on})`
    case 'right_anti':
      return `SELECT * FROM r WHERE NOT EXISTS (SELECT 1 FROM l WHERE ${on})`
    case 'left_mark':
      return `SELECT *, EXISTS (SELECT 1 FROM r WHERE ${on}) FROM l`
    case 'right_mark':
      return `SELECT *, EXISTS (SELECT 1 FROM l WHERE ${on}) FROM r`
    case 'left_single':
      throw new Error('not an SQL join')
  }
}

/** l.x < r.y */
function comparison(left: ExecutionPlan, right: ExecutionPlan): Expr {
  const y = column(right, 2)
  return new ComparisonExpr('<', column(left, 2), new ColumnExpr(left.schema.fields.length + 2, y.name, y.type, true))
}

test('hash joins of every type give the rows that DuckDB gives', async () => {
  let nonEmpty = 0
  await fc.assert(
    fc.asyncProperty(
      leftTable,
      rightTable,
      fc.constantFrom(...JOIN_TYPES),
      fc.record({ keys: fc.constantFrom('k', 't', 'kt'), filtered: fc.boolean(), equalNulls: fc.boolean() }),
      fc.record({ batchSize: batchSizes, left: partitionCounts, right: partitionCounts, partitioned: fc.boolean() }),
      async (l, r, joinType, options, layout) => {
        const keys = options.keys === 'kt' ? [0, 1] : [options.keys === 'k' ? 0 : 1]
        const deal = (plan: ExecutionPlan): ExecutionPlan =>
          layout.partitioned
            ? new RepartitionExec(
                plan,
                hashPartitioning(
                  keys.map((i) => column(plan, i)),
                  layout.right,
                ),
              )
            : plan
        const left = deal(scan(l, layout.left))
        const right = deal(scan(r, layout.right))
        const plan = new HashJoinExec(
          layout.partitioned ? left : new CoalescePartitionsExec(left),
          right,
          keys.map((i) => ({ left: column(left, i), right: column(right, i) })),
          joinType,
          options.filtered ? comparison(left, right) : null,
          layout.partitioned ? 'partitioned' : 'collect_left',
          { nullEqualsNull: options.equalNulls, nullAware: false },
        )
        await Promise.all([createTable(l), createTable(r)])
        const equals = options.equalNulls ? 'IS NOT DISTINCT FROM' : '='
        const on = keys.map((i) => `l.${'kt'[i]} ${equals} r.${'kt'[i]}`).join(' AND ')
        const expected = await query(sqlOf(joinType, options.filtered ? `${on} AND l.x < r.y` : on))
        nonEmpty += +(expected.length > 0)
        const types = typesOf(plan)
        expectSameRows(await run(plan, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 80 },
  )
  expect(nonEmpty).toBeGreaterThan(40)
})

test('sort-merge joins of every type give the rows that DuckDB gives', async () => {
  let nonEmpty = 0
  await fc.assert(
    fc.asyncProperty(
      leftTable,
      rightTable,
      fc.constantFrom(...JOIN_TYPES),
      fc.record({ keys: fc.constantFrom('k', 't', 'kt'), filtered: fc.boolean(), equalNulls: fc.boolean() }),
      fc.record({ batchSize: batchSizes, left: partitionCounts, right: partitionCounts }),
      async (l, r, joinType, options, layout) => {
        const keys = options.keys === 'kt' ? [0, 1] : [options.keys === 'k' ? 0 : 1]
        const dealt = (plan: ExecutionPlan): ExecutionPlan => {
          const exprs = keys.map((i) => column(plan, i))
          const hashed = new RepartitionExec(plan, hashPartitioning(exprs, layout.right))
          return new SortExec(hashed, SortMergeJoinExec.order(exprs), null, true)
        }
        const left = dealt(scan(l, layout.left))
        const right = dealt(scan(r, layout.left))
        const on = keys.map((i) => ({ left: column(left, i), right: column(right, i) }))
        const filter = options.filtered ? comparison(left, right) : null
        const plan = new SortMergeJoinExec(left, right, on, joinType, filter, options.equalNulls)
        await Promise.all([createTable(l), createTable(r)])
        const equals = options.equalNulls ? 'IS NOT DISTINCT FROM' : '='
        const sql = keys.map((i) => `l.${'kt'[i]} ${equals} r.${'kt'[i]}`).join(' AND ')
        const expected = await query(sqlOf(joinType, options.filtered ? `${sql} AND l.x < r.y` : sql))
        nonEmpty += +(expected.length > 0)
        expectSameRows(await run(plan, layout.batchSize), expected, typesOf(plan))
      },
    ),
    { numRuns: 80 },
  )
  expect(nonEmpty).toBeGreaterThan(40)
})

test('nested-loop joins of every type give the rows that DuckDB gives', async () => {
  let nonEmpty = 0
  await fc.assert(
    fc.asyncProperty(
      leftTable,
      rightTable,
      fc.constantFrom(...JOIN_TYPES),
      fc.boolean(),
      fc.record({ batchSize: batchSizes, left: partitionCounts, right: partitionCounts }),
      async (l, r, joinType, filtered, layout) => {
        const left = scan(l, layout.left)
        const right = scan(r, layout.right)
        const filter = filtered ? comparison(left, right) : null
        const plan = new NestedLoopJoinExec(new CoalescePartitionsExec(left), right, joinType, filter)
        await Promise.all([createTable(l), createTable(r)])
        const expected = await query(sqlOf(joinType, filtered ? 'l.x < r.y' : 'TRUE'))
        nonEmpty += +(expected.length > 0)
        const types = typesOf(plan)
        expectSameRows(await run(plan, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 50 },
  )
  expect(nonEmpty).toBeGreaterThan(20)
})

test('null-aware anti and mark joins answer as IN and NOT IN do', async () => {
  const seen = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      relation('l', [columns.int('k', 2), columns.int('j', 1), columns.int('x', 9)], 12),
      relation('r', [columns.int('k', 2), columns.int('j', 1), columns.int('y', 9)], 6),
      fc.constantFrom<JoinType>('left_anti', 'right_anti', 'left_mark', 'right_mark'),
      fc.record({ pair: fc.boolean(), correlated: fc.boolean() }),
      fc.record({ batchSize: batchSizes, right: partitionCounts }),
      async (l, r, joinType, { pair, correlated }, layout) => {
        const left = scan(l, 1)
        const right = scan(r, layout.right)
        const keys = pair ? [0, 1] : [0]
        const plan = new HashJoinExec(
          left,
          right,
          keys.map((i) => ({ left: column(left, i), right: column(right, i) })),
          joinType,
          correlated ? comparison(left, right) : null,
          'collect_left',
          { nullEqualsNull: false, nullAware: true },
        )
        await Promise.all([createTable(l), createTable(r)])
        const [outer, inner] = joinType.startsWith('left') ? ['l', 'r'] : ['r', 'l']
        // IN by its definition, because DuckDB has no IN over correlated pairs: TRUE, else unknown, else FALSE.
        const names = pair ? ['k', 'j'] : ['k']
        const equal = names.map((name) => `l.${name} = r.${name}`).join(' AND ')
        const open = names
          .map((name) => `(l.${name} = r.${name} OR l.${name} IS NULL OR r.${name} IS NULL)`)
          .join(' AND ')
        const where = correlated ? 'AND l.x < r.y' : ''
        const contained = `CASE WHEN EXISTS (SELECT 1 FROM ${inner} WHERE ${equal} ${where}) THEN TRUE
          WHEN EXISTS (SELECT 1 FROM ${inner} WHERE ${open} ${where}) THEN NULL ELSE FALSE END`
        const expected = joinType.endsWith('mark')
          ? await query(`SELECT *, ${contained} FROM ${outer}`)
          : await query(`SELECT * FROM ${outer} WHERE NOT (${contained})`)
        if (joinType.endsWith('mark')) for (const row of expected) seen.add(String(row.at(-1)))
        const types = typesOf(plan)
        expectSameRows(await run(plan, layout.batchSize), expected, types)
      },
    ),
    { numRuns: 80 },
  )
  expect([...seen].sort()).toEqual(['false', 'null', 'true'])
})

test('a left_single join gives at most one match and refuses two', async () => {
  const one = { name: 'r', columns: relationColumns(), rows: [[true, 1, 'a']] }
  const two = { ...one, rows: [...one.rows, [true, 1, 'b']] }
  const left = scan(
    {
      ...one,
      name: 'l',
      rows: [
        [true, 1, 'x'],
        [true, 2, 'y'],
      ],
    },
    1,
  )
  const join = (right: ExecutionPlan): ExecutionPlan =>
    new HashJoinExec(
      left,
      right,
      [{ left: column(left, 0), right: column(right, 0) }],
      'left_single',
      null,
      'collect_left',
      {
        nullEqualsNull: false,
        nullAware: false,
      },
    )
  expect(await run(join(scan(one, 2)), 2)).toEqual([
    [1, 'x', 1, 'a'],
    [2, 'y', null, null],
  ])
  await expect(run(join(scan(two, 2)), 2)).rejects.toMatchObject({ code: '21000' })
})

function relationColumns(): Column[] {
  return [columns.bool('live'), columns.int('k'), columns.text('t')]
}
