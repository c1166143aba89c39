import { answerEntries, columnsOfExprs, type Expr, type Vector } from '@volley/core'
import { selectCodes, type Region } from '@volley/kernels'
import type { Schema } from 'apache-arrow'
import type { FileChunk } from './file-format.ts'

/** A dictionary is asked instead of rows where it has at most this share of their number. */
const MOST_ENTRIES = 0.25

/** A condition, and which of a chunk's entries it is TRUE for: a byte for each, and for NULL behind them. */
interface Answers {
  readonly dictionary: Vector
  readonly kept: Uint8Array
  readonly isNever: boolean
}

/**
 * Conditions on one column each, answered for a chunk once for each entry of the column's dictionary instead of for each row.
 */
export class DictionaryFilters {
  readonly #chunk: FileChunk
  readonly #schema: Schema
  readonly #region: Region
  /** By condition; null where rows have to be asked. */
  readonly #answers = new Map<Expr, Answers | null>()

  /** Answers are in the memory of the region, which lives as long as they are asked for. */
  constructor(chunk: FileChunk, schema: Schema, region: Region) {
    this.#chunk = chunk
    this.#schema = schema
    this.#region = region
  }

  /**
   * Of the rows from `start` to `end`, counted from `start`, or of some of them, those for which the condition is TRUE; null
   * where they are not codes.
   */
  select(filter: Expr, start: number, end: number, rows: Uint32Array | null, region: Region): Uint32Array | null {
    if (this.#chunk.dictionary === undefined || this.#answers.get(filter) === null) return null
    const [column, second] = columnsOfExprs([filter])
    const dictionary = column === undefined || second !== undefined ? null : this.#chunk.dictionary(start, end, column)
    if (dictionary === null) return null
    let answers = this.#answers.get(filter)
    if (answers?.dictionary !== dictionary) {
      answers = this.#answer(filter, column!, dictionary)
      this.#answers.set(filter, answers)
    }
    if (answers === null) return null
    if (answers.isNever) return region.u32(0)
    const codes = this.#chunk.codes!(start, end, column!, region)
    const out = rows ?? region.u32(codes.length)
    return out.subarray(0, selectCodes(codes, rows, answers.kept, out))
  }

  #answer(filter: Expr, column: number, dictionary: Vector): Answers | null {
    const { length } = dictionary
    if (length > this.#chunk.rows * MOST_ENTRIES) return null
    const kept = answerEntries(filter, column, dictionary, this.#schema, this.#region)
    return kept === null ? null : { dictionary, kept, isNever: !kept.includes(1) }
  }
}
