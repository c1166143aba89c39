import type { DataType } from 'apache-arrow'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { Operand } from '../vectors/operand.ts'
import type { PrimitiveArray, PrimitiveVector, Vector } from '../vectors/vector.ts'

/** Least and greatest value of the rows of some columns of one type, none of them NULL. */
export abstract class KeyBounds {
  protected seen = false

  /** Null for types that are not whole numbers or moments. */
  static of(type: DataType): KeyBounds | null {
    switch (typeName(type)) {
      case 'Int64':
      case 'Time':
      case 'Timestamp':
        return new LongBounds(0)
      case 'Uint64':
        return new LongBounds(0x80000000)
      case 'Int8':
      case 'Int16':
      case 'Int32':
      case 'Uint8':
      case 'Uint16':
      case 'Uint32':
      case 'Date':
        return new IntBounds()
      default:
        return null
    }
  }

  abstract add(keys: Vector, rows: Uint32Array): void
  protected abstract bounds(): readonly [ScalarValue, ScalarValue]

  get(): readonly [ScalarValue, ScalarValue] | null {
    return this.seen ? this.bounds() : null
  }
}

class IntBounds extends KeyBounds {
  #low = Infinity
  #high = -Infinity

  override add(keys: Vector, rows: Uint32Array): void {
    const operand = new Operand(keys)
    const values = (operand.data as PrimitiveVector).values as Exclude<PrimitiveArray, BigInt64Array | BigUint64Array>
    let [low, high] = [this.#low, this.#high]
    for (let k = 0; k < rows.length; k++) {
      const value = values[rows[k]! & operand.mask]!
      if (value < low) low = value
      if (value > high) high = value
    }
    this.#low = low
    this.#high = high
    this.seen ||= rows.length > 0
  }

  protected override bounds(): readonly [ScalarValue, ScalarValue] {
    return [this.#low, this.#high]
  }
}

/** By words: the high one as a signed number (`flip` 0) or an unsigned one (`flip` its sign bit), the low one unsigned. */
class LongBounds extends KeyBounds {
  readonly #flip: number
  #lowHigh = 0x7fffffff
  #lowLow = 0xffffffff
  #highHigh = -0x80000000
  #highLow = 0

  constructor(flip: number) {
    super()
    this.#flip = flip
  }

  override add(keys: Vector, rows: Uint32Array): void {
    const operand = new Operand(keys)
    const { words, mask } = operand
    const flip = this.#flip
    let [lowHigh, lowLow, highHigh, highLow] = [this.#lowHigh, this.#lowLow, this.#highHigh, this.#highLow]
    for (let k = 0; k < rows.length; k++) {
      const at = (rows[k]! & mask) << 1
      const low = words[at]! >>> 0
      const high = words[at + 1]! ^ flip
      if (high < lowHigh || (high === lowHigh && low < lowLow)) {
        lowHigh = high
        lowLow = low
      }
      if (high > highHigh || (high === highHigh && low > highLow)) {
        highHigh = high
        highLow = low
      }
    }
    this.#lowHigh = lowHigh
    this.#lowLow = lowLow
    this.#highHigh = highHigh
    this.#highLow = highLow
    this.seen ||= rows.length > 0
  }

  protected override bounds(): readonly [ScalarValue, ScalarValue] {
    return [this.#value(this.#lowHigh, this.#lowLow), this.#value(this.#highHigh, this.#highLow)]
  }

  #value(high: number, low: number): bigint {
    const value = (BigInt((high ^ this.#flip) | 0) << 32n) | BigInt(low)
    return this.#flip === 0 ? value : BigInt.asUintN(64, value)
  }
}
