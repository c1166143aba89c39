import type { AggregateFunction } from './aggregate-function.ts'

/** Every aggregate function that ships with the engine. */
export const AGGREGATE_FUNCTIONS: readonly AggregateFunction[] = []
