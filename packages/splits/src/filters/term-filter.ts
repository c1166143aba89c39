import { evaluatePredicate, LikeExpr, NotExpr, RecordBatch, vectorOf, type Expr, type Vector } from '@volley/core'
import { Region } from '@volley/kernels'
import type { BytesColumn } from '@volley/tantivy'
import { Field, Schema, type DataType } from 'apache-arrow'
import type { DocFilter } from './doc-filter.ts'
import { complement, difference } from './doc-lists.ts'

/** Ordinals that are read at a time. */
const BLOCK = 8192
/** Bytes of terms, and terms, that a predicate is evaluated over at a time: they stay in the second-level cache. */
const CHUNK_BYTES = 1 << 17
const CHUNK_TERMS = 8192
/** Share of the documents that a predicate over text is taken to keep. */
const SELECTIVITY = 0.3

/** The texts of a dictionary. */
export interface TermTexts {
  /** Where the bytes of each term start in the dictionary, with one entry more. */
  readonly offsets: Uint32Array
  /** Terms [from, to). */
  texts(from: number, to: number, region: Region): Vector
}

/**
 * A predicate over a text column (its column 0), answered by its dictionary: each term is tested once, or each that some
 * documents have.
 */
export class TermFilter implements DocFilter {
  readonly by = 'column'
  readonly exact = true
  readonly tests = true
  readonly share: number
  readonly #predicate: Expr
  readonly #type: DataType
  readonly #column: BytesColumn
  readonly #read: () => Promise<TermTexts>
  readonly #region: Region
  #terms: TermTexts | null = null

  constructor(predicate: Expr, type: DataType, column: BytesColumn, read: () => Promise<TermTexts>, region: Region) {
    const negated = predicate instanceof NotExpr || (predicate instanceof LikeExpr && predicate.options.negated)
    this.share = negated ? 1 - SELECTIVITY : SELECTIVITY
    this.#predicate = predicate
    this.#type = type
    this.#column = column
    this.#read = read
    this.#region = region
  }

  async ready(): Promise<void> {
    this.#terms ??= await this.#read()
  }

  docs(start: number, end: number): Uint32Array {
    const accepted = this.#accepted(null)
    if (!this.#acceptsNull()) return this.#column.docsAccepted(accepted, start, end)
    return complement(this.#column.docsAccepted(inverted(accepted), start, end), start, end)
  }

  among(docs: Uint32Array): Uint32Array {
    if (docs.length === 0) return docs
    const accepted = this.#accepted(docs.length < this.#column.dictionary.numTerms ? this.#termsOf(docs) : null)
    if (!this.#acceptsNull()) return this.#column.docsOfAccepted(docs, accepted)
    return difference(docs, this.#column.docsOfAccepted(docs, inverted(accepted)))
  }

  /** 1 for each term that some documents have. */
  #termsOf(docs: Uint32Array): Uint8Array {
    const used = new Uint8Array(this.#column.dictionary.numTerms)
    const ordinals = new Uint32Array(Math.min(BLOCK, docs.length))
    const validity = new Uint8Array((ordinals.length + 7) >> 3)
    for (let at = 0; at < docs.length; at += BLOCK) {
      const some = docs.subarray(at, at + BLOCK)
      const nulls = this.#column.readOrdinalsOf(some, some.length, ordinals, validity)
      for (let i = 0; i < some.length; i++) {
        if (nulls === 0 || ((validity[i >>> 3]! >>> (i & 7)) & 1) === 1) used[ordinals[i]!] = 1
      }
    }
    return used
  }

  /** 1 for each term that is accepted, of all or of those that are used. */
  #accepted(used: Uint8Array | null): Uint8Array {
    const { offsets, texts } = this.#terms!
    const accepted = new Uint8Array(this.#column.dictionary.numTerms)
    const schema = new Schema([new Field('term', this.#type, true)])
    for (let from = 0; from < accepted.length;) {
      const to = chunkEnd(offsets, from, accepted.length)
      const region = new Region(this.#region.arena)
      try {
        const selection = used === null ? null : rowsOf(used, from, to, region)
        if (selection === null || selection.length > 0) {
          const batch = new RecordBatch(schema, [texts(from, to, region)], to - from, selection, region)
          for (const row of evaluatePredicate(this.#predicate, batch, region)) accepted[from + row] = 1
        }
      } finally {
        region.release()
      }
      from = to
    }
    return accepted
  }

  #acceptsNull(): boolean {
    if (this.#column.cardinality === 'full') return false
    const schema = new Schema([new Field('term', this.#type, true)])
    const nothing = vectorOf(this.#type, [null], this.#region)
    return (
      evaluatePredicate(this.#predicate, new RecordBatch(schema, [nothing], 1, null, this.#region), this.#region)
        .length === 1
    )
  }
}

function chunkEnd(offsets: Uint32Array, from: number, count: number): number {
  const most = Math.min(count, from + CHUNK_TERMS)
  let to = Math.min(from + 1, most)
  let high = most
  // the last place whose terms are not too many bytes
  while (to < high) {
    const middle = (to + high + 1) >>> 1
    if (offsets[middle]! - offsets[from]! <= CHUNK_BYTES) to = middle
    else high = middle - 1
  }
  return to
}

function rowsOf(used: Uint8Array, from: number, to: number, region: Region): Uint32Array {
  const rows = region.u32(to - from)
  let count = 0
  for (let k = from; k < to; k++) {
    rows[count] = k - from
    count += used[k]!
  }
  return rows.subarray(0, count)
}

function inverted(flags: Uint8Array): Uint8Array {
  return flags.map((flag) => 1 - flag)
}
