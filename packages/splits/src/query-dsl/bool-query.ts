import { BodyError, fieldsOf, invalidType, type Json, optionalBoost } from './body.ts'
import { DslError } from './dsl-error.ts'
import { parseDslQuery } from './dsl-query.ts'
import type { RawQuery } from './raw-query.ts'

const FIELDS = [
  'must',
  'must_not',
  'should',
  'filter',
  'boost',
  'minimum_should_match',
  '_adjust_pure_negative',
  'adjust_pure_negative',
] as const

/** `bool`; its boost has no effect, as in Quickwit. */
export function boolQuery(value: Json): RawQuery {
  const fields = fieldsOf(value, 'BoolQuery', FIELDS)
  const must = clauses(fields['must'])
  const mustNot = clauses(fields['must_not'])
  const should = clauses(fields['should'])
  const filter = clauses(fields['filter'])
  optionalBoost(fields['boost'])
  const minimum = minimumOf(fields['minimum_should_match'], should.length)
  if (minimum === 'none') return { type: 'match_none' }
  return {
    type: 'bool',
    ...(must.length > 0 && { must }),
    ...(mustNot.length > 0 && { must_not: mustNot }),
    ...(should.length > 0 && { should }),
    ...(filter.length > 0 && { filter }),
    ...(minimum !== undefined && { minimum_should_match: minimum }),
  }
}

/** A query, several, or null for none. */
function clauses(value: Json | undefined): RawQuery[] {
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? (value as readonly Json[]) : [value]).map(parseDslQuery)
}

/** How many of `count` clauses must match: undefined where that is not said, `none` where it cannot be. */
function minimumOf(value: Json | undefined, count: number): number | 'none' | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') {
    const percent = /^([+-]?\d+)%$/.exec(value)
    if (percent === null || Math.abs(Number(percent[1])) > 100) {
      throw new DslError(
        `Unsupported minimum should match dsl ${value}. quickwit currently only supports the format '35%' and \`-35%\``,
      )
    }
    return resolve(Math.trunc((Number(percent[1]) * count) / 100) || 0, count)
  }
  if (typeof value !== 'bigint') {
    if (typeof value === 'number' || typeof value === 'boolean') {
      throw new BodyError('data did not match any variant of untagged enum MinimumShouldMatch')
    }
    throw invalidType(value, 'untagged enum MinimumShouldMatch')
  }
  return resolve(Number(value), count)
}

function resolve(minimum: number, count: number): number | 'none' | undefined {
  if (minimum < 0) return -minimum >= count ? undefined : count + minimum
  return minimum > count ? 'none' : minimum
}
