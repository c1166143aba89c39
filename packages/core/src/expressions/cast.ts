import type { DataType } from 'apache-arrow'
import type { Region } from '@volley/kernels'
import { VolleyError } from '../errors.ts'
import { castScalar } from '../types/cast-scalar.ts'
import { typeName, typesEqual, type TypeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { precisionOf, scaleOf, ticksPerSecond, timezoneOf } from '../types/type-factory.ts'
import { commonValidity } from '../vectors/bitmap.ts'
import { allocValues, constantVector, vectorOf, writeDecimal } from '../vectors/build.ts'
import { Operand, wordsOf } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import { BytesVector, DictionaryVector, PrimitiveVector, type PrimitiveArray, type Vector } from '../vectors/vector.ts'
import { integerRange } from './arithmetic.ts'
import {
  changeSign64,
  changeUnits,
  datesToTimestamps,
  decimalsToFloats,
  int64ToNumbers,
  numbersToFloats,
  numbersToInt64,
  numbersToIntegers,
  scaleUpDecimals,
  scaleUpIntegers,
  timestampsToDates,
} from './cast-kernels.ts'
import { castTexts } from './cast-texts.ts'
import { selectPresent } from './compare-select.ts'

const FIXED_WIDTH: ReadonlySet<TypeName> = new Set([
  'Int8',
  'Int16',
  'Int32',
  'Int64',
  'Uint8',
  'Uint16',
  'Uint32',
  'Uint64',
  'Float32',
  'Float64',
  'Decimal',
  'Date',
  'Timestamp',
])

/** Casts the selected rows; with `safe`, a value that CAST would refuse becomes NULL. */
export function castVector(
  vector: Vector,
  type: DataType,
  safe: boolean,
  selection: Selection | null,
  region: Region,
): Vector {
  const from = vector.type
  if (typesEqual(from, type)) return vector
  const operand = new Operand(vector)
  if (operand.isAlwaysNull) return constantVector(type, null, vector.length, region)
  if (operand.isConstant) {
    if (selection !== null && selection.length === 0) return constantVector(type, null, vector.length, region)
    return constantVector(type, castOne(scalarAt(vector, 0), from, type, safe), vector.length, region)
  }
  const relabelled = relabel(vector, type)
  if (relabelled !== null) return relabelled
  const rows = selectPresent(operand, operand, selection ?? allRows(vector.length), region)
  if (!safe && operand.data.encoding === 'primitive' && FIXED_WIDTH.has(typeName(type))) {
    const values = castPrimitives(operand, type, rows, region)
    if (values !== null) {
      const validity = commonValidity([vector], vector.length, region)
      return new PrimitiveVector(type, vector.length, validity === 'none' ? null : validity, values)
    }
  }
  const castOther = (text: ScalarValue): ScalarValue => castOne(text, from, type, safe)
  const numbers = castTexts(operand, type, vector.length, rows, region, castOther)
  return numbers ?? castEach(vector, operand, type, safe, rows, region)
}

/** Json to text, and text types that differ in name only, share their bytes. */
function relabel(vector: Vector, type: DataType): Vector | null {
  if (typeName(vector.type) !== 'Json' || typeName(type) !== 'Utf8') return null
  if (vector instanceof BytesVector) {
    return new BytesVector(type, vector.length, vector.validity, vector.offsets, vector.bytes)
  }
  if (vector instanceof DictionaryVector) {
    return new DictionaryVector(
      type,
      vector.length,
      vector.validity,
      vector.codes,
      relabel(vector.dictionary, type) as BytesVector,
      vector.sorted,
    )
  }
  return null
}

function castOne(value: ScalarValue, from: DataType, to: DataType, safe: boolean): ScalarValue {
  if (!safe) return castScalar(value, from, to)
  try {
    return castScalar(value, from, to)
  } catch (error) {
    if (error instanceof VolleyError) return null
    throw error
  }
}

/** One value after the other; of a dictionary, each entry that occurs once. */
function castEach(
  vector: Vector,
  operand: Operand,
  type: DataType,
  safe: boolean,
  rows: Selection,
  region: Region,
): Vector {
  const places = region.u32(vector.length).fill(NO_ROW)
  const values: ScalarValue[] = []
  if (operand.codes !== null) {
    const placeOfCode = region.i32(operand.data.length).fill(-1)
    for (let k = 0; k < rows.length; k++) {
      const code = operand.codes[rows[k]!]!
      if (placeOfCode[code]! < 0) {
        placeOfCode[code] = values.length
        values.push(castOne(scalarAt(operand.data, code), vector.type, type, safe))
      }
      places[rows[k]!] = placeOfCode[code]!
    }
  } else {
    for (let k = 0; k < rows.length; k++) {
      places[rows[k]!] = values.length
      values.push(castOne(scalarAt(operand.data, rows[k]!), vector.type, type, safe))
    }
  }
  return takeVector(vectorOf(type, values, region), places, vector.length, region)
}

/** The number types that kernels read as doubles or as words; null where there is no kernel. */
function castPrimitives(operand: Operand, type: DataType, rows: Selection, region: Region): PrimitiveArray | null {
  const { data, mask } = operand
  const source = typeName(data.type)
  const target = typeName(type)
  const length = data.length
  const out = allocValues(type, length, region)
  if (source === 'Timestamp' || source === 'Date') {
    return castTemporal(operand, source, type, target, rows, out) ? out : null
  }
  const wide = source === 'Int64' || source === 'Uint64'
  if (wide && (target === 'Int64' || target === 'Uint64')) {
    changeSign64(operand.words, mask, rows, wordsOf(out), type)
    return out
  }
  if (target === 'Decimal') return castToDecimals(operand, source, type, rows, out, region) ? out : null
  if (source === 'Decimal' && target === 'Float64' && scaleOf(data.type) <= 15) {
    const rest = region.u32(rows.length)
    const left = decimalsToFloats(operand.words, mask, 10 ** scaleOf(data.type), rows, out as Float64Array, rest)
    for (let k = 0; k < left; k++)
      out[rest[k]!] = castScalar(scalarAt(data, rest[k]! & mask), data.type, type) as number
    return out
  }
  if (source === 'Decimal' || source === 'Interval' || source === 'Time' || target === 'Timestamp') return null
  let numbers: ArrayLike<number> = (data as PrimitiveVector).values as Float64Array
  if (wide) {
    const doubles = region.f64(length)
    int64ToNumbers(operand.words, mask, source === 'Uint64', rows, doubles)
    numbers = doubles
  }
  const range = integerRange(target)
  if (range !== undefined && target !== 'Date') {
    numbersToIntegers(numbers, mask, rows, out as Float64Array, range[0], range[1], type)
    return out
  }
  switch (target) {
    case 'Int64':
    case 'Uint64':
      numbersToInt64(numbers, mask, rows, wordsOf(out), target === 'Uint64', type)
      return out
    case 'Float32':
    case 'Float64':
      numbersToFloats(numbers, mask, rows, out as Float64Array, target === 'Float32', type)
      return out
    default:
      return null
  }
}

/** Whether a clock of the type's zone, if it has one, shows UTC. */
function isUtc(type: DataType): boolean {
  return typeName(type) !== 'Timestamp' || /^(?:utc)?$/i.test(timezoneOf(type) ?? '')
}

function castTemporal(
  operand: Operand,
  source: TypeName,
  type: DataType,
  target: TypeName,
  rows: Selection,
  out: PrimitiveArray,
): boolean {
  const { words, mask } = operand
  if (!isUtc(operand.data.type) || !isUtc(type)) return false
  if (source === 'Date' && target === 'Timestamp') {
    datesToTimestamps(words, mask, ticksPerSecond(type), rows, wordsOf(out), type)
  } else if (source === 'Timestamp' && target === 'Timestamp') {
    changeUnits(words, mask, ticksPerSecond(operand.data.type), ticksPerSecond(type), rows, wordsOf(out), type)
  } else if (source === 'Timestamp' && target === 'Date') {
    timestampsToDates(words, mask, ticksPerSecond(operand.data.type), rows, wordsOf(out))
  } else return false
  return true
}

/** Decimals from integers or decimals of no greater scale. */
function castToDecimals(
  operand: Operand,
  source: TypeName,
  type: DataType,
  rows: Selection,
  out: PrimitiveArray,
  region: Region,
): boolean {
  const { data, mask } = operand
  const shift = scaleOf(type) - scaleOf(data.type)
  const sourceWords = source === 'Int64' ? 2 : source === 'Decimal' ? 4 : 0
  const narrow = integerRange(source) !== undefined && source !== 'Date'
  if ((sourceWords === 0 && !narrow) || shift < 0) return false
  const rest = region.u32(rows.length)
  const limit = 10 ** precisionOf(type)
  const factor = 10 ** shift
  const target = wordsOf(out)
  const left =
    sourceWords === 0
      ? scaleUpIntegers((data as PrimitiveVector).values as Int32Array, mask, factor, limit, rows, target, rest)
      : scaleUpDecimals(operand.words, sourceWords, mask, factor, limit, rows, target, rest)
  const words = out as Uint32Array
  for (let k = 0; k < left; k++) {
    const row = rest[k]!
    writeDecimal(words, row, castScalar(scalarAt(data, row & mask), data.type, type) as bigint)
  }
  return true
}
