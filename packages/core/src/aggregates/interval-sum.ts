import type { IntervalValue, ScalarValue } from '../types/scalar-value.ts'
import { INTERVAL } from '../types/type-factory.ts'
import type { GroupsAccumulator } from './aggregate-function.ts'
import { FoldAccumulator } from './fold-accumulator.ts'

/** Adds intervals part by part. */
export function intervalSum(): GroupsAccumulator {
  return new FoldAccumulator(INTERVAL, (a: ScalarValue, b: ScalarValue): ScalarValue => {
    const [left, right] = [a as IntervalValue, b as IntervalValue]
    return { months: left.months + right.months, days: left.days + right.days, nanos: left.nanos + right.nanos }
  })
}
