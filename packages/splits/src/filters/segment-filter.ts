import {
  ColumnExpr,
  ComparisonExpr,
  evaluatePredicate,
  InListExpr,
  IsNullExpr,
  LiteralExpr,
  LogicalExpr,
  NotExpr,
  NullVector,
  RecordBatch,
  transformExpr,
  typeName,
  visitExpr,
  type Expr,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import {
  prepare,
  termForI64,
  termForU64,
  TermSetQuery,
  type BytesColumn,
  type Column,
  type NumericColumn,
} from '@volley/tantivy'
import { Field, Null, Schema } from 'apache-arrow'
import { addressFields } from '../sources/address.ts'
import type { DocUnit } from '../sources/opened-layout.ts'
import type { SegmentColumns } from '../sources/segment-columns.ts'
import { allDocs, complement, intersection, union } from './doc-lists.ts'
import { numberTest } from './number-ranges.ts'
import { OrdinalSet } from './ordinal-set.ts'

/** Ranges of values that are looked for in a column one by one; more of them are not worth it. */
const MAX_RANGES = 4
/** Finding a term and its documents costs about as much as passing this many values of a column. */
const LOOKUP_COST = 4096
const I64_MIN = -(1n << 63n)
const I64_MAX = (1n << 63n) - 1n
const U64_MAX = (1n << 64n) - 1n
/** Texts of this many bytes and more are in no term. */
const LONG_TEXT = 255

/** What the structures of a segment say of a predicate. */
export interface DocFilter {
  /** Ascending documents of [start, end) that may satisfy it, deleted ones included. */
  docs(start: number, end: number): Uint32Array
  /** Each of them does satisfy it; else it is still to be tested on them. */
  readonly exact: boolean
  /** What answers: the values of a column, the postings of terms, or a constant. */
  readonly by: 'column' | 'postings' | 'nothing'
}

/**
 * Finds the documents of one segment that satisfy a predicate by what the segment has of its columns: packed values, the
 * dictionary (each term is tested once), postings of a field that is indexed as it is. Null where it has nothing that
 * answers exactly, or leaves only a few documents to be tested.
 */
export class SegmentFilter {
  readonly #unit: DocUnit
  readonly #columns: SegmentColumns
  readonly #region: Region

  constructor(unit: DocUnit, columns: SegmentColumns, region: Region) {
    this.#unit = unit
    this.#columns = columns
    this.#region = region
  }

  async compile(predicate: Expr): Promise<DocFilter | null> {
    const columns = columnsOf(predicate)
    if (columns.length > 0 && columns.every((i) => this.#columns.means(i).kind === 'missing')) {
      return this.#constant(predicate)
    }
    if (columns.length === 1) {
      const leaf = await this.#leaf(predicate, columns[0]!)
      if (leaf !== null) return leaf
    }
    if (predicate instanceof LogicalExpr) {
      const parts = await Promise.all(predicate.children.map((child) => this.compile(child)))
      return predicate.op === 'AND' ? allOf(parts) : anyOf(parts)
    }
    if (predicate instanceof NotExpr) {
      const negation = predicate.child.negation()
      return negation === null || negation instanceof NotExpr ? null : this.compile(negation)
    }
    return null
  }

  /** A predicate of columns that are all NULL here. */
  #constant(predicate: Expr): DocFilter {
    const width = addressFields.length + this.#columns.width
    const nothing = new NullVector(new Null(), 1, null)
    const schema = new Schema(Array.from({ length: width }, (_, i) => new Field(String(i), new Null(), true)))
    const row = new RecordBatch(
      schema,
      Array.from({ length: width }, () => nothing),
      1,
      null,
      this.#region,
    )
    const passes = evaluatePredicate(predicate, row, this.#region).length === 1
    const docs = (start: number, end: number): Uint32Array => (passes ? allDocs(start, end) : new Uint32Array(0))
    return { docs, exact: true, by: 'nothing' }
  }

  async #leaf(predicate: Expr, i: number): Promise<DocFilter | null> {
    const means = this.#columns.means(i)
    if (means.kind === 'store') return this.#pathLeaf(predicate, i)
    if (means.kind !== 'fast') return null
    const { raw } = means
    if (predicate instanceof IsNullExpr && predicate.child instanceof ColumnExpr)
      return presence(raw, predicate.negated)
    const { type } = this.#columns.column(i)
    if (raw.cardinality === 'multivalued' || typeName(type) === 'List' || raw.type === 'ip') return null
    if (!isBytes(raw)) {
      const test = numberTest(predicate, raw as NumericColumn, type)
      if (test === null) return null
      if (test.ranges.length > MAX_RANGES) return this.#numberPostings(i, predicate, raw as NumericColumn)
      const found = (start: number, end: number): Uint32Array =>
        test.ranges.reduce<Uint32Array>(
          (docs, [low, high]) => union(docs, raw.docsInRange(low as never, high as never, start, end)),
          new Uint32Array(0),
        )
      if (!test.nulls) return { docs: found, exact: true, by: 'column' }
      const none = presence(raw, false)
      return { docs: (start, end) => union(found(start, end), none.docs(start, end)), exact: true, by: 'column' }
    }
    const texts = textsOf(predicate)
    const areTexts = texts !== null && raw.type === 'str'
    if (areTexts && (texts.length <= MAX_RANGES || this.#isFew(texts.length))) {
      const postings = await this.#postings(i, texts)
      if (postings !== null) return postings
      const known = await ordinalsOf(raw, texts)
      if (known.length <= MAX_RANGES) return { docs: listed(raw, known), exact: true, by: 'column' }
      const set = OrdinalSet.of(known, raw)
      return { docs: (start, end) => set.docs(start, end), exact: true, by: 'column' }
    }
    const terms = await means.column.terms?.(this.#region)
    if (terms === undefined || terms === null) {
      if (!areTexts) return null
      const set = OrdinalSet.of(await ordinalsOf(raw, texts), raw)
      return { docs: (start, end) => set.docs(start, end), exact: true, by: 'column' }
    }
    const set = OrdinalSet.evaluate(onColumn0(predicate), terms, raw, this.#region)
    return { docs: (start, end) => set.docs(start, end), exact: true, by: 'column' }
  }

  /** Whether finding so many terms costs less than passing all values of a column. */
  #isFew(terms: number): boolean {
    return terms * LOOKUP_COST <= this.#unit.segment.maxDoc
  }

  /** Whole numbers in a list, by their terms, where they are indexed and the list is short for the segment. */
  async #numberPostings(i: number, predicate: Expr, column: NumericColumn): Promise<DocFilter | null> {
    const { source } = this.#columns.column(i)
    const entry = source.kind === 'column' ? this.#columns.entry(source.name) : null
    const isNumber = entry !== null && (entry.type === 'u64' || entry.type === 'i64')
    if (!isNumber || entry.options.record === null || entry.type !== column.type) return null
    if (!(predicate instanceof InListExpr) || predicate.negated || !this.#isFew(predicate.list.length)) return null
    const values = predicate.list
      .map((item) => (item as LiteralExpr).value)
      .filter((value) => typeof value === 'bigint')
    const [low, high] = entry.type === 'u64' ? [0n, U64_MAX] : [I64_MIN, I64_MAX]
    const terms = values
      .filter((value) => value >= low && value <= high)
      .map((value) => (entry.type === 'u64' ? termForU64(value) : termForI64(value)))
    const prepared = await prepare(new TermSetQuery(new Map([[entry.ord, terms]])), this.#unit.segment, {
      scoring: false,
    })
    return { docs: (start, end) => prepared.docs(start, end), exact: true, by: 'postings' }
  }

  /** Equality of text that is indexed untouched, in a field with one value a document, by its terms. */
  async #postings(i: number, texts: readonly string[]): Promise<DocFilter | null> {
    const { source } = this.#columns.column(i)
    const entry = source.kind === 'column' ? this.#columns.entry(source.name) : null
    if (entry === null || entry.type !== 'text') return null
    const { record, tokenizer, fastTokenizer } = entry.options
    if (record === null || tokenizer !== 'raw' || (fastTokenizer !== null && fastTokenizer !== 'raw')) return null
    const terms = texts.map((text) => new TextEncoder().encode(text))
    const query = new TermSetQuery(new Map([[entry.ord, terms.filter(({ length }) => length < LONG_TEXT)]]))
    // A longer text would be in no term, but the column of another writer may hold it.
    if (terms.some(({ length }) => length >= LONG_TEXT)) return null
    const prepared = await prepare(query, this.#unit.segment, { scoring: false })
    return { docs: (start, end) => prepared.docs(start, end), exact: true, by: 'postings' }
  }

  /**
   * `json->>'path' = 'text'`: the documents whose column of that path has the text are all that can satisfy it. They are
   * still to be read: an array of one text has the same column.
   */
  async #pathLeaf(predicate: Expr, i: number): Promise<DocFilter | null> {
    const { source } = this.#columns.column(i)
    const texts = textsOf(predicate)
    if (source.kind !== 'path' || !source.text || texts === null || !texts.every(isPlainText)) return null
    const name = this.#columns.pathColumn(source.name, source.path)
    if (name === null) return null
    const entry = (await this.#unit.segment.columnsOf(name)).find(({ type }) => type === 'str')
    if (entry === undefined) return { docs: () => new Uint32Array(0), exact: true, by: 'column' }
    const column = (await this.#unit.segment.openColumn(entry)) as BytesColumn
    const known = await ordinalsOf(column, texts)
    return known.length > MAX_RANGES ? null : { docs: listed(column, known), exact: false, by: 'column' }
  }
}

/** Positions among a source's own columns that an expression reads. */
function columnsOf(expr: Expr): number[] {
  const found = new Set<number>()
  visitExpr(expr, (node) => {
    if (node instanceof ColumnExpr) found.add(node.index - addressFields.length)
  })
  return [...found].sort((a, b) => a - b)
}

/** The same of several, ascending. */
export function filteredColumns(filters: readonly Expr[]): number[] {
  return [...new Set(filters.flatMap(columnsOf))].sort((a, b) => a - b)
}

function onColumn0(predicate: Expr): Expr {
  return transformExpr(predicate, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(0, node.name, node.type, true) : node,
  )
}

function isBytes(column: Column): column is BytesColumn {
  return column.type === 'str' || column.type === 'bytes'
}

function presence(column: Column, present: boolean): DocFilter {
  const has = (start: number, end: number): Uint32Array => column.docsWithValue(start, end)
  const without = (start: number, end: number): Uint32Array => complement(has(start, end), start, end)
  return { docs: present ? has : without, exact: true, by: 'column' }
}

/** The texts that `column = text` or `column IN (texts)` asks for; null for other predicates. */
function textsOf(predicate: Expr): string[] | null {
  let items: readonly Expr[]
  if (predicate instanceof ComparisonExpr && predicate.op === '=') {
    const { left, right } = predicate
    if (left instanceof ColumnExpr) items = [right]
    else if (right instanceof ColumnExpr) items = [left]
    else return null
  } else if (predicate instanceof InListExpr && !predicate.negated && predicate.child instanceof ColumnExpr) {
    items = predicate.list
  } else {
    return null
  }
  const texts: string[] = []
  for (const item of items) {
    if (!(item instanceof LiteralExpr)) return null
    if (typeof item.value === 'string') texts.push(item.value)
    else if (item.value !== null) return null
  }
  return texts
}

/** Whether only a JSON string reads as this text: no number, boolean, date, array or object does. */
function isPlainText(text: string): boolean {
  return /^[^\d\s+\-.[{"]/.test(text) && text !== 'true' && text !== 'false' && text.length < LONG_TEXT / 3
}

/** Ordinals of the texts that the dictionary has, ascending. */
async function ordinalsOf(column: BytesColumn, texts: readonly string[]): Promise<number[]> {
  const encoder = new TextEncoder()
  const found = await Promise.all(texts.map((text) => column.dictionary.ordOf(encoder.encode(text))))
  return [...new Set(found)].filter((ordinal) => ordinal >= 0).sort((a, b) => a - b)
}

function listed(column: BytesColumn, ordinals: readonly number[]): DocFilter['docs'] {
  return (start, end) =>
    ordinals.reduce<Uint32Array>(
      (docs, ordinal) => union(docs, column.docsInRange(ordinal, ordinal, start, end)),
      new Uint32Array(0),
    )
}

/** What some conjuncts say leaves the others to be tested. */
function allOf(parts: readonly (DocFilter | null)[]): DocFilter | null {
  const known = parts.filter((part) => part !== null)
  if (known.length === 0) return null
  return {
    docs: (start, end) =>
      known.slice(1).reduce((docs, part) => intersection(docs, part.docs(start, end)), known[0]!.docs(start, end)),
    exact: known.length === parts.length && known.every(({ exact }) => exact),
    by: known[0]!.by,
  }
}

function anyOf(parts: readonly (DocFilter | null)[]): DocFilter | null {
  const known = parts.filter((part) => part !== null)
  if (known.length < parts.length) return null
  return {
    docs: (start, end) =>
      known.reduce<Uint32Array>((docs, part) => union(docs, part.docs(start, end)), new Uint32Array(0)),
    exact: known.every(({ exact }) => exact),
    by: known[0]!.by,
  }
}
