import { parseInstant } from '../query-language/datetime-literal.ts'
import type { Bound, BoundLiteral, QueryAst } from '../query-language/query-ast.ts'

const SECOND = 1_000_000_000n

/** Seconds; the start is included, the end is not; null is open. */
export interface TimeBounds {
  readonly start: bigint | null
  readonly end: bigint | null
}

/**
 * What a query requires of the timestamp field, in whole seconds, together with `given`: bounds of ranges and equality in
 * required clauses. An excluded lower bound counts as the next whole second, as in Quickwit, which so loses what lies
 * between.
 */
export function timeBoundsOf(ast: QueryAst, field: string, given: TimeBounds): TimeBounds {
  let { start, end } = given
  const from = (literal: BoundLiteral, included: boolean): void => {
    const instant = parseInstant(String(literal))
    if (instant === null) return
    const second = floorSecond(instant) + (included ? 0n : 1n)
    if (start === null || second > start) start = second
  }
  const to = (literal: BoundLiteral, included: boolean): void => {
    const instant = parseInstant(String(literal))
    if (instant === null) return
    const second = floorSecond(instant) + (included || instant % SECOND !== 0n ? 1n : 0n)
    if (end === null || second < end) end = second
  }
  const visit = (node: QueryAst): void => {
    switch (node.type) {
      case 'bool':
        for (const child of [...(node.must ?? []), ...(node.filter ?? [])]) visit(child)
        return
      case 'boost':
        return visit(node.underlying)
      case 'range':
        if (node.field !== field) return
        withBound(node.lower_bound, from)
        withBound(node.upper_bound, to)
        return
      case 'term':
        if (node.field !== field) return
        from(node.value, true)
        to(node.value, true)
        return
      case 'term_set': {
        const values = node.terms_per_field[field]
        if (values === undefined || values.length === 0) return
        from(values[0]!, true)
        to(values.at(-1)!, true)
      }
    }
  }
  visit(ast)
  return { start, end }
}

/**
 * The query as it runs in one split: required ranges of the timestamp field become one filter, together with `bounds`, of
 * which what all of the split satisfies is left out.
 */
export function withTimeFilter(
  ast: QueryAst,
  field: string,
  bounds: TimeBounds,
  split: { readonly start: number; readonly end: number } | null,
): QueryAst {
  let lower: TimeBound | null = bounds.start === null ? null : { nanos: bounds.start * SECOND, included: true }
  let upper: TimeBound | null = bounds.end === null ? null : { nanos: bounds.end * SECOND, included: false }
  const rest = (node: QueryAst): QueryAst => {
    switch (node.type) {
      case 'bool':
        return {
          ...node,
          ...(node.must && { must: node.must.map(rest) }),
          ...(node.filter && { filter: node.filter.map(rest) }),
        }
      case 'boost':
        return { ...node, underlying: rest(node.underlying) }
      case 'range':
        if (node.field !== field) return node
        withBound(node.lower_bound, (literal, included) => {
          const nanos = parseInstant(String(literal))
          if (nanos !== null && isTighter({ nanos, included }, lower, 1)) lower = { nanos, included }
        })
        withBound(node.upper_bound, (literal, included) => {
          const nanos = parseInstant(String(literal))
          if (nanos !== null && isTighter({ nanos, included }, upper, -1)) upper = { nanos, included }
        })
        return { type: 'match_all' }
      default:
        return node
    }
  }
  const query = rest(ast)
  const from = needed(lower, split === null ? null : BigInt(split.start) * SECOND, 1)
  const to = needed(upper, split === null ? null : (BigInt(split.end) + 1n) * SECOND, -1)
  if (from === 'Unbounded' && to === 'Unbounded') return query
  const filter: QueryAst = { type: 'range', field, lower_bound: from, upper_bound: to }
  const required = query.type !== 'bool' || hasOnlyShould(query)
  return required
    ? { type: 'bool', must: [query], filter: [filter] }
    : { ...query, filter: [...(query.filter ?? []), filter] }
}

interface TimeBound {
  readonly nanos: bigint
  readonly included: boolean
}

function hasOnlyShould({ must, filter, should }: Extract<QueryAst, { type: 'bool' }>): boolean {
  return (must ?? []).length + (filter ?? []).length === 0 && (should ?? []).length > 0
}

/** Whether a bound cuts more than another: a lower one (`sign` 1) that is higher, or an excluded one of the same instant. */
function isTighter(bound: TimeBound, than: TimeBound | null, sign: 1 | -1): boolean {
  if (than === null) return true
  if (bound.nanos === than.nanos) return !bound.included
  return bound.nanos > than.nanos === (sign === 1)
}

/** A bound as a literal; open where the whole split satisfies it. */
function needed(bound: TimeBound | null, edge: bigint | null, sign: 1 | -1): Bound {
  if (bound === null) return 'Unbounded'
  const { nanos, included } = bound
  if (edge !== null) {
    const cuts = sign === 1 ? nanos > edge || (nanos === edge && !included) : nanos < edge
    if (!cuts) return 'Unbounded'
  }
  return included ? { Included: nanos } : { Excluded: nanos }
}

function withBound(bound: Bound, use: (literal: BoundLiteral, included: boolean) => void): void {
  if (bound === 'Unbounded') return
  if ('Included' in bound) use(bound.Included, true)
  else use(bound.Excluded, false)
}

function floorSecond(nanos: bigint): bigint {
  const second = nanos / SECOND
  return nanos % SECOND < 0n ? second - 1n : second
}
