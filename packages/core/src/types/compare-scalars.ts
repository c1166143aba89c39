import type { DataType } from 'apache-arrow'
import { isNumeric } from './coercion.ts'
import { typeName } from './data-types.ts'
import type { IntervalValue, ScalarValue } from './scalar-value.ts'
import { elementType } from './type-factory.ts'

const encoder = new TextEncoder()

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

function compareNumbers(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return +Number.isNaN(a) - +Number.isNaN(b)
  return a < b ? -1 : +(a > b)
}

function nanosOf(value: IntervalValue): bigint {
  return (BigInt(value.months) * 30n + BigInt(value.days)) * 86_400_000_000_000n + value.nanos
}

/**
 * Orders two values of one type as ORDER BY does: NaN behind every number, text by its bytes, lists item by item, NULLs
 * last inside them.
 */
export function compareScalars(a: ScalarValue, b: ScalarValue, type: DataType): number {
  if (a === null || b === null) return +(a === null) - +(b === null)
  const name = typeName(type)
  if (name === 'List' || name === 'Struct') {
    const [left, right] = [a as readonly ScalarValue[], b as readonly ScalarValue[]]
    for (let i = 0; i < Math.min(left.length, right.length); i++) {
      const item = name === 'List' ? elementType(type) : type.children![i]!.type
      const order = compareScalars(left[i]!, right[i]!, item)
      if (order !== 0) return order
    }
    return left.length - right.length
  }
  if (name === 'Interval') {
    const [left, right] = [nanosOf(a as IntervalValue), nanosOf(b as IntervalValue)]
    return left < right ? -1 : +(left > right)
  }
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (typeof a === 'string') return compareBytes(encoder.encode(a), encoder.encode(b as string))
  if (a instanceof Uint8Array) return compareBytes(a, b as Uint8Array)
  if (isNumeric(type) || typeof a === 'bigint') return a < b ? -1 : +(a > b)
  return a === b ? 0 : a === false ? -1 : 1
}
