import {
  AggregateCall,
  SqlState,
  VolleyError,
  WindowCall,
  type AggregateFunction,
  type FrameBound,
  type WindowFunction,
} from '@volley/core'
import type { volley } from '../generated/messages.js'
import type { DecodeContext, EncodeContext } from '../node-codec.ts'
import { oneOf } from './message.ts'

type WireAggregate = volley.codec.AggregateCall.$Properties
type WireWindow = volley.codec.WindowCall.$Properties
type WireBound = volley.codec.FrameBound.$Properties

export function aggregateToWire(call: AggregateCall, context: EncodeContext): WireAggregate {
  return {
    function: call.fn.name,
    args: context.encodeExprs(call.args),
    distinct: call.distinct,
    filter: context.encodeOptionalExpr(call.filter),
    orderBy: context.encodeSortKeys(call.orderBy),
    type: context.encodeType(call.type),
    nullable: call.nullable,
    argTypes: call.argTypes.map((type) => context.encodeType(type)),
  }
}

/** @throws VolleyError (42883) when this version does not have the function. */
export function aggregateFromWire(wire: WireAggregate, context: DecodeContext): AggregateCall {
  return new AggregateCall(aggregateFunction(wire.function, context), context.decodeExprs(wire.args ?? []), {
    distinct: wire.distinct ?? false,
    filter: context.decodeOptionalExpr(wire.filter ?? 0),
    orderBy: context.decodeSortKeys(wire.orderBy ?? []),
    type: context.decodeType(wire.type ?? 0),
    nullable: wire.nullable ?? false,
    argTypes: (wire.argTypes ?? []).map((type) => context.decodeType(type)),
  })
}

export function windowToWire(call: WindowCall, context: EncodeContext): WireWindow {
  return {
    function: call.fn.name,
    aggregate: !isWindowFunction(call.fn),
    args: context.encodeExprs(call.args),
    partitionBy: context.encodeExprs(call.partitionBy),
    orderBy: context.encodeSortKeys(call.orderBy),
    units: call.frame.units,
    start: boundToWire(call.frame.start, context),
    end: boundToWire(call.frame.end, context),
    exclude: call.frame.exclude,
    type: context.encodeType(call.type),
    nullable: call.nullable,
    filter: context.encodeOptionalExpr(call.filter),
    ignoreNulls: call.ignoreNulls,
    distinct: call.distinct,
    argumentOrder: context.encodeSortKeys(call.argumentOrder),
  }
}

/** @throws VolleyError (42883) when this version does not have the function. */
export function windowFromWire(wire: WireWindow, context: DecodeContext): WindowCall {
  const fn = wire.aggregate ? aggregateFunction(wire.function, context) : windowFunction(wire.function, context)
  return new WindowCall(fn, context.decodeExprs(wire.args ?? []), {
    partitionBy: context.decodeExprs(wire.partitionBy ?? []),
    orderBy: context.decodeSortKeys(wire.orderBy ?? []),
    frame: {
      units: oneOf(wire.units, ['rows', 'range', 'groups'], 'the frame unit'),
      start: boundFromWire(wire.start ?? {}, context),
      end: boundFromWire(wire.end ?? {}, context),
      exclude: oneOf(wire.exclude, ['no_others', 'current_row', 'group', 'ties'], 'the frame exclusion'),
    },
    type: context.decodeType(wire.type ?? 0),
    nullable: wire.nullable ?? false,
    filter: context.decodeOptionalExpr(wire.filter ?? 0),
    ignoreNulls: wire.ignoreNulls ?? false,
    distinct: wire.distinct ?? false,
    argumentOrder: context.decodeSortKeys(wire.argumentOrder ?? []),
  })
}

export function unknownFunction(name: string): VolleyError {
  return new VolleyError(`the plan calls the function ${name}, which is not registered here`, {
    code: SqlState.undefinedFunction,
    hint: 'register the same functions on the coordinator and on all workers',
  })
}

function boundToWire(bound: FrameBound, context: EncodeContext): WireBound {
  return { kind: bound.kind, offset: context.encodeOptionalExpr(bound.offset) }
}

function boundFromWire(wire: WireBound, context: DecodeContext): FrameBound {
  const kinds = ['unbounded_preceding', 'preceding', 'current_row', 'following', 'unbounded_following'] as const
  return { kind: oneOf(wire.kind, kinds, 'the frame bound'), offset: context.decodeOptionalExpr(wire.offset ?? 0) }
}

function aggregateFunction(name: string | null | undefined, context: DecodeContext): AggregateFunction {
  const fn = context.functions.aggregate(name ?? '')
  if (fn === undefined) throw unknownFunction(name ?? '')
  return fn
}

function windowFunction(name: string | null | undefined, context: DecodeContext): WindowFunction {
  const fn = context.functions.window(name ?? '')
  if (fn === undefined) throw unknownFunction(name ?? '')
  return fn
}

function isWindowFunction(fn: AggregateFunction | WindowFunction): fn is WindowFunction {
  return 'usesFrame' in fn
}
