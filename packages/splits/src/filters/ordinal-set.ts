import { evaluatePredicate, RecordBatch, type Expr, type Vector } from '@volley/core'
import type { Region } from '@volley/kernels'
import type { BytesColumn } from '@volley/tantivy'
import { Field, Schema } from 'apache-arrow'
import { complement, union } from './doc-lists.ts'

/** Runs of ordinals up to which each is looked for in the column by itself. */
const FEW_RUNS = 3
const BLOCK = 8192

/** Which terms of a column's dictionary a predicate accepts, and whether it accepts a document without one. */
export class OrdinalSet {
  readonly #column: BytesColumn
  readonly #accepted: Uint8Array
  readonly #nulls: boolean

  constructor(column: BytesColumn, accepted: Uint8Array, nulls: boolean) {
    this.#column = column
    this.#accepted = accepted
    this.#nulls = nulls
  }

  /** Evaluates a predicate over column 0 once for each term; `terms` is the dictionary with one NULL behind it. */
  static evaluate(predicate: Expr, terms: Vector, column: BytesColumn, region: Region): OrdinalSet {
    const schema = new Schema([new Field('term', terms.type, true)])
    const rows = evaluatePredicate(predicate, new RecordBatch(schema, [terms], terms.length, null, region), region)
    const accepted = new Uint8Array(terms.length)
    for (let k = 0; k < rows.length; k++) accepted[rows[k]!] = 1
    return new OrdinalSet(column, accepted.subarray(0, -1), accepted.at(-1) === 1)
  }

  /** The terms at some ordinals. */
  static of(ordinals: readonly number[], column: BytesColumn): OrdinalSet {
    const accepted = new Uint8Array(column.dictionary.numTerms)
    for (const ordinal of ordinals) accepted[ordinal] = 1
    return new OrdinalSet(column, accepted, false)
  }

  /** Ascending documents of [start, end) that are accepted, deleted ones included. */
  docs(start: number, end: number): Uint32Array {
    if (this.#nulls) return complement(this.#withTerms(0, start, end), start, end)
    return this.#withTerms(1, start, end)
  }

  /** Documents with a term that is accepted (`wanted` 1) or not (0). */
  #withTerms(wanted: number, start: number, end: number): Uint32Array {
    const runs = this.#runs(wanted)
    if (runs === null) return this.#tested(wanted, start, end)
    let docs = new Uint32Array(0)
    for (const [low, high] of runs) docs = union(docs, this.#column.docsInRange(low, high, start, end)) as typeof docs
    return docs
  }

  /** The few runs of such ordinals, or null when there are many. */
  #runs(wanted: number): (readonly [number, number])[] | null {
    const runs: (readonly [number, number])[] = []
    const accepted = this.#accepted
    for (let at = accepted.indexOf(wanted); at >= 0; at = accepted.indexOf(wanted, at)) {
      if (runs.length === FEW_RUNS) return null
      const behind = accepted.indexOf(1 - wanted, at)
      const end = behind < 0 ? accepted.length : behind
      runs.push([at, end - 1])
      at = end
    }
    return runs
  }

  #tested(wanted: number, start: number, end: number): Uint32Array {
    const docs = new Uint32Array(end - start)
    const ordinals = new Uint32Array(BLOCK)
    const validity = new Uint8Array(BLOCK / 8)
    let count = 0
    for (let from = start; from < end; from += BLOCK) {
      const to = Math.min(from + BLOCK, end)
      this.#column.readOrdinals(from, to, ordinals, validity)
      for (let i = 0; i < to - from; i++) {
        docs[count] = from + i
        count += (validity[i >>> 3]! >>> (i & 7)) & 1 & +(this.#accepted[ordinals[i]!] === wanted)
      }
    }
    return docs.subarray(0, count)
  }
}
