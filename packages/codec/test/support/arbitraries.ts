import * as core from '@volley/core'
import * as c from '@volley/core'
import { NetworkBroadcastExec, NetworkCoalesceExec, NetworkShuffleExec } from '@volley/planner'
import * as arrow from 'apache-arrow'
import fc from 'fast-check'
import { testFunctions } from './functions.ts'

type Expr = core.Expr
type DataType = arrow.DataType
const functions = testFunctions()

const simpleTypes: readonly DataType[] = [
  c.NULL,
  c.BOOL,
  c.INT8,
  c.INT16,
  c.INT32,
  c.INT64,
  c.UINT8,
  c.UINT16,
  c.UINT32,
  c.UINT64,
  c.FLOAT32,
  c.FLOAT64,
  c.UTF8,
  c.JSON_TYPE,
  c.BINARY,
  c.DATE,
  c.TIME,
  c.INTERVAL,
]

const name = fc.string({ minLength: 0, maxLength: 6 })
const metadata = fc.dictionary(name, name, { maxKeys: 2 }).map((entries) => new Map(Object.entries(entries)))

export const dataType: fc.Arbitrary<DataType> = fc.letrec<{ type: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom(...simpleTypes),
    fc
      .record({ unit: fc.constantFrom(0, 1, 2, 3), zone: fc.option(fc.constantFrom('UTC', 'Europe/Berlin')) })
      .map(({ unit, zone }) => c.timestampType(unit as arrow.TimeUnit, zone)),
    fc
      .record({ precision: fc.integer({ min: 1, max: 38 }), scale: fc.integer({ min: -5, max: 38 }) })
      .map(({ precision, scale }) => c.decimalType(precision, scale)),
    fc
      .record({ child: tie('type'), nullable: fc.boolean() })
      .map(({ child, nullable }) => new arrow.List(new arrow.Field('item', child, nullable))),
    fc
      .array(fc.record({ name, child: tie('type'), nullable: fc.boolean() }), { maxLength: 3 })
      .map(
        (fields) => new arrow.Struct(fields.map((field) => new arrow.Field(field.name, field.child, field.nullable))),
      ),
  ),
})).type

export const scalar: fc.Arbitrary<core.ScalarValue> = fc.letrec<{ value: core.ScalarValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n }),
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.uint8Array({ maxLength: 5 }),
    fc.record({
      months: fc.integer(),
      days: fc.integer(),
      nanos: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
})).value

const field = fc
  .record({ name, type: dataType, nullable: fc.boolean(), metadata })
  .map((f) => new arrow.Field(f.name, f.type, f.nullable, f.metadata))
export const schema: fc.Arbitrary<arrow.Schema> = fc
  .record({ fields: fc.array(field, { minLength: 1, maxLength: 4 }), metadata })
  .map((s) => new arrow.Schema(s.fields, s.metadata))

/** Expressions of every kind; their types do not have to fit, since nothing evaluates them. */
export const expr: fc.Arbitrary<Expr> = fc.letrec<{ expr: Expr }>((tie) => {
  const child = tie('expr')
  const children = (minLength: number): fc.Arbitrary<Expr[]> => fc.array(child, { minLength, maxLength: minLength + 2 })
  const record = fc.record
  return {
    expr: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'expr' },
      record({ index: fc.nat(1000), name, type: dataType, nullable: fc.boolean() }).map(
        (e) => new c.ColumnExpr(e.index, e.name, e.type, e.nullable),
      ),
      record({ type: dataType, value: scalar }).map((e) => new c.LiteralExpr(e.type, e.value)),
      record({
        op: fc.constantFrom('+' as const, '-' as const, '*' as const, '/' as const, '%' as const),
        left: child,
        right: child,
        type: dataType,
      }).map((e) => new c.ArithmeticExpr(e.op, e.left, e.right, e.type)),
      record({
        // oxlint-disable-next-line unicorn/no-thenable -- CASE's own word
        branches: fc.array(record({ when: child, then: child }), { minLength: 1, maxLength: 2 }),
        otherwise: fc.option(child),
        type: dataType,
      }).map((e) => new c.CaseExpr(e.branches, e.otherwise, e.type)),
      record({ child, type: dataType, safe: fc.boolean() }).map((e) => new c.CastExpr(e.child, e.type, e.safe)),
      record({ args: children(1), type: dataType }).map((e) => new c.CoalesceExpr(e.args, e.type)),
      record({
        op: fc.constantFrom(
          '=' as const,
          '<>' as const,
          '<' as const,
          '<=' as const,
          '>' as const,
          '>=' as const,
          'IS DISTINCT FROM' as const,
          'IS NOT DISTINCT FROM' as const,
        ),
        left: child,
        right: child,
      }).map((e) => new c.ComparisonExpr(e.op, e.left, e.right)),
      record({ child, list: children(0), negated: fc.boolean() }).map(
        (e) => new c.InListExpr(e.child, e.list, e.negated),
      ),
      record({ child, negated: fc.boolean() }).map((e) => new c.IsNullExpr(e.child, e.negated)),
      record({ child, value: fc.constantFrom(true, false, null), negated: fc.boolean() }).map(
        (e) => new c.IsTruthExpr(e.child, e.value, e.negated),
      ),
      record({
        child,
        pattern: child,
        options: record({
          negated: fc.boolean(),
          caseInsensitive: fc.boolean(),
          escape: fc.option(fc.string({ maxLength: 1 })),
        }),
      }).map((e) => new c.LikeExpr(e.child, e.pattern, e.options)),
      record({ op: fc.constantFrom('AND' as const, 'OR' as const), operands: children(0) }).map(
        (e) => new c.LogicalExpr(e.op, e.operands),
      ),
      child.map((e) => new c.NegateExpr(e)),
      child.map((e) => new c.NotExpr(e)),
      record({ args: children(0), type: dataType, nullable: fc.boolean() }).map(
        (e) => new c.ScalarFunctionExpr(functions.scalar('reverse_it')!, e.args, e.type, e.nullable),
      ),
    ),
  }
}).expr

const exprs = fc.array(expr, { maxLength: 2 })
const sortKeys = fc.array(fc.record({ expr, descending: fc.boolean(), nullsFirst: fc.boolean() }), { maxLength: 2 })
const rows = fc.nat(2 ** 40)
const limit = fc.option(rows)

const aggregateCall = fc
  .record({
    args: exprs,
    distinct: fc.boolean(),
    filter: fc.option(expr),
    orderBy: sortKeys,
    type: dataType,
    nullable: fc.boolean(),
    argTypes: fc.array(dataType, { maxLength: 2 }),
  })
  .map(
    ({ args, ...options }) =>
      new c.AggregateCall(functions.aggregate('gather') as core.AggregateFunction, args, options),
  )

const bound = fc.record({
  kind: fc.constantFrom(
    'unbounded_preceding' as const,
    'preceding' as const,
    'current_row' as const,
    'following' as const,
    'unbounded_following' as const,
  ),
  offset: fc.option(expr),
})
const windowCall = fc
  .record({
    aggregate: fc.boolean(),
    args: exprs,
    partitionBy: exprs,
    orderBy: sortKeys,
    frame: fc.record({
      units: fc.constantFrom('rows' as const, 'range' as const, 'groups' as const),
      start: bound,
      end: bound,
      exclude: fc.constantFrom('no_others' as const, 'current_row' as const, 'group' as const, 'ties' as const),
    }),
    type: dataType,
    nullable: fc.boolean(),
    filter: fc.option(expr),
    ignoreNulls: fc.boolean(),
    distinct: fc.boolean(),
    argumentOrder: sortKeys,
  })
  .map(({ aggregate, args, ...options }) => {
    const fn = aggregate ? functions.aggregate('gather') : functions.window('place')
    return new c.WindowCall(fn as core.AggregateFunction, args, options)
  })

const producers = fc.array(
  fc.record({ task: fc.nat(50), worker: fc.string(), attempt: fc.nat(3) }, { requiredKeys: ['task', 'worker'] }),
  { minLength: 1, maxLength: 3 },
)
const count = fc.integer({ min: 1, max: 64 })
const partitioning: fc.Arbitrary<core.Partitioning> = fc.oneof(
  count.map(c.unknownPartitioning),
  fc.record({ exprs, count }).map((p) => c.hashPartitioning(p.exprs, p.count)),
)
const joinType = fc.constantFrom<core.JoinType>(
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
  'left_single',
)

const memory = fc
  .array(fc.array(fc.array(fc.option(fc.integer()), { maxLength: 4 }), { maxLength: 2 }), { maxLength: 3 })
  .map((partitions) => {
    const memorySchema = new arrow.Schema([new arrow.Field('n', c.INT32, true)])
    const batchOf = (values: (number | null)[]): arrow.RecordBatch => {
      const data = arrow.vectorFromArray(values, new arrow.Int32()).data[0]!
      const struct = arrow.makeData({
        type: new arrow.Struct(memorySchema.fields),
        length: values.length,
        nullCount: 0,
        children: [data],
      })
      return new arrow.RecordBatch(memorySchema, struct)
    }
    return new c.MemoryExec(
      memorySchema,
      partitions.map((batches) => batches.filter((values) => values.length > 0).map(batchOf)),
    )
  })

const values = schema.chain((s) =>
  fc
    .array(fc.tuple(...s.fields.map(() => scalar)), { maxLength: 3 })
    .map((list) => new c.ValuesExec(s, list as core.ScalarValue[][])),
)

/** Plans of every kind; they are not meant to run. */
export const plan: fc.Arbitrary<core.ExecutionPlan> = fc.letrec<{ plan: core.ExecutionPlan }>((tie) => {
  const input = tie('plan')
  const record = fc.record
  const exchange = record({ stage: fc.nat(20), producers, schema, perTask: count, ordering: sortKeys })
  return {
    plan: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'plan' },
      values,
      memory,
      record({ name, schema }).map((n) => new c.WorkTableExec(n.name, n.schema)),
      exchange.map((n) => new NetworkBroadcastExec(n.stage, n.producers, n.schema, n.perTask, n.ordering)),
      exchange.map((n) => new NetworkCoalesceExec(n.stage, n.producers, n.schema, n.perTask, n.ordering)),
      record({ stage: fc.nat(20), producers, schema, exprs, partitions: count, first: fc.nat(64) }).map(
        (n) => new NetworkShuffleExec(n.stage, n.producers, n.schema, n.exprs, n.partitions, n.first),
      ),
      record({
        input,
        mode: fc.constantFrom('partial' as const, 'final' as const, 'single' as const),
        groups: fc.array(expr, { minLength: 1, maxLength: 2 }),
        sets: fc.option(fc.array(fc.constantFrom([], [0]), { maxLength: 2 })),
        calls: fc.array(aggregateCall, { maxLength: 2 }),
        schema,
      }).map((n) => new c.AggregateExec(n.input, n.mode, n.groups, n.sets, n.calls, n.schema)),
      input.map((n) => new c.CoalescePartitionsExec(n)),
      record({ left: input, right: input, joinType: fc.constantFrom('inner' as const, 'left' as const) }).map(
        (n) =>
          new c.DocIdJoinExec(n.left, n.right, n.joinType, [
            { left: n.left.schema.fields.length - 1, right: n.right.schema.fields.length - 1 },
          ]),
      ),
      record({ input, predicate: expr }).map((n) => new c.FilterExec(n.input, n.predicate)),
      record({
        left: input,
        right: input,
        on: fc.array(record({ left: expr, right: expr }), { maxLength: 2 }),
        joinType,
        filter: fc.option(expr),
        partitioned: fc.boolean(),
        nullEqualsNull: fc.boolean(),
        nullAware: fc.boolean(),
        estimated: fc.option(record({ buildRows: rows, buildBytes: rows, probeBytes: rows })),
      }).map((n) => {
        const mode = n.partitioned && !n.nullAware ? 'partitioned' : 'collect_left'
        const { nullEqualsNull, nullAware, estimated } = n
        const options = { nullEqualsNull, nullAware, estimated }
        return new c.HashJoinExec(n.left, n.right, n.on, n.joinType, n.filter, mode, options)
      }),
      record({
        input,
        keysOf: fc.option(input),
        keys: fc.array(record({ id: fc.nat(), expr }), { maxLength: 2 }),
        planned: record({ mode: fc.constantFrom('lookup' as const, 'filter' as const), rows }),
      }).map((n) => {
        const gathered = new c.JoinKeysExec(n.keysOf ?? n.input, n.keys, n.planned)
        return n.keysOf === null ? gathered : new c.FilterByKeysExec(n.input, gathered)
      }),
      record({ input, skip: rows, fetch: limit }).map((n) => new c.LimitExec(n.input, n.skip, n.fetch)),
      record({ input, fetch: rows }).map((n) => new c.LocalLimitExec(n.input, n.fetch)),
      record({ left: input, right: input, joinType, filter: fc.option(expr) }).map(
        (n) => new c.NestedLoopJoinExec(n.left, n.right, n.joinType, n.filter),
      ),
      record({
        left: input,
        right: input,
        on: fc.array(record({ left: expr, right: expr }), { maxLength: 2 }),
        joinType,
        filter: fc.option(expr),
        nullEqualsNull: fc.boolean(),
      }).map((n) => new c.SortMergeJoinExec(n.left, n.right, n.on, n.joinType, n.filter, n.nullEqualsNull)),
      record({ input, exprs, schema }).map((n) => new c.ProjectionExec(n.input, n.exprs, n.schema)),
      record({ name, initial: input, recursive: input, distinct: fc.boolean(), schema }).map(
        (n) => new c.RecursiveQueryExec(n.name, n.initial, n.recursive, n.distinct, n.schema),
      ),
      record({ input, partitioning }).map((n) => new c.RepartitionExec(n.input, n.partitioning)),
      record({ input, keys: sortKeys, fetch: limit, preserve: fc.boolean() }).map(
        (n) => new c.SortExec(n.input, n.keys, n.fetch, n.preserve),
      ),
      record({ input, keys: sortKeys, fetch: limit }).map(
        (n) => new c.SortPreservingMergeExec(n.input, n.keys, n.fetch),
      ),
      fc.array(input, { minLength: 1, maxLength: 3 }).map((inputs) => {
        const width = Math.min(...inputs.map((each) => each.schema.fields.length))
        return new c.UnionExec(inputs.filter((each) => each.schema.fields.length === width))
      }),
      record({ input, exprs, outer: fc.boolean(), schema }).map(
        (n) => new c.UnnestExec(n.input, n.exprs, n.outer, n.schema),
      ),
      record({ input, calls: fc.array(windowCall, { maxLength: 2 }), schema }).map(
        (n) => new c.WindowExec(n.input, n.calls, n.schema),
      ),
    ),
  }
}).plan
