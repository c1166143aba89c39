import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { int64At } from '../aggregates/state-vectors.ts'
import { finishSteps, type Steps } from '../runtime/run-steps.ts'
import { commonType, isInteger, resolveNull } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { INT64 } from '../types/type-factory.ts'
import { concatVectors } from '../vectors/concat.ts'
import { Operand } from '../vectors/operand.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { frameParts } from './frame-ranges.ts'
import type { WindowFunction, WindowInput, WindowSignature } from './window-function.ts'

/** Rows that are looked up without giving way. */
const AT_ONCE = 65_536

/** lag, lead, first_value, last_value, nth_value. */
export const NAVIGATION_FUNCTIONS: readonly WindowFunction[] = [
  shifted('lag', 'Value of the row some rows before, 1 if not said; else the default.', -1),
  shifted('lead', 'Value of the row some rows behind, 1 if not said; else the default.', 1),
  framed('first_value', 'Value of the first row of the frame.', 1, (members) => members.nth(0)),
  framed('last_value', 'Value of the last row of the frame.', 1, (members) => members.nth(members.count - 1)),
  framed('nth_value', 'Value of the n-th row of the frame, from 1.', 2, (members, n) => members.nth(n - 1)),
]

/** Rows that count, all or (IGNORE NULLS) those with a value, by number. */
class CountedRows {
  /** Counted rows before each row, one more than there are rows; null when all count. */
  readonly #before: Uint32Array | null
  readonly #rows: Uint32Array | null

  constructor(vector: Vector, rows: number, ignoreNulls: boolean) {
    if (!ignoreNulls) {
      this.#before = null
      this.#rows = null
      return
    }
    const operand = new Operand(vector)
    const before = new Uint32Array(rows + 1)
    const counted = new Uint32Array(rows)
    let n = 0
    for (let i = 0; i < rows; i++) {
      before[i] = n
      counted[n] = i
      n += +operand.isValid(i)
    }
    before[rows] = n
    this.#before = before
    this.#rows = counted
  }

  /** Counted rows before `row`. */
  before(row: number): number {
    return this.#before === null ? row : this.#before[row]!
  }

  row(n: number): number {
    return this.#rows === null ? n : this.#rows[n]!
  }

  counts(row: number): boolean {
    return this.#before === null || this.#before[row + 1]! > this.#before[row]!
  }
}

function integerType(type: DataType | undefined): boolean {
  return type === undefined || isInteger(type) || typeName(type) === 'Null'
}

function shifted(name: string, description: string, sign: -1 | 1): WindowFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}(1, 1, 0) OVER ()`, result: '0' }],
    usesFrame: false,
    resolve(argTypes) {
      const [value, offset, fallback] = argTypes
      if (value === undefined || argTypes.length > 3 || !integerType(offset)) return null
      const type = resolveNull(fallback === undefined ? value : (commonType(value, fallback) ?? value))
      if (fallback !== undefined && commonType(value, fallback) === null) return null
      const types = [type, ...(offset === undefined ? [] : [INT64]), ...(fallback === undefined ? [] : [type])]
      return { argTypes: types, returnType: type, nullable: true }
    },
    evaluate: (input) => finishSteps(shift(input, sign)),
    evaluateSteps: (input) => shift(input, sign),
  }
}

function* shift(input: WindowInput, sign: -1 | 1): Steps<Vector> {
  const { args, rows, partitions, region } = input
  const value = args[0]!
  const offsets = args[1] === undefined ? null : new Operand(args[1])
  const words = offsets === null || offsets.isAlwaysNull ? null : offsets.words
  const counted = new CountedRows(value, rows, input.ignoreNulls)
  const out = new Uint32Array(rows)
  for (let p = 0; p + 1 < partitions.length; p++) {
    const start = partitions[p]!
    const end = partitions[p + 1]!
    const first = counted.before(start)
    const last = counted.before(end)
    for (let i = start; i < end; i++) {
      if (i % AT_ONCE === AT_ONCE - 1) yield
      if (offsets !== null && !offsets.isValid(i)) {
        out[i] = NO_ROW
        continue
      }
      const by = words === null ? sign : sign * int64At(words, i & offsets!.mask)
      out[i] = by === 0 ? i : shiftedRow(counted, i, by, first, last, args.length === 3 ? rows + i : NO_ROW)
    }
  }
  const source = args.length === 3 ? concatVectors([value, args[2]!], region) : value
  return takeVector(source, out, rows, region)
}

/** The counted row `by` places away, among the counted rows `first` to `last`. */
function shiftedRow(
  counted: CountedRows,
  row: number,
  by: number,
  first: number,
  last: number,
  otherwise: number,
): number {
  const here = counted.before(row)
  // Forward, the first counted row behind this one is the first step.
  const target = by < 0 ? here + by : here + by - (counted.counts(row) ? 0 : 1)
  return target >= first && target < last ? counted.row(target) : otherwise
}

/** The counted rows of one frame. */
class FrameMembers {
  readonly #counted: CountedRows
  readonly #parts = new Uint32Array(6)
  #partCount = 0
  count = 0

  constructor(counted: CountedRows) {
    this.#counted = counted
  }

  move(input: WindowInput, row: number): void {
    this.#partCount = frameParts(input.frame!, row, this.#parts)
    this.count = 0
    for (let p = 0; p < this.#partCount; p++) {
      this.count += this.#counted.before(this.#parts[2 * p + 1]!) - this.#counted.before(this.#parts[2 * p]!)
    }
  }

  /** The n-th, from 0; `NO_ROW` when there is none. */
  nth(n: number): number {
    if (n < 0 || n >= this.count) return NO_ROW
    let rest = n
    for (let p = 0; p < this.#partCount; p++) {
      const from = this.#counted.before(this.#parts[2 * p]!)
      const size = this.#counted.before(this.#parts[2 * p + 1]!) - from
      if (rest < size) return this.#counted.row(from + rest)
      rest -= size
    }
    return NO_ROW
  }
}

function framed(
  name: string,
  description: string,
  arity: 1 | 2,
  choose: (members: FrameMembers, n: number) => number,
): WindowFunction {
  return {
    name,
    description,
    examples: [{ sql: `${name}(${arity === 1 ? '1' : '1, 1'}) OVER ()`, result: '1' }],
    usesFrame: true,
    resolve(argTypes): WindowSignature | null {
      if (argTypes.length !== arity || !integerType(argTypes[1])) return null
      const type = resolveNull(argTypes[0]!)
      return { argTypes: arity === 1 ? [type] : [type, INT64], returnType: type, nullable: true }
    },
    evaluate: (input) => finishSteps(chosenRows(input, choose)),
    evaluateSteps: (input) => chosenRows(input, choose),
  }
}

/** The values of the rows that `choose` gives for the frame of each row, and the number that is the second argument. */
function* chosenRows(input: WindowInput, choose: (members: FrameMembers, n: number) => number): Steps<Vector> {
  const { args, rows } = input
  const numbers = args[1] === undefined ? null : new Operand(args[1])
  const words = numbers === null || numbers.isAlwaysNull ? null : numbers.words
  const members = new FrameMembers(new CountedRows(args[0]!, rows, input.ignoreNulls))
  const out = new Uint32Array(rows)
  for (let i = 0; i < rows; i++) {
    if (i % AT_ONCE === AT_ONCE - 1) yield
    members.move(input, i)
    if (numbers === null) out[i] = choose(members, 0)
    else out[i] = numbers.isValid(i) ? choose(members, placeOfNth(int64At(words!, i & numbers.mask))) : NO_ROW
  }
  yield
  return takeVector(args[0]!, out, rows, input.region)
}

/** A place from 1, as nth_value takes it. */
export function placeOfNth(n: number): number {
  if (n >= 1) return n
  throw new VolleyError('argument of nth_value must be greater than zero', { code: SqlState.invalidParameterValue })
}
