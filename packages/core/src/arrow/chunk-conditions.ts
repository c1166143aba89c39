import { selectCodes, type Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import { answerEntries } from '../expressions/answer-entries.ts'
import type { Expr } from '../expressions/expr.ts'
import { callsFunction } from '../runtime/pace.ts'
import { kernelRows, selectBits } from '../vectors/selection.ts'
import { DictionaryVector, type BytesVector, type Vector } from '../vectors/vector.ts'

/** Rows for each entry of a dictionary that a condition is asked of before it is asked of the entries. */
const FEW = 1 / 8

/** Bytes of texts that a function or LIKE may be asked of without giving way. */
const LONG = 4_194_304

interface Answers {
  /** Null where rows have to be asked. */
  kept: Uint8Array | null
  /** Rows that the condition was asked of before. */
  asked: number
  isAsked: boolean
}

/**
 * Conditions on one column each of a chunk, answered once for each entry of the column's dictionary instead of for each row.
 */
export class ChunkConditions {
  readonly #schema: Schema
  readonly #region: Region
  readonly #answers = new Map<Expr, Map<BytesVector, Answers>>()

  /** Answers are in the memory of the region, which lives as long as they are asked for. */
  constructor(schema: Schema, region: Region) {
    this.#schema = schema
    this.#region = region
  }

  /** Those of some rows of a column for which a condition on it alone is TRUE; null where they have to be asked. */
  select(condition: Expr, column: number, vector: Vector, rows: Uint32Array, region: Region): Uint32Array | null {
    if (!(vector instanceof DictionaryVector)) return null
    const { codes, dictionary, validity } = vector
    const answers = this.#of(condition, dictionary)
    answers.asked += rows.length
    // Entries that few rows are asked of are left alone.
    if (answers.asked < dictionary.length * FEW) return null
    if (!answers.isAsked) {
      answers.isAsked = true
      const isShort = dictionary.bytes.byteLength <= (callsFunction(condition) ? LONG : Infinity)
      answers.kept = isShort ? answerEntries(condition, column, dictionary, this.#schema, this.#region) : null
      // Codes of NULLs say nothing.
      if (answers.kept?.[dictionary.length] === 1) answers.kept = null
    }
    if (answers.kept === null) return null
    const out = region.u32(rows.length)
    const given = kernelRows(rows)
    const n = selectCodes(given === null ? codes.subarray(0, rows.length) : codes, given, answers.kept, out)
    return out.subarray(0, validity === null ? n : selectBits(validity, out, n, false, out))
  }

  #of(condition: Expr, dictionary: BytesVector): Answers {
    let known = this.#answers.get(condition)
    if (known === undefined) this.#answers.set(condition, (known = new Map()))
    let answers = known.get(dictionary)
    if (answers === undefined) known.set(dictionary, (answers = { kept: null, asked: 0, isAsked: false }))
    return answers
  }
}
