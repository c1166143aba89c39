import { castScalar, DATE, FLOAT64, INT64, BOOL, TimeUnit, timestampType, UTF8, type ScalarValue } from '@volley/core'
import type { DataType } from 'apache-arrow'

const INTEGER = /^[-+]?\d{1,18}$/
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$|^(?:NaN|-?Infinity|-?inf)$/
const DAY = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?$/

/** The narrowest type that every text of a column can be read as. */
export class TypeGuess {
  readonly #candidates: { readonly type: DataType; readonly fits: (text: string) => boolean }[] = [
    { type: BOOL, fits: (text) => /^(?:true|false)$/i.test(text) },
    { type: INT64, fits: (text) => INTEGER.test(text) },
    { type: FLOAT64, fits: (text) => NUMBER.test(text) },
    { type: DATE, fits: (text) => DAY.test(text) },
    { type: timestampType(TimeUnit.NANOSECOND), fits: (text) => MOMENT.test(text) || DAY.test(text) },
  ]
  #seen = false

  add(text: string): void {
    this.#seen = true
    for (let i = this.#candidates.length - 1; i >= 0; i--) {
      if (!this.#candidates[i]!.fits(text)) this.#candidates.splice(i, 1)
    }
  }

  get type(): DataType {
    return (this.#seen ? this.#candidates[0]?.type : undefined) ?? UTF8
  }
}

/** A text as a value of a type; the empty text is NULL, except of text. */
export function fromText(text: string, type: DataType): ScalarValue {
  return castScalar(text, UTF8, type)
}
