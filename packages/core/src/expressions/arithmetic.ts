import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { notSupported } from '../errors.ts'
import type { ArithmeticOperator } from '../types/coercion.ts'
import { typeName, type TypeName } from '../types/data-types.ts'
import { clockZone } from '../types/time-zone.ts'
import { ticksPerSecond } from '../types/type-factory.ts'
import { commonValidity } from '../vectors/bitmap.ts'
import { allocValues, constantVector } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { allRows } from '../vectors/selection.ts'
import { ConstantVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import { addInt64, addUint64, arithmeticFloats, arithmeticIntegers, multiplyInt64 } from './arithmetic-kernels.ts'
import { selectPresent, widenNumbers } from './compare-select.ts'
import { arithmeticDecimals } from './decimal-kernels.ts'
import { addIntervalParts, addIntervals, addToTimes, scaleIntervals, subtractTimestamps } from './interval-kernels.ts'

const INTEGER_RANGES: Partial<Record<TypeName, readonly [min: number, max: number]>> = {
  Int8: [-128, 127],
  Int16: [-32768, 32767],
  Int32: [-2147483648, 2147483647],
  Date: [-2147483648, 2147483647],
  Uint8: [0, 255],
  Uint16: [0, 65535],
  Uint32: [0, 4294967295],
}

/** Least and greatest value of an integer type of at most 32 bits. */
export function integerRange(name: TypeName): readonly [min: number, max: number] | undefined {
  return INTEGER_RANGES[name]
}

/** `left op right` over the selected rows, NULL where a side is. */
export function evaluateArithmetic(
  op: ArithmeticOperator,
  left: Vector,
  right: Vector,
  type: DataType,
  selection: Selection | null,
  region: Region,
): Vector {
  const { length } = left
  const validity = commonValidity([left, right], length, region)
  if (validity === 'none') return constantVector(type, null, length, region)
  let a = new Operand(left)
  let b = new Operand(right)
  const constant = a.isConstant && b.isConstant
  const all = constant ? allRows(Math.min(length, 1)) : (selection ?? allRows(length))
  if (all.length === 0 || (selection !== null && selection.length === 0)) {
    return constantVector(type, null, length, region)
  }
  const rows = selectPresent(a, b, all, region)
  // The interval second, so that each kernel has one form.
  if (typeName(left.type) === 'Interval' && typeName(right.type) !== 'Interval' && op === '+') [a, b] = [b, a]
  if (typeName(left.type) !== 'Interval' && typeName(right.type) === 'Interval' && op === '*') [a, b] = [b, a]
  const slots = constant ? 1 : length
  const out = allocValues(type, slots, region)
  arithmeticInto(op, a, b, type, rows, out, region)
  const result = new PrimitiveVector(type, slots, constant ? null : validity, out)
  return constant ? new ConstantVector(result, length) : result
}

function arithmeticInto(
  op: ArithmeticOperator,
  a: Operand,
  b: Operand,
  type: DataType,
  rows: Selection,
  out: PrimitiveArray,
  region: Region,
): void {
  const name = typeName(type)
  const leftName = typeName(a.data.type)
  const rightName = typeName(b.data.type)
  const range = INTEGER_RANGES[name]
  if (range !== undefined) {
    const x = widenNumbers((a.data as PrimitiveVector).values, region)
    const y = widenNumbers((b.data as PrimitiveVector).values, region)
    return arithmeticIntegers(op, x, a.mask, y, b.mask, rows, out as Float64Array, range[0], range[1], type)
  }
  switch (name) {
    case 'Float32':
    case 'Float64': {
      const x = widenNumbers((a.data as PrimitiveVector).values, region)
      const y = widenNumbers((b.data as PrimitiveVector).values, region)
      return arithmeticFloats(op, x, a.mask, y, b.mask, rows, out as Float64Array, name === 'Float32', type)
    }
    case 'Int64':
    case 'Uint64': {
      const unsigned = name === 'Uint64'
      const add = unsigned ? addUint64 : addInt64
      return op === '+' || op === '-'
        ? add(op === '-', a.words, a.mask, b.words, b.mask, rows, wordsOf(out), type)
        : multiplyInt64(op, unsigned, a.words, a.mask, b.words, b.mask, rows, wordsOf(out), type)
    }
    case 'Decimal':
      return arithmeticDecimals(
        op,
        a.words,
        a.mask,
        a.data.type,
        b.words,
        b.mask,
        b.data.type,
        rows,
        wordsOf(out),
        type,
      )
    case 'Timestamp': {
      if (rightName !== 'Interval' || (leftName !== 'Timestamp' && leftName !== 'Date')) break
      const perSecond = leftName === 'Date' ? 0 : ticksPerSecond(a.data.type)
      const sign = op === '-' ? -1 : 1
      return addIntervals(
        a.words,
        a.mask,
        perSecond,
        b.words,
        b.mask,
        sign,
        rows,
        wordsOf(out),
        ticksPerSecond(type),
        type,
        clockZone(a.data.type),
      )
    }
    case 'Time':
      if (rightName !== 'Interval') break
      return addToTimes(a.words, a.mask, b.words, b.mask, op === '-' ? -1 : 1, ticksPerSecond(type), rows, wordsOf(out))
    case 'Interval':
      if (op === '+' || op === '-') {
        if (leftName === 'Interval') {
          return addIntervalParts(a.words, a.mask, b.words, b.mask, op === '+' ? 1 : -1, rows, wordsOf(out))
        }
        return subtractTimestamps(a.words, a.mask, b.words, b.mask, ticksPerSecond(a.data.type), rows, wordsOf(out))
      }
      if (rightName !== 'Float64') break
      return scaleIntervals(
        a.words,
        a.mask,
        (b.data as PrimitiveVector).values as Float64Array,
        b.mask,
        op === '/',
        rows,
        wordsOf(out),
      )
  }
  throw notSupported(`${a.data.type} ${op} ${b.data.type}`)
}
