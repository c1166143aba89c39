import type { Bound, BoundLiteral } from '../query-language/query-ast.ts'
import { BodyError, fieldsOf, type Json, onlyField, optionalBool, optionalBoost } from './body.ts'
import { DslError } from './dsl-error.ts'
import { javaDateParser } from './java-date-format.ts'
import { boosted, type RawQuery } from './raw-query.ts'

const FIELDS = ['gt', 'gte', 'lt', 'lte', 'boost', 'format', 'from', 'to', 'include_lower', 'include_upper']

/** `range`; `from` and `to` give way to `gt`, `gte` and `lt`, `lte`. */
export function rangeQuery(value: Json): RawQuery {
  const [field, params] = onlyField(value)
  const fields = fieldsOf(params, 'RangeQueryParams', FIELDS)
  const literals = Object.fromEntries(
    ['gt', 'gte', 'lt', 'lte', 'from', 'to', 'format'].map((name) => [name, literalOf(fields[name])]),
  )
  const { from, to, format } = literals
  let { gt, gte, lt, lte } = literals
  const boost = optionalBoost(fields['boost'])
  const [includeLower, includeUpper] = [optionalBool(fields['include_lower']), optionalBool(fields['include_upper'])]
  if (from !== undefined && gt === undefined && gte === undefined) {
    if (includeLower ?? true) gte = from
    else gt = from
  }
  if (to !== undefined && lt === undefined && lte === undefined) {
    if (includeUpper ?? true) lte = to
    else lt = to
  }
  if (typeof format === 'string') {
    const parse = javaDateParser(format)
    const read = (literal: BoundLiteral | undefined): BoundLiteral | undefined =>
      typeof literal === 'string' ? parse(literal) : literal
    ;[gt, gte, lt, lte] = [read(gt), read(gte), read(lt), read(lte)]
  }
  return boosted(
    { type: 'range', field, lower_bound: boundOf(gt, gte, 'gt', 'gte'), upper_bound: boundOf(lt, lte, 'lt', 'lte') },
    boost,
  )
}

function boundOf(
  excluded: BoundLiteral | undefined,
  included: BoundLiteral | undefined,
  ...names: readonly string[]
): Bound {
  if (excluded !== undefined && included !== undefined) throw new DslError(`both ${names.join(' and ')} are set`)
  if (excluded !== undefined) return { Excluded: excluded }
  return included === undefined ? 'Unbounded' : { Included: included }
}

function literalOf(value: Json | undefined): BoundLiteral | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'object') throw new BodyError('data did not match any variant of untagged enum JsonLiteral')
  // A number with a fraction is none of an integer's, even where the fraction is zero.
  return typeof value === 'number' && Number.isInteger(value) ? `${value}.0` : value
}
