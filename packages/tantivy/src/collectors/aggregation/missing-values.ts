import type { Column, NumericColumn } from '../../columnar/column.ts'
import { invalidRequest } from './aggregation-error.ts'
import type { MissingValue } from './aggregation-request.ts'
import { couponOfWords } from './coupon-sources.ts'
import { floatToMapped, wordsOfMapped } from './mapped-floats.ts'
import { type OrdinalDomain, ordinalDomainOf } from './ordinal-domain.ts'
import type { InternedNumbers } from './row-sources.ts'
import type { TupleTable } from './tuple-table.ts'

const encoder = new TextEncoder()

/** A missing value as a column would hold it. */
export function convertedMissing(missing: number, type: NumericColumn['type']): number {
  if (type === 'f64') return missing
  const whole = Math.trunc(missing)
  return type === 'u64' || type === 'bool' ? Math.max(0, whole) : whole
}

/** The error for a missing value that a column cannot take. */
export function unsupportedMissing(column: Column, missing: MissingValue, field: string): Error {
  return invalidRequest(
    `missing value ${String(missing)} for field ${field} is not supported for column type ${column.type}`,
  )
}

/** A domain that has the missing value too. */
export function internMissing(
  column: Column,
  missing: MissingValue,
  field: string,
): { domain: OrdinalDomain; ordinal: number } {
  if (typeof missing === 'string' || column.type === 'bool' || column.type === 'date' || column.type === 'ip') {
    throw unsupportedMissing(column, missing, field)
  }
  const domain = ordinalDomainOf(column, true)
  const ordinal = internNumber((domain.source as InternedNumbers).table, column as NumericColumn, missing, field)
  return { domain, ordinal }
}

function internNumber(table: TupleTable, column: NumericColumn, missing: MissingValue, field: string): number {
  if (typeof missing === 'string' || column.type === 'bool' || column.type === 'date') {
    throw unsupportedMissing(column, missing, field)
  }
  const ordinal = new Uint32Array(1)
  table.intern(wordsOfMapped(floatToMapped(Number(missing), column.type), column.type), 1, ordinal)
  return ordinal[0]!
}

/** Coupon of a missing value in a column's type. */
export function couponOfMissing(type: NumericColumn['type'], missing: MissingValue, refusal: () => Error): number {
  if (typeof missing === 'string' || type === 'bool' || type === 'date') throw refusal()
  const words = wordsOfMapped(floatToMapped(Number(missing), type), type)
  return couponOfWords(type, words[0]!, words[1]!)
}

/** Flags with one more at the end, for the missing value. */
export function extended(allowed: Uint8Array): Uint8Array {
  const out = new Uint8Array(allowed.length + 1)
  out.set(allowed)
  return out
}

/** What stands for missing values among the terms whose distinct ones are counted. */
export function missingTerm(missing: MissingValue): Uint8Array {
  return encoder.encode(typeof missing === 'string' ? missing : '__tantivy_missing_non_str__')
}
