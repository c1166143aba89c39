import type { NumericArray, NumericColumn } from '../../columnar/column.ts'
import { mapF64, mapI64 } from '../../terms.ts'

/** First values of a numeric column as order-preserving u64; a column that is not there has none. */
export class SortValues {
  readonly #column: NumericColumn | null
  #values: NumericArray = new Float64Array(0)
  #validity = new Uint8Array(0)

  constructor(column: NumericColumn | null) {
    this.#column = column
  }

  read(docs: Uint32Array): void {
    const { length } = docs
    this.#validity = new Uint8Array((length + 7) >> 3)
    if (this.#column === null) return
    const { type } = this.#column
    this.#values =
      type === 'f64'
        ? new Float64Array(length)
        : type === 'bool'
          ? new Uint8Array(length)
          : type === 'u64'
            ? new BigUint64Array(length)
            : new BigInt64Array(length)
    this.#column.readDocs(docs, length, this.#values, this.#validity)
  }

  valueAt(row: number): bigint | null {
    if (((this.#validity[row >> 3]! >> (row & 7)) & 1) === 0) return null
    const value = this.#values[row]!
    switch (this.#column!.type) {
      case 'f64':
        return mapF64(value as number)
      case 'u64':
      case 'bool':
        return BigInt(value)
      default:
        return mapI64(value as bigint)
    }
  }
}
