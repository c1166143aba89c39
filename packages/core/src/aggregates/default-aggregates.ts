import type { AggregateFunction } from './aggregate-function.ts'
import { approxDistinct } from './approx-distinct.ts'
import { arrayAgg } from './array-agg.ts'
import { avg } from './avg.ts'
import { BIT_AGGREGATES } from './bit-aggregates.ts'
import { boolAnd, boolOr } from './bool-and-or.ts'
import { count } from './count.ts'
import { anyValue, firstAggregate, lastAggregate } from './first-last.ts'
import { max, min } from './min-max.ts'
import { MOMENT_FUNCTIONS, regrCount } from './moments.ts'
import { nthAggregate } from './nth-value.ts'
import { median, mode, percentileCont, percentileDisc, quantileCont, weightedQuantileCont } from './percentile.ts'
import { stringAgg } from './string-agg.ts'
import { sum } from './sum.ts'

/** Every aggregate function that ships with the engine. */
export const AGGREGATE_FUNCTIONS: readonly AggregateFunction[] = [
  count,
  sum,
  avg,
  min,
  max,
  boolAnd,
  boolOr,
  ...BIT_AGGREGATES,
  ...MOMENT_FUNCTIONS,
  regrCount,
  stringAgg,
  arrayAgg,
  firstAggregate,
  lastAggregate,
  anyValue,
  nthAggregate,
  percentileCont,
  percentileDisc,
  quantileCont,
  weightedQuantileCont,
  median,
  mode,
  approxDistinct,
]
