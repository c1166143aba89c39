import type { Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import { vectorOf } from '../vectors/build.ts'
import { RecordBatch } from '../vectors/record-batch.ts'
import { NullVector, type Vector } from '../vectors/vector.ts'
import { evaluatePredicate } from './evaluate-predicate.ts'
import { visitExpr, type Expr } from './expr.ts'
import { ScalarFunctionExpr } from './scalar-function-expr.ts'

/**
 * Which entries of a column's dictionary a condition on this column alone is TRUE for: a byte for each, and for NULL behind
 * them. Null where rows have to be asked: an entry that no row has may be one that the condition fails for.
 */
export function answerEntries(
  condition: Expr,
  column: number,
  dictionary: Vector,
  schema: Schema,
  region: Region,
): Uint8Array | null {
  if (isVolatile(condition)) return null
  const selected = (values: Vector): Uint32Array => {
    const columns = schema.fields.map(({ type }, i) =>
      i === column ? values : new NullVector(type, values.length, null),
    )
    return evaluatePredicate(condition, new RecordBatch(schema, columns, values.length, null, region), region)
  }
  const { length } = dictionary
  const kept = region.u8(length + 1).fill(0)
  try {
    for (const row of selected(dictionary)) kept[row] = 1
    kept[length] = selected(vectorOf(dictionary.type, [null], region)).length
  } catch {
    return null
  }
  return kept
}

/** Whether it can be another value in each row that has the same values. */
function isVolatile(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (node) => {
    found ||= node instanceof ScalarFunctionExpr && node.fn.volatility === 'volatile'
  })
  return found
}
