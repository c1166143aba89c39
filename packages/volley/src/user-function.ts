import { defineFunction, evaluateRows, type ScalarFunction, type ScalarValue } from '@volley/core'
import type { DataType } from 'apache-arrow'

/** A function of one row's values, for the queries of a session. */
export interface UserFunction {
  readonly name: string
  /** What its arguments are cast to. */
  readonly args: readonly DataType[]
  readonly returns: DataType
  /** Values as results have them: 64-bit integers and times are bigint. Not called where an argument is NULL. */
  readonly call: (...values: ScalarValue[]) => ScalarValue
  /** Whether equal arguments may give different values in one statement. Default false. */
  readonly volatile?: boolean
}

export function scalarFunctionOf({ name, args, returns, call, volatile = false }: UserFunction): ScalarFunction {
  return defineFunction({
    name: name.toLowerCase(),
    category: 'session',
    description: 'A function that was registered in this session.',
    examples: [],
    volatility: volatile ? 'volatile' : 'stable',
    nullable: 'always',
    overloads: [{ args, returns }],
    evaluate: (batch) => evaluateRows(batch, (values) => call(...values)),
  })
}
