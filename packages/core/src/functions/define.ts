import type { DataType } from 'apache-arrow'
import { isFloat, isInteger } from '../types/coercion.ts'
import { typeName, typesEqual } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { unitOf } from '../types/type-factory.ts'
import type { FunctionExample, ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'
import type { Vector } from '../vectors/vector.ts'

/** One form of a function: what it takes and returns. */
export interface Overload {
  readonly args: readonly DataType[]
  readonly returns: DataType
  /** The last argument may be left out, or repeated any number of times. */
  readonly variadic?: boolean
}

export interface FunctionDefinition {
  readonly name: string
  readonly aliases?: readonly string[]
  readonly category: string
  readonly description: string
  readonly examples: readonly (readonly [sql: string, result: string])[]
  readonly volatility?: 'immutable' | 'stable' | 'volatile'
  readonly nullable?: ResolvedFunction['nullable']
  /** Tried by the least conversions; instead of `resolve`. */
  readonly overloads?: readonly Overload[]
  readonly resolve?: ScalarFunction['resolve']
  readonly evaluate: (call: ScalarCall) => Vector
}

/** Makes a function of its description. */
export function defineFunction(definition: FunctionDefinition): ScalarFunction {
  const { overloads = [], nullable = 'propagate' } = definition
  const examples: FunctionExample[] = definition.examples.map(([sql, result]) => ({ sql, result }))
  return {
    name: definition.name,
    ...(definition.aliases === undefined ? {} : { aliases: definition.aliases }),
    category: definition.category,
    description: definition.description,
    examples,
    volatility: definition.volatility ?? 'immutable',
    resolve: definition.resolve ?? ((argTypes, literals) => resolveOverload(overloads, argTypes, literals, nullable)),
    evaluate: definition.evaluate,
  }
}

/** Cost of an implicit conversion of an argument; null when there is none. */
export function conversionCost(from: DataType, to: DataType, literal: ScalarValue | undefined): number | null {
  if (typesEqual(from, to)) return 0
  const source = typeName(from)
  const target = typeName(to)
  if (source === 'Null') return 1
  if (source === 'Utf8' && literal !== undefined) return 2
  if (isInteger(from)) {
    if (isInteger(to)) return widerInteger(source, target) ? 1 : null
    return target === 'Decimal' ? 2 : isFloat(to) ? 3 : null
  }
  if (source === 'Decimal') return target === 'Decimal' ? 1 : isFloat(to) ? 2 : null
  if (source === 'Float32') return target === 'Float64' ? 1 : null
  if (source === 'Json') return target === 'Utf8' ? 1 : null
  if (source === 'Date') return target === 'Timestamp' ? 1 : null
  return source === 'Timestamp' && target === 'Timestamp' && unitOf(to) >= unitOf(from) ? 1 : null
}

function widerInteger(source: string, target: string): boolean {
  const bits = (name: string): number => Number(name.replace(/\D/g, ''))
  if (source.startsWith('U') === target.startsWith('U')) return bits(target) >= bits(source)
  // An unsigned 64-bit value that does not fit raises when it is cast.
  return target === 'Int64' || (source.startsWith('U') && bits(target) > bits(source))
}

/** The overload with the least conversions; null when none fits. */
function resolveOverload(
  overloads: readonly Overload[],
  argTypes: readonly DataType[],
  literals: readonly (ScalarValue | undefined)[],
  nullable: ResolvedFunction['nullable'],
): ResolvedFunction | null {
  let best: ResolvedFunction | null = null
  let bestCost = Infinity
  for (const overload of overloads) {
    const wanted = spread(overload, argTypes.length)
    if (wanted === null) continue
    let cost = 0
    for (let i = 0; i < argTypes.length; i++) {
      cost += conversionCost(argTypes[i]!, wanted[i]!, literals[i]) ?? Infinity
    }
    if (cost < bestCost) {
      bestCost = cost
      best = { argTypes: wanted, returnType: overload.returns, nullable }
    }
  }
  return best
}

function spread(overload: Overload, count: number): readonly DataType[] | null {
  const { args, variadic = false } = overload
  if (!variadic) return args.length === count ? args : null
  if (count < args.length - 1) return null
  return Array.from({ length: count }, (_, i) => args[Math.min(i, args.length - 1)]!)
}
