import {
  CoalesceExpr,
  ComparisonExpr,
  conjunction,
  conjuncts,
  notSupported,
  transformExpr,
  type Expr,
} from '@volley/core'
import { freeOuterIds, refOf } from '../expressions/analysis.ts'
import { OuterRef } from '../logical/expressions.ts'
import {
  Aggregate,
  Filter,
  Join,
  Limit,
  Projection,
  Sort,
  Union,
  Values,
  Window,
  type ColumnId,
  type LogicalColumn,
  type LogicalPlan,
} from '../logical/logical-plan.ts'
import type { RuleContext } from './logical-rule.ts'
import { renumber } from './renumber-plan.ts'
import { limitWithin, partitionedBy, zero, type Unnested } from './unnest-subquery.ts'

/** A plan computed for every value of the domain: its own columns, and the domain's by the outer column that each copies. */
interface Dependent {
  readonly plan: LogicalPlan
  readonly domain: ReadonlyMap<ColumnId, LogicalColumn>
}

/**
 * Computes a subquery once for each distinct combination of the outer values that it refers to (the domain), pushing the domain
 * down to where the references stand; the result is joined with the enclosing query on the domain's columns (Neumann and
 * Kemper, "Unnesting Arbitrary Queries", 2015). The enclosing query's plan is computed twice.
 *
 * @throws VolleyError for references inside a recursive query.
 */
export function unnestByDomain(plan: LogicalPlan, outer: LogicalPlan, context: RuleContext): Unnested {
  const free = freeOuterIds(plan)
  const columns = outer.columns.filter((column) => free.has(column.id))
  const pushed = new DomainPusher(outer, columns, context).push(plan)
  const conditions = columns.map((column) => same(refOf(column), refOf(pushed.domain.get(column.id)!)))
  return { plan: pushed.plan, conditions, outputs: new Map(), total: false, presence: null }
}

function same(a: Expr, b: Expr): Expr {
  return new ComparisonExpr(a.nullable || b.nullable ? 'IS NOT DISTINCT FROM' : '=', a, b)
}

function passing(columns: readonly LogicalColumn[]): { column: LogicalColumn; expr: Expr }[] {
  return columns.map((column) => ({ column, expr: refOf(column) }))
}

class DomainPusher {
  readonly #outer: LogicalPlan
  readonly #columns: readonly LogicalColumn[]
  readonly #ids: ReadonlySet<ColumnId>
  readonly #context: RuleContext

  constructor(outer: LogicalPlan, columns: readonly LogicalColumn[], context: RuleContext) {
    this.#outer = outer
    this.#columns = columns
    this.#ids = new Set(columns.map((column) => column.id))
    this.#context = context
  }

  push(plan: LogicalPlan): Dependent {
    if (!this.#isCorrelated(plan)) {
      const domain = this.#newDomain()
      return { plan: new Join(domain.plan, plan, 'inner', null), domain: domain.domain }
    }
    if (plan instanceof Filter) {
      const input = this.push(plan.input)
      return { ...input, plan: new Filter(input.plan, this.#lift(plan.predicate, input)) }
    }
    if (plan instanceof Projection) return this.#projection(plan)
    if (plan instanceof Aggregate) return this.#aggregate(plan)
    if (plan instanceof Join) return this.#join(plan)
    if (plan instanceof Sort && plan.fetch === null) return this.push(plan.input)
    if (plan instanceof Limit) return this.#limit(plan)
    if (plan instanceof Window) return this.#window(plan)
    if (plan instanceof Union) return this.#union(plan)
    if (plan instanceof Values) return this.#values(plan)
    throw notSupported(`a reference to the enclosing query below ${plan.kind}`)
  }

  #isCorrelated(plan: LogicalPlan): boolean {
    for (const id of freeOuterIds(plan)) if (this.#ids.has(id)) return true
    return false
  }

  /** The distinct outer values, from a copy of the enclosing plan. */
  #newDomain(): Dependent {
    const { plan, columns } = renumber(this.#outer, this.#context)
    const groups = this.#columns.map((column) => {
      const copied = columns.get(column.id)!
      return { column: { ...copied, id: this.#context.newId() }, expr: refOf(copied) }
    })
    const domain = new Map(this.#columns.map((column, i) => [column.id, groups[i]!.column]))
    return { plan: new Aggregate(plan, groups, null, null, []), domain }
  }

  #lift(expr: Expr, input: Dependent): Expr {
    return transformExpr(expr, (node) =>
      node instanceof OuterRef && input.domain.has(node.ref.id) ? refOf(input.domain.get(node.ref.id)!) : node,
    )
  }

  #projection(plan: Projection): Dependent {
    const input = this.push(plan.input)
    const exprs = plan.exprs.map(({ column, expr }) => ({ column, expr: this.#lift(expr, input) }))
    return { ...input, plan: new Projection(input.plan, [...exprs, ...passing([...input.domain.values()])]) }
  }

  #aggregate(plan: Aggregate): Dependent {
    const input = this.push(plan.input)
    const lifted = plan
      .withChildren([input.plan])
      .withExpressions(plan.expressions.map((expr) => this.#lift(expr, input))) as Aggregate
    const keys = passing([...input.domain.values()])
    const positions = keys.map((_, i) => plan.groups.length + i)
    const sets = plan.groupingSets?.map((set) => [...set, ...positions]) ?? null
    if (sets !== null && plan.groupingSets!.some((set) => set.length === 0)) {
      throw notSupported('a correlated aggregate with an empty grouping set')
    }
    const grouped = new Aggregate(input.plan, [...lifted.groups, ...keys], sets, plan.groupingId, lifted.aggregates)
    if (plan.groups.length > 0 || plan.groupingSets !== null) {
      return { plan: grouped, domain: input.domain }
    }
    const every = this.#newDomain()
    const on = this.#columns.map((column) =>
      same(refOf(every.domain.get(column.id)!), refOf(input.domain.get(column.id)!)),
    )
    const joined = new Join(every.plan, grouped, 'left', conjunction(on))
    const values = plan.aggregates.map(({ column, call }) => {
      const ref = refOf({ ...column, nullable: true })
      return { column, expr: call.fn.neverNull === true ? new CoalesceExpr([ref, zero(column)], column.type) : ref }
    })
    return { plan: new Projection(joined, [...values, ...passing([...every.domain.values()])]), domain: every.domain }
  }

  #join(plan: Join): Dependent {
    const { joinType } = plan
    const keepsRight = joinType === 'right' || joinType === 'full'
    const inner = joinType === 'inner'
    const rightCorrelated = this.#isCorrelated(plan.right)
    const pushLeft =
      joinType === 'full' ||
      (joinType === 'right'
        ? this.#isCorrelated(plan.left)
        : !inner || this.#isCorrelated(plan.left) || !rightCorrelated)
    const pushRight = keepsRight || rightCorrelated
    const left = pushLeft ? this.push(plan.left) : null
    const right = pushRight ? this.push(plan.right) : null
    const shown = joinType === 'right' ? right! : (left ?? right!)
    const own = plan.condition === null ? [] : conjuncts(plan.condition).map((expr) => this.#lift(expr, shown))
    const together =
      left === null || right === null
        ? []
        : this.#columns.map((column) => same(refOf(left.domain.get(column.id)!), refOf(right.domain.get(column.id)!)))
    const join = new Join(
      left?.plan ?? plan.left,
      right?.plan ?? plan.right,
      joinType,
      conjunction([...own, ...together]),
      plan.mark,
      plan.nullAware,
    )
    if (joinType !== 'full') return { plan: join, domain: shown.domain }
    const merged = this.#columns.map((column) => {
      const [a, b] = [left!.domain.get(column.id)!, right!.domain.get(column.id)!]
      const expr = new CoalesceExpr([refOf({ ...a, nullable: true }), refOf({ ...b, nullable: true })], a.type)
      return { column: { ...a, id: this.#context.newId(), nullable: true }, expr }
    })
    const domain = new Map(this.#columns.map((column, i) => [column.id, merged[i]!.column]))
    return { plan: new Projection(join, [...passing(join.columns), ...merged]), domain }
  }

  #limit(plan: Limit): Dependent {
    const sort = plan.input instanceof Sort ? plan.input : null
    const input = this.push(sort === null ? plan.input : sort.input)
    const orderBy = (sort?.keys ?? []).map((key) => ({ ...key, expr: this.#lift(key.expr, input) }))
    const partitionBy = [...input.domain.values()].map(refOf)
    const limited = limitWithin(input.plan, partitionBy, orderBy, plan, this.#context)
    if (limited === null) throw notSupported('LIMIT in a correlated subquery without row_number()')
    return { plan: limited, domain: input.domain }
  }

  #window(plan: Window): Dependent {
    const input = this.push(plan.input)
    const added = [...input.domain.values()].map(refOf)
    const lifted = plan
      .withChildren([input.plan])
      .withExpressions(plan.expressions.map((expr) => this.#lift(expr, input))) as Window
    const windows = lifted.windows.map(({ column, call }) => ({ column, call: partitionedBy(call, added) }))
    return { plan: new Window(input.plan, windows), domain: input.domain }
  }

  #union(plan: Union): Dependent {
    const inputs = plan.children.map((child) => {
      const pushed = this.push(child)
      const domain = this.#columns.map((column) => pushed.domain.get(column.id)!)
      const byId = new Map(pushed.plan.columns.map((column) => [column.id, column]))
      return new Projection(
        pushed.plan,
        [...child.columns.map((column) => byId.get(column.id)!), ...domain].map((column) => ({
          column: { ...column, id: this.#context.newId() },
          expr: refOf(column),
        })),
      )
    })
    const added = this.#columns.map((column) => ({ ...column, id: this.#context.newId(), nullable: true }))
    const domain = new Map(this.#columns.map((column, i) => [column.id, added[i]!]))
    return { plan: new Union(inputs, [...plan.columns, ...added]), domain }
  }

  #values(plan: Values): Dependent {
    const rows = plan.rows.map((row) => {
      const domain = this.#newDomain()
      const exprs = row.map((expr, i) => ({
        column: { ...plan.columns[i]!, id: this.#context.newId() },
        expr: this.#lift(expr, domain),
      }))
      return new Projection(domain.plan, [...exprs, ...passing([...domain.domain.values()])])
    })
    const added = this.#columns.map((column) => ({ ...column, id: this.#context.newId(), nullable: true }))
    const domain = new Map(this.#columns.map((column, i) => [column.id, added[i]!]))
    return { plan: new Union(rows, [...plan.columns, ...added]), domain }
  }
}
