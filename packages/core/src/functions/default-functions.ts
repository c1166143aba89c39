import { AGGREGATE_FUNCTIONS } from '../aggregates/default-aggregates.ts'
import { WINDOW_FUNCTIONS } from '../windows/default-windows.ts'
import { arrayAny } from './any-function.ts'
import { ARRAY_FUNCTIONS } from './array-functions.ts'
import { BIT_FUNCTIONS } from './bit-functions.ts'
import { BYTES_FUNCTIONS } from './bytes-functions.ts'
import { CLOCK_FUNCTIONS } from './clock-functions.ts'
import { CONDITIONAL_FUNCTIONS } from './conditional-functions.ts'
import { DATE_FUNCTIONS } from './date-functions.ts'
import { FunctionRegistry } from './function-registry.ts'
import { HASH_FUNCTIONS } from './hash-functions.ts'
import { JSON_FUNCTIONS } from './json-functions.ts'
import { LIST_FUNCTIONS } from './list-functions.ts'
import { MAP_FUNCTIONS } from './map-functions.ts'
import { MATH_FUNCTIONS } from './math-functions.ts'
import { MORE_MATH_FUNCTIONS } from './more-math-functions.ts'
import type { ScalarFunction } from './scalar-function.ts'
import { REGEX_FUNCTIONS } from './regex-functions.ts'
import { REGEX_SEARCH_FUNCTIONS } from './regex-search-functions.ts'
import { SERIES_FUNCTIONS } from './series-functions.ts'
import { VARIADIC_FUNCTIONS } from './variadic-functions.ts'
import { INTERVAL_FUNCTIONS } from './interval-functions.ts'
import { STRUCT_FUNCTIONS } from './struct-functions.ts'
import { SYSTEM_FUNCTIONS } from './system-functions.ts'
import { TEXT_SEARCH_FUNCTIONS } from './text-search-functions.ts'
import { CONCAT_FUNCTIONS, TEXT_FUNCTIONS } from './text-functions.ts'

/** Every scalar function that ships with the engine, one family per file. */
export const SCALAR_FUNCTIONS: readonly ScalarFunction[] = [
  ...TEXT_FUNCTIONS,
  ...CONCAT_FUNCTIONS,
  ...TEXT_SEARCH_FUNCTIONS,
  ...BYTES_FUNCTIONS,
  ...REGEX_FUNCTIONS,
  ...REGEX_SEARCH_FUNCTIONS,
  ...MATH_FUNCTIONS,
  ...MORE_MATH_FUNCTIONS,
  ...BIT_FUNCTIONS,
  ...DATE_FUNCTIONS,
  ...CLOCK_FUNCTIONS,
  ...JSON_FUNCTIONS,
  ...ARRAY_FUNCTIONS,
  arrayAny,
  ...LIST_FUNCTIONS,
  ...MAP_FUNCTIONS,
  ...SERIES_FUNCTIONS,
  ...CONDITIONAL_FUNCTIONS,
  ...SYSTEM_FUNCTIONS,
  ...STRUCT_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...INTERVAL_FUNCTIONS,
  ...VARIADIC_FUNCTIONS,
]

/** A new registry with every function that ships with the engine. */
export function defaultFunctions(): FunctionRegistry {
  const registry = new FunctionRegistry()
  for (const fn of SCALAR_FUNCTIONS) registry.registerScalar(fn)
  for (const fn of AGGREGATE_FUNCTIONS) registry.registerAggregate(fn)
  for (const fn of WINDOW_FUNCTIONS) registry.registerWindow(fn)
  return registry
}
