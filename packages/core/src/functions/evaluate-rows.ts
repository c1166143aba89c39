import type { ScalarValue } from '../types/scalar-value.ts'
import { constantVector, vectorOf } from '../vectors/build.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import type { ScalarCall } from './scalar-function.ts'

/** Computes one row; the array is reused for the next. */
export type RowFunction = (args: readonly ScalarValue[]) => ScalarValue

/**
 * Evaluates a function value by value, for functions whose work outweighs the values made: once where all arguments are
 * constant, once for each dictionary entry that occurs where the others are, else for each selected row. Rows with a NULL
 * argument are NULL, unless `seesNulls`.
 */
export function evaluateRows(call: ScalarCall, compute: RowFunction, seesNulls = false): Vector {
  const { args, type, length, region } = call
  const rows = call.selection ?? allRows(length)
  if (rows.length === 0) return constantVector(type, null, length, region)
  const operands = args.map((arg) => new Operand(arg))
  const values: ScalarValue[] = args.map((arg, i) => (operands[i]!.isConstant ? scalarAt(arg, 0) : null))
  if (!seesNulls && operands.some((operand) => operand.isAlwaysNull)) return constantVector(type, null, length, region)
  const varying = operands.flatMap((operand, i) => (operand.isConstant ? [] : [i]))
  if (varying.length === 0 && args.length > 0) return constantVector(type, compute(values), length, region)
  const places = region.u32(length).fill(NO_ROW)
  const results: ScalarValue[] = []
  const first = varying[0]
  const codes = varying.length === 1 ? operands[first!]!.codes : null
  if (codes !== null) {
    const operand = operands[first!]!
    const placeOfCode = region.i32(operand.data.length + 1).fill(-1)
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      const valid = operand.isValid(row)
      if (!valid && !seesNulls) continue
      // The entry behind the last stands for NULL.
      const code = valid ? codes[row]! : operand.data.length
      if (placeOfCode[code]! < 0) {
        placeOfCode[code] = results.length
        values[first!] = valid ? scalarAt(operand.data, code) : null
        results.push(compute(values))
      }
      places[row] = placeOfCode[code]!
    }
  } else {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      let present = true
      for (const i of varying) {
        values[i] = scalarAt(args[i]!, row)
        present &&= values[i] !== null
      }
      if (!present && !seesNulls) continue
      places[row] = results.length
      results.push(compute(values))
    }
  }
  return takeVector(vectorOf(type, results, region), places, length, region)
}
