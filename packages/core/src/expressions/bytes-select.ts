import { type Region, selectContaining } from '@volley/kernels'
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

/** A test that is whether bytes contain a needle; both are of the region's arena, and what is needed for it is taken there. */
interface BytesSearch {
  readonly needle: Uint8Array
  readonly region: Region
}

/**
 * Rows (none of them NULL) whose bytes pass the test, or with `flip` 1 do not. Of a dictionary, each entry is tested once,
 * when a row first has it, by a search where that is the test. `rows` and `out` may be one array.
 */
export function selectBytesTest(
  operand: Operand,
  test: BytesTest,
  memo: DictionaryMemo,
  rows: Selection,
  flip: number,
  out: Uint32Array,
  search: BytesSearch | null = null,
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
  if (search !== null) searchEntries(operand, codes, search, answers, rows)
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!
    const code = codes[row & mask]!
    if (answers[code] === 0) answers[code] = test.test(bytes, offsets[code]!, offsets[code + 1]!) ? 2 : 1
    out[n] = row
    n += (answers[code]! - 1) ^ flip
  }
  return n
}

/** Answers for the entries of some rows which were not asked for yet, whether they contain some bytes. */
function searchEntries(
  { bytes: { bytes, offsets }, mask }: Operand,
  codes: Uint32Array,
  { needle, region }: BytesSearch,
  answers: Uint8Array,
  rows: Selection,
): void {
  const asked = region.u32(Math.min(rows.length, answers.length))
  let count = 0
  for (let k = 0; k < rows.length; k++) {
    const code = codes[rows[k]! & mask]!
    if (answers[code] !== 0) continue
    answers[code] = 1
    asked[count++] = code
  }
  if (count === 0) return
  const found = selectContaining(bytes, offsets, asked, count, needle, 0, asked)
  for (let k = 0; k < found; k++) answers[asked[k]!] = 2
}
