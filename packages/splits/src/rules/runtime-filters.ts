import {
  canGather,
  CoalescePartitionsExec,
  ColumnExpr,
  DocIdJoinExec,
  FilterByKeysExec,
  FilterExec,
  HashJoinExec,
  JoinKeysExec,
  ProjectionExec,
  RepartitionExec,
  ScalarFunctionExpr,
  SortExec,
  UnionExec,
  ValuesExec,
  transformExpr,
  visitExpr,
  type ExecutionPlan,
  type Expr,
  type JoinKeyPlan,
  type JoinType,
  type RuntimeKey,
} from '@volley/core'
import { NetworkForwardExec, type PhysicalRule } from '@volley/planner'
import { Field, Schema } from 'apache-arrow'
import { isInfallible } from '../filters/infallible.ts'
import { addressFields } from '../sources/address.ts'
import { ColumnSource } from '../sources/column-source.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import { substitute } from './collapse-sources.ts'
import { asOneSource } from './one-source.ts'
import { belowJoin } from './pushable.ts'

/** Joins in which a row of the right side that matches nothing does not come out, and changes nothing. */
const DROPS_RIGHT: ReadonlySet<JoinType> = new Set([
  'inner',
  'left',
  'left_semi',
  'left_anti',
  'left_mark',
  'left_single',
  'right_semi',
])

/** A look-up costs about as much as testing this many values of a column by a Bloom filter. */
const LOOKUP_COST = 4096
/** A build side is read twice, for its keys alone, when it has at most one row for this many documents of the other side. */
const FEW_ROWS = 256
/** The same of one that was found to be large when it ran: its rows go by once more, and are not read again. */
const FEW_FOUND = 16
/** Rows of a build side of which nothing is known. */
const UNKNOWN_ROWS = 1_000_000_000

/**
 * Has the keys of a join's build side filter the scans of its other side while the query runs.
 *
 * Preconditions: the build side is collected, so that each task has all of it before it probes, or both sides are dealt by
 * hash and the build side is a scan with few rows, which is then read twice, or runs already; the join drops rows of the
 * other side that match nothing, NULL keys included; and the key is an expression, with a value for every row, of columns of
 * one source, which lies in the same stage: below are only filters, projections, sorts, unions, joins by address and what
 * other collected joins probe with. A source that gives some of its rows only (a top k, a limit) is left alone.
 *
 * Where the build side is estimated to have few rows for the documents of the other side, the keys are looked up in the
 * index or the dictionary of each segment. A key that only documents hold makes the sources that are joined by address one,
 * so that its documents are found before anything is read of them.
 */
export const runtimeFilters: PhysicalRule = {
  name: 'RuntimeFilters',
  afterSwitch: true,
  apply: (plan, { settings }) => {
    const gathered = withoutLost(plan, new Set(idsIn(plan)))
    return new Rewriter(gathered, settings.get('join_mode') === 'lookup').rewrite(gathered)
  },
}

/** The plan without filters by keys that nothing gathers any more, since their join is run another way. */
function withoutLost(plan: ExecutionPlan, gathered: ReadonlySet<number>): ExecutionPlan {
  if (plan instanceof ColumnSource) {
    const { runtime = [], ...options } = plan.options
    const left = runtime.filter(({ id }) => gathered.has(id))
    if (left.length === runtime.length) return plan
    return plan.withOptions(left.length === 0 ? options : { ...options, runtime: left })
  }
  const children = plan.children.map((child) => withoutLost(child, gathered))
  return children.every((child, i) => child === plan.children[i]) ? plan : plan.withChildren(children)
}

class Rewriter {
  readonly #always: boolean
  #nextId: number

  /** `always`: every join is to be a look-up, whatever the estimates. */
  constructor(plan: ExecutionPlan, always: boolean) {
    this.#always = always
    this.#nextId = 1 + Math.max(0, ...idsIn(plan))
  }

  rewrite(plan: ExecutionPlan): ExecutionPlan {
    const node = plan instanceof HashJoinExec ? this.#join(plan) : plan
    const children = node.children.map((child) => this.rewrite(child))
    return children.every((child, i) => child === node.children[i]) ? node : node.withChildren(children)
  }

  #join(join: HashJoinExec): HashJoinExec {
    const { left, right, joinType, mode, options } = join
    if (options.nullAware || options.nullEqualsNull || !DROPS_RIGHT.has(joinType)) return join
    if (mode === 'partitioned') return this.#partitioned(join)
    if (left instanceof JoinKeysExec) return join
    const filtered = this.#filtered(join, right)
    if (filtered === null) return join
    const { plan, keys, planned } = filtered
    return join.withChildren([new JoinKeysExec(left, keys, planned), plan]) as HashJoinExec
  }

  /**
   * Sides that meet behind exchanges: a build side with few rows is read once more, for its keys, by the tasks that scan
   * the other side, and most of that is not sent then.
   */
  #partitioned(join: HashJoinExec): HashJoinExec {
    const { left, right } = join
    if (!(left instanceof RepartitionExec && right instanceof RepartitionExec)) return join
    if (right.input instanceof FilterByKeysExec || !canBeReadTwice(left.input)) return join
    const filtered = this.#filtered(join, right.input)
    const few = left.input instanceof NetworkForwardExec ? FEW_FOUND : FEW_ROWS
    if (filtered === null || !(this.#always || filtered.planned.rows * few <= filtered.documents)) return join
    const { keys, planned, plan } = filtered
    const fields = keys.map(({ expr }, i) => new Field(`key_${i}`, expr.type, true))
    const copy = new ProjectionExec(
      left.input,
      keys.map(({ expr }) => expr),
      new Schema(fields),
    )
    const columns = keys.map(({ id, expr }, i) => ({ id, expr: new ColumnExpr(i, `key_${i}`, expr.type, true) }))
    const whole = isLiteral(left.input) ? copy : new CoalescePartitionsExec(copy)
    const gathered = new JoinKeysExec(whole, columns, planned)
    return join.withChildren([left, right.withChildren([new FilterByKeysExec(plan, gathered)])]) as HashJoinExec
  }

  /** The probing side with filters in its scans, and the keys that they wait for; null when no key is one of a scan. */
  #filtered({ on, options }: HashJoinExec, probe: ExecutionPlan): Filtered | null {
    let plan = probe
    const keys: RuntimeKey[] = []
    for (const key of on) {
      if (!canGather(key.right.type) || !isInfallible(key.right)) continue
      const id = this.#nextId
      const filtered = push(plan, key.right, id)
      if (filtered === null) continue
      this.#nextId++
      plan = filtered
      keys.push({ id, expr: key.left })
    }
    if (keys.length === 0) return null
    const rows = options.estimated?.buildRows ?? UNKNOWN_ROWS
    const documents = documentsFiltered(plan, keys[0]!.id)
    const lookup = this.#always || rows * LOOKUP_COST <= documents
    return { plan, keys, planned: { mode: lookup ? 'lookup' : 'filter', rows }, documents }
  }
}

interface Filtered {
  readonly plan: ExecutionPlan
  readonly keys: readonly RuntimeKey[]
  readonly planned: JoinKeyPlan
  /** Of the sources that have the filters. */
  readonly documents: number
}

/** Whether a plan gives the same rows each time, and is no more than scans and what stands on them. */
function canBeReadTwice(plan: ExecutionPlan): boolean {
  if (plan instanceof ColumnSource) return plan.options.top === null && plan.options.fetch === null
  if (plan instanceof InvertedIndexExec) return plan.options.topK === null
  if (plan instanceof ValuesExec || plan instanceof NetworkForwardExec) return true
  if (plan instanceof FilterExec) return !isVolatile(plan.predicate) && canBeReadTwice(plan.input)
  if (plan instanceof ProjectionExec) return !plan.exprs.some(isVolatile) && canBeReadTwice(plan.input)
  return plan instanceof DocIdJoinExec && plan.children.every(canBeReadTwice)
}

/** Literal rows, perhaps computed on. */
function isLiteral(plan: ExecutionPlan): boolean {
  if (plan instanceof FilterExec || plan instanceof ProjectionExec) return isLiteral(plan.input)
  return plan instanceof ValuesExec
}

function isVolatile(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ScalarFunctionExpr && node.fn.volatility !== 'immutable') found = true
  })
  return found
}

function idsIn(plan: ExecutionPlan): number[] {
  const own = plan instanceof JoinKeysExec ? plan.keys.map(({ id }) => id) : []
  return [...own, ...plan.children.flatMap(idsIn)]
}

/** Documents of the sources that have the filter. */
function documentsFiltered(plan: ExecutionPlan, id: number): number {
  if (!(plan instanceof ColumnSource))
    return plan.children.reduce((sum, child) => sum + documentsFiltered(child, id), 0)
  if (!plan.options.runtime?.some((filter) => filter.id === id)) return 0
  return plan.table.layout.splits.reduce((sum, split) => sum + split.numDocs, 0)
}

/** The plan with a filter by key `id` in the sources of `expr`; null when there is none that can take it. */
function push(plan: ExecutionPlan, expr: Expr, id: number): ExecutionPlan | null {
  if (plan instanceof ColumnSource) return intoSource(plan, expr, id)
  if (plan instanceof FilterExec || (plan instanceof SortExec && plan.fetch === null)) {
    const input = push(plan.input, expr, id)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof ProjectionExec) {
    const below = substitute(expr, plan.exprs)
    if (below === null || !isInfallible(below)) return null
    const input = push(plan.input, below, id)
    return input === null ? null : plan.withChildren([input])
  }
  if (plan instanceof UnionExec) {
    const inputs = plan.children.map((child) => push(child, overInput(expr, child), id))
    return inputs.some((input) => input !== null)
      ? plan.withChildren(inputs.map((input, i) => input ?? plan.children[i]!))
      : null
  }
  if (plan instanceof DocIdJoinExec) return intoAddressJoin(plan, expr, id)
  if (plan instanceof HashJoinExec && plan.mode === 'collect_left') return intoProbeSide(plan, expr, id)
  return null
}

function intoSource(source: ColumnSource, expr: Expr, id: number): ExecutionPlan | null {
  const { options } = source
  if (options.top !== null || options.fetch !== null) return null
  const columns = columnsIn(expr)
  if (columns.length === 0 || columns.some((i) => i < addressFields.length)) return null
  const tags = tagsOf(source, expr)
  const filter = { id, expr, ...(tags === null ? {} : { tags }) }
  return source.withOptions({ ...options, runtime: [...(options.runtime ?? []), filter] })
}

/** Values of a tag field in each split that lists them; null for any other expression. */
function tagsOf({ table, options }: ColumnSource, expr: Expr): ReadonlyMap<string, readonly string[]> | null {
  const column = expr instanceof ColumnExpr ? options.columns[expr.index - addressFields.length] : undefined
  if (column?.source.kind !== 'column') return null
  const { name } = column.source
  const tag = table.indexes[0]?.mapping.field(name)?.tantivyName
  const isTag = table.indexes.every((index) => index.mapping.tagFields.some((field) => field.name === name))
  if (tag === undefined || !isTag) return null
  const values = new Map<string, readonly string[]>()
  for (const { splitId, tags } of table.layout.splits) {
    if (tags?.includes(`${tag}!`) !== true) continue
    const own = tags.filter((each) => each.startsWith(`${tag}:`)).map((each) => each.slice(tag.length + 1))
    values.set(splitId, own)
  }
  return values.size === 0 ? null : values
}

function intoAddressJoin(join: DocIdJoinExec, expr: Expr, id: number): ExecutionPlan | null {
  const below = belowJoin(expr, join)
  if (below === null || (below.side === 1 && join.joinType !== 'inner')) return null
  const input = push(join.children[below.side]!, below.expr, id)
  if (input === null) return null
  if (below.side === 0) return join.withChildren([input, join.right])
  const filtered = join.withChildren([join.left, input]) as DocIdJoinExec
  return searched(filtered) ?? inOneSource(filtered) ?? filtered
}

/** `f ⋈ d` and `(inv ⋈ f) ⋈ d` as one source, which finds its documents by the filter first. */
function inOneSource(join: DocIdJoinExec): ExecutionPlan | null {
  const plan = asOneSource(join)
  const input = plan?.children[0]
  if (!(plan instanceof ProjectionExec) || !(input instanceof DocIdJoinExec)) return plan
  return plan.withChildren([searched(input) ?? input])
}

/**
 * `inv ⋈ f` as `f` with the query of `inv`, which finds documents by both; null where `inv` gives more than documents.
 */
function searched({ left, right, schema }: DocIdJoinExec): ExecutionPlan | null {
  if (!(left instanceof InvertedIndexExec) || !(right instanceof ColumnSource)) return null
  const { filters, marks, scored, topK } = left.options
  if (marks.length > 0 || scored || topK !== null || filters.length === 0 || right.options.query.length > 0) return null
  const source = new FastFieldExec(right.table, { ...right.options, query: filters })
  // Both sides begin with the same address.
  const width = left.schema.fields.length
  const exprs = schema.fields.map(
    (field, i) => new ColumnExpr(i < width ? i : i - width, field.name, field.type, field.nullable),
  )
  return new ProjectionExec(source, exprs, schema)
}

/** The probing side of a join whose rows come out with their right side as it is. */
function intoProbeSide(join: HashJoinExec, expr: Expr, id: number): ExecutionPlan | null {
  const { joinType, left, right } = join
  const pairs = joinType === 'inner' || joinType === 'right'
  if (!pairs && joinType !== 'right_semi' && joinType !== 'right_anti') return null
  const first = pairs ? left.schema.fields.length : 0
  if (columnsIn(expr).some((i) => i < first)) return null
  const below = transformExpr(expr, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(node.index - first, node.name, node.type, node.nullable) : node,
  )
  const input = push(right, below, id)
  return input === null ? null : join.withChildren([left, input])
}

/** The same expression over the columns of a union's input, which may be NULL elsewhere. */
function overInput(expr: Expr, input: ExecutionPlan): Expr {
  return transformExpr(expr, (node) => {
    if (!(node instanceof ColumnExpr)) return node
    const field = input.schema.fields[node.index]!
    return new ColumnExpr(node.index, field.name, node.type, field.nullable)
  })
}

function columnsIn(expr: Expr): number[] {
  const found = new Set<number>()
  visitExpr(expr, (node) => {
    if (node instanceof ColumnExpr) found.add(node.index)
  })
  return [...found]
}
