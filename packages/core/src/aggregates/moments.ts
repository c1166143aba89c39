import type { Region } from '@volley/kernels'
import { isNumeric } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { FLOAT64, INT64 } from '../types/type-factory.ts'
import { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import { grownFloats, presentRows } from './accumulator-rows.ts'
import type { AggregateFunction, GroupsAccumulator } from './aggregate-function.ts'
import { count } from './count.ts'
import { float64Vector, floatsOf, int64At, int64Vector } from './state-vectors.ts'

/** Count, means, and sums of squared and mixed deviations of the pairs (x, y) of one group. */
interface Moments {
  readonly n: number
  readonly meanX: number
  readonly meanY: number
  readonly sxx: number
  readonly syy: number
  readonly sxy: number
}

/** Null is NULL. */
type Finish = (moments: Moments) => number | null

/** One row: 0 counts as not enough. */
const sample =
  (sum: (moments: Moments) => number): Finish =>
  (m) =>
    m.n < 2 ? null : sum(m) / (m.n - 1)

const population =
  (sum: (moments: Moments) => number): Finish =>
  (m) =>
    m.n < 1 ? null : sum(m) / m.n

const root =
  (finish: Finish): Finish =>
  (m) => {
    const value = finish(m)
    return value === null ? null : Math.sqrt(value)
  }

const sxx = (m: Moments): number => m.sxx
const sxy = (m: Moments): number => m.sxy

/** Variances, standard deviations, covariances, correlation and linear regression (y on x, as SQL's `f(y, x)`). */
export const MOMENT_FUNCTIONS: readonly AggregateFunction[] = [
  moment('var_samp', 1, 'Variance of a sample.', sample(sxx), ['variance', 'var', 'var_sample']),
  moment('var_pop', 1, 'Variance of the whole population.', population(sxx), ['var_population']),
  moment('stddev_samp', 1, 'Standard deviation of a sample.', root(sample(sxx)), ['stddev']),
  moment('stddev_pop', 1, 'Standard deviation of the whole population.', root(population(sxx))),
  moment('covar_samp', 2, 'Covariance of a sample of pairs.', sample(sxy), ['covar']),
  moment('covar_pop', 2, 'Covariance of a whole population of pairs.', population(sxy)),
  moment('corr', 2, 'Correlation of pairs.', (m) => correlation(m)),
  moment('regr_slope', 2, 'Slope of the line fitted to pairs.', (m) => (m.n < 1 || m.sxx === 0 ? null : m.sxy / m.sxx)),
  moment('regr_intercept', 2, 'Intercept of the line fitted to pairs.', (m) =>
    m.n < 1 || m.sxx === 0 ? null : m.meanY - (m.sxy / m.sxx) * m.meanX,
  ),
  moment('regr_r2', 2, 'Square of the correlation of pairs.', (m) => {
    if (m.n < 1 || m.sxx === 0) return null
    return m.syy === 0 ? 1 : (m.sxy * m.sxy) / (m.sxx * m.syy)
  }),
  moment('regr_avgx', 2, 'Mean of the second arguments of pairs.', (m) => (m.n < 1 ? null : m.meanX)),
  moment('regr_avgy', 2, 'Mean of the first arguments of pairs.', (m) => (m.n < 1 ? null : m.meanY)),
  moment('regr_sxx', 2, 'Sum of squared deviations of the second arguments.', (m) => (m.n < 1 ? null : m.sxx)),
  moment('regr_syy', 2, 'Sum of squared deviations of the first arguments.', (m) => (m.n < 1 ? null : m.syy)),
  moment('regr_sxy', 2, 'Sum of products of the deviations of pairs.', (m) => (m.n < 1 ? null : m.sxy)),
]

/** regr_count: the number of pairs without a NULL. */
export const regrCount: AggregateFunction = {
  ...count,
  name: 'regr_count',
  description: 'Number of pairs without a NULL.',
  examples: [{ sql: 'regr_count(2.0, 1.0)', result: '1' }],
  resolve: (argTypes) =>
    argTypes.length === 2 && argTypes.every((type) => isNumeric(type) || typeName(type) === 'Null')
      ? { argTypes: argTypes.map(() => FLOAT64), returnType: INT64, stateTypes: [INT64] }
      : null,
}

function correlation(m: Moments): number | null {
  return m.n < 1 || m.sxx === 0 || m.syy === 0 ? null : m.sxy / Math.sqrt(m.sxx * m.syy)
}

function moment(
  name: string,
  arity: 1 | 2,
  description: string,
  finish: Finish,
  aliases: readonly string[] = [],
): AggregateFunction {
  // The pair of the example alone.
  const only = finish({ n: 1, meanX: arity === 1 ? 2 : 1, meanY: 2, sxx: 0, syy: 0, sxy: 0 })
  return {
    name,
    aliases,
    description,
    examples: [{ sql: `${name}(${arity === 1 ? '2.0' : '2.0, 1.0'})`, result: only === null ? '' : String(only) }],
    resolve(argTypes) {
      const fits = argTypes.every((type) => isNumeric(type) || typeName(type) === 'Null')
      if (argTypes.length !== arity || !fits) return null
      const stateTypes = [INT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64, FLOAT64]
      return { argTypes: argTypes.map(() => FLOAT64), returnType: FLOAT64, stateTypes }
    },
    createAccumulator: () => new MomentsAccumulator(finish),
  }
}

/** n, mean x, mean y, sxx, syy, sxy of each group, side by side. */
const WIDTH = 6

/** Updates by Welford's method, merges by Chan's (Chan, Golub and LeVeque 1983). */
class MomentsAccumulator implements GroupsAccumulator {
  readonly #finish: Finish
  #values: Float64Array = new Float64Array(WIDTH * 4)

  constructor(finish: Finish) {
    this.#finish = finish
  }

  get bytes(): number {
    return this.#values.byteLength
  }

  update(
    groupCount: number,
    groups: Uint32Array,
    args: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const values = (this.#values = grownFloats(this.#values, groupCount * WIDTH))
    const operands = args.map((arg) => new Operand(arg))
    const present = presentRows(operands, groups, rows, count)
    if (present.count === 0) return
    // f(y, x) of two arguments; with one, x alone.
    const x = operands.at(-1)!
    const y = operands[0]!
    const xs = floatsOf(x)
    const ys = floatsOf(y)
    for (let k = 0; k < present.count; k++) {
      const row = present.rows[k]!
      addPair(values, present.groups[k]! * WIDTH, xs[row & x.mask]!, ys[row & y.mask]!)
    }
  }

  merge(
    groupCount: number,
    groups: Uint32Array,
    states: readonly Vector[],
    rows: Selection | null,
    count: number,
  ): void {
    const values = (this.#values = grownFloats(this.#values, groupCount * WIDTH))
    const operands = states.map((state) => new Operand(state))
    const present = presentRows(operands, groups, rows, count)
    if (present.count === 0) return
    const counts = operands[0]!.words
    const columns = operands.slice(1).map(floatsOf)
    const state = new Float64Array(WIDTH)
    for (let k = 0; k < present.count; k++) {
      const row = present.rows[k]!
      state[0] = int64At(counts, row & operands[0]!.mask)
      for (let i = 1; i < WIDTH; i++) state[i] = columns[i - 1]![row & operands[i]!.mask]!
      mergeMoments(values, present.groups[k]! * WIDTH, state, 0)
    }
  }

  mergeGroup(groupCount: number, into: number, from: number): void {
    this.#values = grownFloats(this.#values, groupCount * WIDTH)
    mergeMoments(this.#values, into * WIDTH, this.#values, from * WIDTH)
  }

  #column(i: number, groupCount: number): Float64Array {
    const column = new Float64Array(groupCount)
    for (let g = 0; g < groupCount; g++) column[g] = this.#values[g * WIDTH + i]!
    return column
  }

  state(groupCount: number, region: Region): Vector[] {
    this.#values = grownFloats(this.#values, groupCount * WIDTH)
    const floats = [1, 2, 3, 4, 5].map((i) => float64Vector(this.#column(i, groupCount), groupCount, null, region))
    return [int64Vector(this.#column(0, groupCount), groupCount, region), ...floats]
  }

  evaluate(groupCount: number, region: Region): Vector {
    this.#values = grownFloats(this.#values, groupCount * WIDTH)
    const results = new Float64Array(groupCount)
    const bits = region.bitmap(groupCount, false)
    for (let g = 0; g < groupCount; g++) {
      const [n, meanX, meanY, sxx, syy, sxy] = this.#values.subarray(g * WIDTH, (g + 1) * WIDTH)
      const moments = {
        n: n!,
        meanX: meanX!,
        meanY: meanY!,
        sxx: settled(sxx!),
        syy: settled(syy!),
        sxy: settled(sxy!),
      }
      const result = this.#finish(moments)
      if (result === null) continue
      results[g] = result
      bits[g >>> 3]! |= 1 << (g & 7)
    }
    return float64Vector(results, groupCount, bits, region)
  }

  release(): void {}
}

/** Squares that overflow are infinite or NaN by the order of the rows: NaN in any. */
function settled(sum: number): number {
  return Number.isFinite(sum) ? sum : NaN
}

function addPair(values: Float64Array, at: number, x: number, y: number): void {
  const n = ++values[at]!
  const dx = x - values[at + 1]!
  const dy = y - values[at + 2]!
  values[at + 1]! += dx / n
  values[at + 2]! += dy / n
  const after = y - values[at + 2]!
  values[at + 3]! += dx * (x - values[at + 1]!)
  values[at + 4]! += dy * after
  values[at + 5]! += dx * after
}

function mergeMoments(into: Float64Array, at: number, from: Float64Array, start: number): void {
  const n = from[start]!
  if (n === 0) return
  const m = into[at]!
  const total = n + m
  const dx = from[start + 1]! - into[at + 1]!
  const dy = from[start + 2]! - into[at + 2]!
  const weight = (m * n) / total
  into[at] = total
  into[at + 1]! += (dx * n) / total
  into[at + 2]! += (dy * n) / total
  into[at + 3]! += from[start + 3]! + dx * dx * weight
  into[at + 4]! += from[start + 4]! + dy * dy * weight
  into[at + 5]! += from[start + 5]! + dx * dy * weight
}
