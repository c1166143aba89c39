import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { typeName } from '../types/data-types.ts'
import { BOOL } from '../types/type-factory.ts'
import type { RecordBatch, Selection } from '../vectors/record-batch.ts'
import type { PrimitiveArray, PrimitiveVector, Vector } from '../vectors/vector.ts'
import { bitsOfRows, boolVector, commonValidity } from '../vectors/bitmap.ts'
import { Operand } from '../vectors/operand.ts'
import { allRows } from '../vectors/selection.ts'
import { DictionaryMemo, selectBytesTest } from './bytes-select.ts'
import { selectPresent } from './compare-select.ts'
import { ComparisonExpr } from './comparison-expr.ts'
import { LiteralExpr } from './literal-expr.ts'
import { LogicalExpr } from './logical-expr.ts'
import { negate } from './negate.ts'
import { BytesSet, Int64Set } from './value-sets.ts'
import { Expr, operand } from './expr.ts'

/** [NOT] IN over a list of values of the child's type; NULL where nothing matches and a side is NULL. */
export class InListExpr extends Expr {
  override readonly kind = 'InList'
  override readonly type: DataType = BOOL
  readonly child: Expr
  readonly list: readonly Expr[]
  readonly negated: boolean
  readonly #memo = new DictionaryMemo()
  #constants: ConstantList | null | undefined

  constructor(child: Expr, list: readonly Expr[], negated: boolean) {
    super()
    this.child = child
    this.list = list
    this.negated = negated
  }

  override get children(): readonly Expr[] {
    return [this.child, ...this.list]
  }

  override get nullable(): boolean {
    return this.children.some((child) => child.nullable)
  }

  override withChildren(children: readonly Expr[]): Expr {
    return new InListExpr(children[0]!, children.slice(1), this.negated)
  }

  override toString(): string {
    return `${operand(this.child)} ${this.negated ? 'NOT IN' : 'IN'} (${this.list.join(', ')})`
  }

  override attributes(): string {
    return this.negated ? 'not' : ''
  }

  override evaluate(batch: RecordBatch, selection: Selection | null, region: Region): Vector {
    const plan = this.#constantList()
    if (plan === null) return this.#asComparisons().evaluate(batch, selection, region)
    const child = this.child.evaluate(batch, selection, region)
    const matched = bitsOfRows(this.#matches(child, plan, selection, region, 0), batch.length, region)
    const present = commonValidity([child], batch.length, region)
    if (present === 'none') return boolVector(batch.length, 'none', matched, region)
    let validity = present
    if (plan.hasNull) {
      validity = region.u8(matched.length)
      for (let i = 0; i < validity.length; i++) validity[i] = matched[i]! & (present === null ? 0xff : present[i]!)
    }
    if (this.negated) for (let i = 0; i < matched.length; i++) matched[i] = ~matched[i]!
    return boolVector(batch.length, validity, matched, region)
  }

  override select(batch: RecordBatch, selection: Selection | null, region: Region): Selection {
    const plan = this.#constantList()
    if (plan === null) return this.#asComparisons().select(batch, selection, region)
    if (this.negated && plan.hasNull) return (selection ?? allRows(batch.length)).subarray(0, 0)
    return this.#matches(this.child.evaluate(batch, selection, region), plan, selection, region, +this.negated)
  }

  override negation(): Expr {
    return new InListExpr(this.child, this.list, !this.negated)
  }

  #asComparisons(): Expr {
    const equal = new LogicalExpr(
      'OR',
      this.list.map((item) => new ComparisonExpr('=', this.child, item)),
    )
    return this.negated ? negate(equal) : equal
  }

  /** The list as a set, made once; null when an item is no literal or the type has no set. */
  #constantList(): ConstantList | null {
    if (this.#constants === undefined) this.#constants = constantList(this.child.type, this.list)
    return this.#constants
  }

  /** Selected rows that are not NULL and (`flip` 0) in the set or (1) not in it. */
  #matches(child: Vector, plan: ConstantList, selection: Selection | null, region: Region, flip: number): Selection {
    const rows = selection ?? allRows(child.length)
    const operand = new Operand(child)
    if (operand.isAlwaysNull) return rows.subarray(0, 0)
    const present = selectPresent(operand, operand, rows, region)
    const out = present === rows ? region.u32(rows.length) : present
    if (plan.bytes !== null) {
      return out.subarray(0, selectBytesTest(operand, plan.bytes, this.#memo, present, flip, out))
    }
    if (plan.int64 !== null) {
      return out.subarray(0, selectInt64In(operand.words, operand.mask, plan.int64, present, flip, out))
    }
    const { values } = operand.data as PrimitiveVector
    return out.subarray(0, selectNumbersIn(values, operand.mask, plan.numbers, present, flip, out))
  }
}

/** A list of literals as a set; exactly one of the three is in use. */
interface ConstantList {
  readonly hasNull: boolean
  readonly bytes: BytesSet | null
  readonly int64: Int64Set | null
  readonly numbers: ReadonlySet<number>
}

const encoder = new TextEncoder()

function constantList(type: DataType, list: readonly Expr[]): ConstantList | null {
  if (!list.every((item) => item instanceof LiteralExpr)) return null
  const values = list.map((item) => (item as LiteralExpr).value).filter((value) => value !== null)
  const hasNull = values.length < list.length
  const none = { hasNull, bytes: null, int64: null, numbers: new Set<number>() }
  switch (typeName(type)) {
    case 'Utf8':
    case 'Json':
    case 'Binary': {
      const entries = values.map((value) => (typeof value === 'string' ? encoder.encode(value) : (value as Uint8Array)))
      return { ...none, bytes: new BytesSet(entries) }
    }
    case 'Int64':
    case 'Uint64':
    case 'Time':
    case 'Timestamp':
      return { ...none, int64: new Int64Set(values as bigint[]) }
    case 'Bool':
    case 'Decimal':
    case 'Interval':
    case 'List':
    case 'Struct':
    case 'Null':
      return null
    default:
      return { ...none, numbers: new Set(values as number[]) }
  }
}

function selectInt64In(
  words: Int32Array,
  mask: number,
  set: Int64Set,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const at = (row & mask) << 1
    out[n] = row
    n += +set.has(words[at]!, words[at + 1]!) ^ flip
  }
  return n
}

// A Set holds one NaN and takes -0 for 0, as SQL's equality does.
function selectNumbersIn(
  values: PrimitiveArray,
  mask: number,
  set: ReadonlySet<number>,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  let n = 0
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    out[n] = row
    n += +set.has(values[row & mask] as number) ^ flip
  }
  return n
}
