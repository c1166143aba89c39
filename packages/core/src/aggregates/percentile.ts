import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { SqlState, VolleyError } from '../errors.ts'
import { sortSteps } from '../operators/sort-rows.ts'
import type { Steps } from '../runtime/run-steps.ts'
import { isNumeric, resolveNull } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { BINARY, FLOAT64, listType } from '../types/type-factory.ts'
import { ColumnComparator } from '../vectors/compare.ts'
import { Operand } from '../vectors/operand.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import { PrimitiveVector, type Vector } from '../vectors/vector.ts'
import type { AggregateFunction, ResolvedAggregate } from './aggregate-function.ts'
import { ListAccumulator, type FinishLists } from './list-accumulator.ts'
import type { ListedRows } from './row-lists.ts'
import { float64Vector, floatsOf } from './state-vectors.ts'

const STATE: readonly DataType[] = [listType(BINARY)]

function isNumber(type: DataType | undefined): boolean {
  return type !== undefined && (isNumeric(type) || typeName(type) === 'Null')
}

function interpolated(argTypes: readonly DataType[], arity: number): ResolvedAggregate | null {
  if (argTypes.length !== arity || !argTypes.every(isNumber)) return null
  return { argTypes: argTypes.map(() => FLOAT64), returnType: FLOAT64, stateTypes: STATE }
}

/** percentile_cont(fraction) WITHIN GROUP (ORDER BY x): between the two values around the fraction, by distance. */
export const percentileCont: AggregateFunction = {
  name: 'percentile_cont',
  description: 'Value at a fraction of the ordered values, interpolated between neighbours.',
  examples: [{ sql: 'percentile_cont(0.5) WITHIN GROUP (ORDER BY 2.0)', result: '2' }],
  ordered: true,
  orderedSet: true,
  resolve: (argTypes) => interpolated(argTypes, 2),
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 1, interpolate(0, 1, false)),
}

/** percentile_disc(fraction) WITHIN GROUP (ORDER BY x): the first value whose place reaches the fraction. */
export const percentileDisc: AggregateFunction = {
  name: 'percentile_disc',
  description: 'First of the ordered values whose place is at or after a fraction.',
  examples: [{ sql: 'percentile_disc(0.5) WITHIN GROUP (ORDER BY 2)', result: '2' }],
  ordered: true,
  orderedSet: true,
  resolve(argTypes) {
    if (argTypes.length !== 2 || !isNumber(argTypes[0])) return null
    const type = resolveNull(argTypes[1]!)
    return { argTypes: [FLOAT64, type], returnType: type, stateTypes: STATE }
  },
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 1, atFraction),
}

/** quantile_cont(x, fraction): percentile_cont as a plain call; also what approx_percentile gives, exactly. */
export const quantileCont: AggregateFunction = {
  name: 'quantile_cont',
  aliases: ['approx_percentile', 'approx_percentile_cont', 'quantile'],
  description: 'Value at a fraction of the values in ascending order, interpolated between neighbours.',
  examples: [{ sql: 'quantile_cont(2.0, 0.5)', result: '2' }],
  resolve: (argTypes) => interpolated(argTypes, 2),
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 0, interpolate(1, 0, true)),
}

/** The same over values that each stand for as many as their weight says. */
export const weightedQuantileCont: AggregateFunction = {
  name: 'approx_percentile_cont_with_weight',
  description:
    'Value at a fraction of the ordered values, each counted as often as its weight; interpolated, and exact.',
  examples: [{ sql: 'approx_percentile_cont_with_weight(2.0, 3, 0.5)', result: '2' }],
  resolve: (argTypes) => interpolated(argTypes, 3),
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 0, interpolateWeighted),
}

/** median(x): percentile_cont(0.5). */
export const median: AggregateFunction = {
  name: 'median',
  aliases: ['approx_median'],
  description: 'Middle of the ordered values; of an even number, the mean of the middle two.',
  examples: [{ sql: 'median(2.0)', result: '2' }],
  resolve: (argTypes) => interpolated(argTypes, 1),
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 0, interpolate(null, 0, true)),
}

/** mode() WITHIN GROUP (ORDER BY x): the most frequent value, the first of them in the order. */
export const mode: AggregateFunction = {
  name: 'mode',
  description: 'Most frequent value; of several, the first in the order.',
  examples: [{ sql: 'mode() WITHIN GROUP (ORDER BY 2)', result: '2' }],
  ordered: true,
  orderedSet: true,
  resolve(argTypes) {
    if (argTypes.length !== 1) return null
    const type = resolveNull(argTypes[0]!)
    return { argTypes: [type], returnType: type, stateTypes: STATE }
  },
  createAccumulator: (argTypes) => new ListAccumulator(argTypes, 0, mostFrequent),
}

/** The fraction of a group, of its first row; null when it is NULL. */
function fractionOf(fractions: Vector | null, row: number): number | null {
  if (fractions === null) return 0.5
  const operand = new Operand(fractions)
  if (!operand.isValid(row)) return null
  const fraction = floatsOf(operand)[row & operand.mask]!
  if (fraction >= 0 && fraction <= 1) return fraction
  throw new VolleyError(`percentile value ${fraction} is not between 0 and 1`, {
    code: SqlState.numericValueOutOfRange,
  })
}

/** Values that are sorted without giving way. */
const AT_ONCE = 16_384

function ascending(values: Float64Array): Steps<Uint32Array> {
  const vector = new PrimitiveVector(FLOAT64, values.length, null, values)
  return sortSteps([vector], [{ descending: false, nullsFirst: false }], values.length)
}

/** Interpolates between values that come sorted, or are sorted here. */
function interpolate(fractionColumn: number | null, valueColumn: number, sorts: boolean): FinishLists {
  return function* ({ offsets, columns }: ListedRows, groupCount: number, region: Region): Steps<Vector> {
    const fractions = fractionColumn === null ? null : columns[fractionColumn]!
    const values = floatsOf(new Operand(columns[valueColumn]!))
    const results = new Float64Array(groupCount)
    const validity = region.bitmap(groupCount, false)
    for (let g = 0; g < groupCount; g++) {
      const start = offsets[g]!
      const count = offsets[g + 1]! - start
      const fraction = count === 0 ? null : fractionOf(fractions, start)
      if (fraction === null) continue
      const run = values.subarray(start, start + count)
      // The default order of a Float64Array is numeric, NaN last.
      if (sorts && count <= AT_ONCE) run.sort()
      const order = sorts && count > AT_ONCE ? yield* ascending(run) : null
      const place = fraction * (count - 1)
      const below = Math.floor(place)
      const above = Math.ceil(place)
      const low = run[order === null ? below : order[below]!]!
      const high = run[order === null ? above : order[above]!]!
      results[g] = low === high ? low : low + (high - low) * (place - below)
      validity[g >>> 3]! |= 1 << (g & 7)
    }
    return float64Vector(results, groupCount, validity, region)
  }
}

const interpolateWeighted: FinishLists = ({ offsets, columns }, groupCount, region) => {
  const [values, weights] = [columns[0]!, columns[1]!].map((column) => floatsOf(new Operand(column)))
  const weightOperand = new Operand(columns[1]!)
  const results = new Float64Array(groupCount)
  const validity = region.bitmap(groupCount, false)
  for (let g = 0; g < groupCount; g++) {
    const start = offsets[g]!
    const fraction = offsets[g + 1]! > start ? fractionOf(columns[2]!, start) : null
    if (fraction === null) continue
    const weightOf = (row: number): number => weights![row & weightOperand.mask]!
    const rows: number[] = []
    for (let row = start; row < offsets[g + 1]!; row++) {
      if (weightOperand.isValid(row) && weightOf(row) > 0) rows.push(row)
    }
    if (rows.length === 0) continue
    rows.sort((a, b) => values![a]! - values![b]!)
    const place = fraction * (rows.reduce((total, row) => total + weightOf(row), 0) - 1)
    let at = 0
    let passed = weightOf(rows[0]!)
    while (at + 1 < rows.length && passed <= Math.floor(place)) passed += weightOf(rows[++at]!)
    const low = values![rows[at]!]!
    const high = passed < Math.ceil(place) + 1 && at + 1 < rows.length ? values![rows[at + 1]!]! : low
    results[g] = low === high ? low : low + (high - low) * (place - Math.floor(place))
    validity[g >>> 3]! |= 1 << (g & 7)
  }
  return float64Vector(results, groupCount, validity, region)
}

const atFraction: FinishLists = ({ offsets, columns }, groupCount, region) => {
  const rows = new Uint32Array(groupCount).fill(NO_ROW)
  for (let g = 0; g < groupCount; g++) {
    const start = offsets[g]!
    const count = offsets[g + 1]! - start
    const fraction = count === 0 ? null : fractionOf(columns[0]!, start)
    if (fraction !== null) rows[g] = start + Math.max(0, Math.ceil(fraction * count) - 1)
  }
  return takeVector(columns[1]!, rows, groupCount, region)
}

const mostFrequent: FinishLists = function* ({ offsets, columns }, groupCount, region) {
  const comparator = new ColumnComparator(columns[0]!, columns[0]!)
  const rows = new Uint32Array(groupCount).fill(NO_ROW)
  for (let g = 0; g < groupCount; g++) {
    let longest = 0
    let pause = offsets[g]! + AT_ONCE
    for (let start = offsets[g]!; start < offsets[g + 1]!;) {
      if (start > pause) {
        pause = start + AT_ONCE
        yield
      }
      let end = start + 1
      while (end < offsets[g + 1]! && comparator.compare(start, end) === 0) end++
      if (end - start > longest) {
        longest = end - start
        rows[g] = start
      }
      start = end
    }
  }
  return takeVector(columns[0]!, rows, groupCount, region)
}
