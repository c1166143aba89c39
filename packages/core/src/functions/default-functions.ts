import { FunctionRegistry } from './function-registry.ts'
import type { ScalarFunction } from './scalar-function.ts'

/** Every scalar function that ships with the engine, one family per file. */
export const SCALAR_FUNCTIONS: readonly ScalarFunction[] = []

/** A new registry with every function that ships with the engine. */
export function defaultFunctions(): FunctionRegistry {
  const registry = new FunctionRegistry()
  for (const fn of SCALAR_FUNCTIONS) registry.registerScalar(fn)
  return registry
}
