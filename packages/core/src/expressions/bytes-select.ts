import type { Operand } from '../vectors/operand.ts'
import type { Selection } from '../vectors/record-batch.ts'
import type { Vector } from '../vectors/vector.ts'
import type { BytesTest } from './like-pattern.ts'

/** Answers of a test by dictionary entry: 0 not asked yet, 1 false, 2 true. Kept as long as the dictionary. */
export class DictionaryMemo {
  readonly #answers = new WeakMap<Vector, Uint8Array>()

  of(dictionary: Vector): Uint8Array {
    let answers = this.#answers.get(dictionary)
    if (answers === undefined) this.#answers.set(dictionary, (answers = new Uint8Array(dictionary.length)))
    return answers
  }
}

/**
 * Rows (none of them NULL) whose bytes pass the test, or with `flip` 1 do not. Of a dictionary, each entry is tested once,
 * when a row first has it. `rows` and `out` may be one array.
 */
export function selectBytesTest(
  operand: Operand,
  test: BytesTest,
  memo: DictionaryMemo,
  rows: Selection,
  flip: number,
  out: Uint32Array,
): number {
  const { offsets, bytes } = operand.bytes
  const { codes, mask } = operand
  let n = 0
  if (codes === null) {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k]!
      const at = row & mask
      out[n] = row
      n += +test.test(bytes, offsets[at]!, offsets[at + 1]!) ^ flip
    }
    return n
  }
  const answers = memo.of(operand.data)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const code = codes[row & mask]!
    if (answers[code] === 0) answers[code] = test.test(bytes, offsets[code]!, offsets[code + 1]!) ? 2 : 1
    out[n] = row
    n += (answers[code]! - 1) ^ flip
  }
  return n
}
