import type { Region } from '@volley/kernels'
import type { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import { selectBits } from '../vectors/selection.ts'

/** Rows where no operand is NULL: `rows` itself when none has NULLs. Constants that are NULL are the caller's matter. */
export function presentRowsOf(operands: readonly Operand[], rows: Selection, region: Region): Selection {
  let result = rows
  for (const operand of operands) {
    if (operand.validity === null || operand.isConstant) continue
    const out: Uint32Array = result === rows ? region.u32(rows.length) : result
    result = out.subarray(0, selectBits(operand.validity, result, result.length, false, out))
  }
  return result
}
