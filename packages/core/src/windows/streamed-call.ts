import { AggregateCall } from '../aggregates/aggregate-call.ts'
import { LiteralExpr } from '../expressions/literal-expr.ts'
import type { Expr } from '../expressions/expr.ts'
import type { FrameBound, WindowCall } from './window-call.ts'

/** Rows around a row up to which they are kept for a call. */
const NEAR = 4096
/** The same for calls that have no other way. */
const MOST_NEAR = 65_536

export type RankingName = 'row_number' | 'rank' | 'dense_rank' | 'percent_rank' | 'cume_dist' | 'ntile'

/** How a call is evaluated over sorted rows that come one batch after the other. */
export type StreamedCall =
  /** By the places of the row, its peers and its partition alone. */
  | { readonly kind: 'ranking'; readonly name: RankingName; readonly call: WindowCall }
  /** An aggregate from the partition's begin to the row. */
  | { readonly kind: 'row'; readonly aggregate: AggregateCall; readonly call: WindowCall }
  /** An aggregate from the partition's begin to the row's last peer, or over all of the partition. */
  | { readonly kind: 'peers' | 'partition'; readonly aggregate: AggregateCall; readonly call: WindowCall }
  /** By rows anywhere in the partition, which are looked up. */
  | { readonly kind: 'framed'; readonly aggregate: AggregateCall | null; readonly call: WindowCall }
  /** By so many rows before and behind the row. */
  | { readonly kind: 'near'; readonly before: number; readonly after: number; readonly call: WindowCall }

const RANKING: ReadonlySet<string> = new Set([
  'row_number',
  'rank',
  'dense_rank',
  'percent_rank',
  'cume_dist',
  'ntile',
] satisfies RankingName[])

/** Null for a call that needs all of its partition at once. */
export function streamedCall(call: WindowCall): StreamedCall | null {
  const { fn, frame } = call
  if ('usesFrame' in fn) {
    if (fn.name === 'ntile' && !(call.args[0] instanceof LiteralExpr)) return null
    if (RANKING.has(fn.name)) return { kind: 'ranking', name: fn.name as RankingName, call }
    if (call.ignoreNulls) return fn.usesFrame ? nearFrame(call, MOST_NEAR) : null
    const near = fn.usesFrame ? nearFrame(call, NEAR) : nearShift(call)
    return near ?? { kind: 'framed', aggregate: null, call }
  }
  const argTypes = call.args.map((arg) => arg.type)
  const { distinct, type, nullable, argumentOrder: orderBy } = call
  const aggregate = new AggregateCall(fn, call.args, { distinct, filter: null, orderBy, type, nullable, argTypes })
  if (aggregate.holdsRows) return nearFrame(call, MOST_NEAR)
  if (frame.exclude === 'no_others' && frame.start.kind === 'unbounded_preceding') {
    if (frame.end.kind === 'unbounded_following') return { kind: 'partition', aggregate, call }
    if (frame.end.kind === 'current_row') return { kind: frame.units === 'rows' ? 'row' : 'peers', aggregate, call }
  }
  return nearFrame(call, NEAR) ?? { kind: 'framed', aggregate, call }
}

/** lag and lead by a number of rows that is known. */
function nearShift(call: WindowCall): StreamedCall | null {
  const by = call.args[1] === undefined ? 1 : numberOf(call.args[1])
  if (by === null || Math.abs(by) > NEAR) return null
  const before = call.fn.name === 'lag' ? by : -by
  return { kind: 'near', before: Math.max(0, before), after: Math.max(0, -before), call }
}

/** Frames of rows with known ends, no farther away than `most` rows. */
function nearFrame(call: WindowCall, most: number): StreamedCall | null {
  const { units, start, end, exclude } = call.frame
  if (units !== 'rows' || (exclude !== 'no_others' && exclude !== 'current_row')) return null
  const first = offsetOf(start)
  const last = offsetOf(end)
  if (first === null || last === null || Math.max(Math.abs(first), Math.abs(last)) > most) return null
  return { kind: 'near', before: Math.max(0, -first, -last), after: Math.max(0, first, last), call }
}

function offsetOf(bound: FrameBound): number | null {
  if (bound.kind === 'current_row') return 0
  const offset = bound.offset === null ? null : numberOf(bound.offset)
  if (offset === null) return null
  return bound.kind === 'preceding' ? -offset : offset
}

function numberOf(expr: Expr): number | null {
  if (!(expr instanceof LiteralExpr) || expr.value === null) return null
  const value = Number(expr.value)
  return Number.isInteger(value) ? value : null
}
