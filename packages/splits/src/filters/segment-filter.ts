import {
  ColumnExpr,
  evaluatePredicate,
  IsNullExpr,
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
import { prepare, type Query, type BytesColumn, type Column, type NumericColumn } from '@volley/tantivy'
import { Field, Null, Schema } from 'apache-arrow'
import { addressFields } from '../sources/address.ts'
import type { DocUnit } from '../sources/opened-layout.ts'
import type { SegmentColumns } from '../sources/segment-columns.ts'
import { allOf, anyOf, constantFilter, inOrder, listFilter, MOST, type DocFilter } from './doc-filter.ts'
import { complement } from './doc-lists.ts'
import { indexedTerms } from './indexed-values.ts'
import { isInfallible } from './infallible.ts'
import { numberTest } from './number-ranges.ts'
import { pathCandidates, pathTerms } from './path-candidates.ts'
import { RangeFilter, rangedNumbers, rangedTerms, type Range } from './range-filter.ts'
import { TermFilter } from './term-filter.ts'
import { termRanges } from './term-ranges.ts'
import { textsOf } from './texts-of.ts'

/** Ranges of values that are looked for in a column one by one; more of them are not worth it. */
const MAX_RANGES = 4
/** Finding a term and its documents costs about as much as passing this many values of a column. */
const LOOKUP_COST = 4096
/** Finding a term and its documents costs less than reading this many stored documents. */
const DOCS_PER_TERM = 8

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

  /**
   * What answers some conjuncts, in the order to ask in, and which of them nothing does. Those of one column are one, but for
   * those that count by themselves.
   */
  async compileAll(
    filters: readonly Expr[],
    alone: (filter: Expr) => boolean,
  ): Promise<{ known: readonly { by: DocFilter; of: readonly Expr[] }[]; rest: readonly Expr[] }> {
    const parts = await Promise.all(
      filters.map(async (filter) => (alone(filter) || isInfallible(filter) ? this.compile(filter) : null)),
    )
    const known: { by: DocFilter; of: Expr[] }[] = []
    const rest: Expr[] = []
    for (const [i, by] of parts.entries()) {
      const filter = filters[i]!
      if (by === null) {
        rest.push(filter)
        continue
      }
      const same = by instanceof RangeFilter && !alone(filter) ? sameColumn(known, by, alone) : undefined
      if (same === undefined) known.push({ by, of: [filter] })
      else {
        same.by = (same.by as RangeFilter).and(by as RangeFilter)
        same.of.push(filter)
      }
    }
    return { known: known.sort((a, b) => inOrder(a.by, b.by)), rest }
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
    return constantFilter(evaluatePredicate(predicate, row, this.#region).length === 1)
  }

  async #leaf(predicate: Expr, i: number): Promise<DocFilter | null> {
    const means = this.#columns.means(i)
    if (means.kind === 'store')
      return (await this.#byTerms(i, predicate, DOCS_PER_TERM, false)) ?? this.#pathLeaf(predicate, i)
    if (means.kind !== 'fast') return null
    const { raw } = means
    if (predicate instanceof IsNullExpr && predicate.child instanceof ColumnExpr)
      return presence(raw, predicate.negated)
    const { type } = this.#columns.column(i)
    if (raw.cardinality === 'multivalued' || typeName(type) === 'List' || raw.type === 'ip') return null
    if (!isBytes(raw)) {
      const test = numberTest(predicate, raw as NumericColumn, type)
      if (test === null) return null
      if (test.ranges.length > MAX_RANGES) return this.#byTerms(i, predicate, LOOKUP_COST, true)
      return new RangeFilter(rangedNumbers(raw as NumericColumn), test.ranges, test.nulls)
    }
    if (raw.type === 'str') {
      const postings = this.#isIndexedAsFast(i) ? await this.#byTerms(i, predicate, LOOKUP_COST, true) : null
      if (postings !== null) return postings
      const ranges = await termRanges(predicate, raw.dictionary)
      if (ranges !== null) return termsFilter(raw, ranges)
    }
    const read = means.column.termTexts
    return read === undefined ? null : new TermFilter(onColumn0(predicate), type, raw, read, this.#region)
  }

  /**
   * A predicate by the terms of its field, where each costs less to find than `most` documents do to look at; `single` where
   * the field has one value a document, which it may not have had in another mapping.
   */
  async #byTerms(i: number, predicate: Expr, most: number, single: boolean): Promise<DocFilter | null> {
    const { type } = this.#columns.column(i)
    const indexed = typeName(type) === 'List' ? null : this.#columns.indexed(i)
    const found = indexed && indexedTerms(predicate, { ...indexed, type })
    if (found === null || (found.terms > MAX_RANGES && found.terms * most > this.#unit.segment.maxDoc)) return null
    if (found.query === null) return constantFilter(false, 'postings')
    return this.#matching(found.query, found.exact && (single || indexed!.current))
  }

  /** The documents of a query of the inverted index. */
  async #matching(query: Query, exact: boolean): Promise<DocFilter> {
    const prepared = await prepare(query, this.#unit.segment, { scoring: false })
    return listFilter('postings', (start, end) => prepared.docs(start, end), 0, exact)
  }

  /** Whether the texts of a column are those of its field. */
  #isIndexedAsFast(i: number): boolean {
    const fastTokenizer = this.#columns.indexed(i)?.entry.options.fastTokenizer ?? null
    return fastTokenizer === null || fastTokenizer === 'raw'
  }

  /** `json->>'path' = 'text'`: the documents that can satisfy it, by the split's columns of the path; they are still to be read. */
  async #pathLeaf(predicate: Expr, i: number): Promise<DocFilter | null> {
    const { source } = this.#columns.column(i)
    const texts = textsOf(predicate)
    if (source.kind !== 'path' || !source.text || texts === null || texts.length > MAX_RANGES) return null
    const name = this.#columns.pathColumn(source.name, source.path)
    if (name !== null) {
      const found = await pathCandidates(this.#unit.segment, name, texts)
      return found && listFilter('column', found, 0, false)
    }
    const indexed = this.#columns.indexedPath(source.name, source.path)
    const query = indexed && pathTerms(indexed.ord, indexed.prefix, texts)
    return query && this.#matching(query, false)
  }
}

/** Of filters that do not count by themselves, one by ranges of the same column. */
function sameColumn<Known extends { readonly by: DocFilter; readonly of: readonly Expr[] }>(
  known: readonly Known[],
  { column }: RangeFilter,
  alone: (filter: Expr) => boolean,
): Known | undefined {
  return known.find(({ by, of }) => by instanceof RangeFilter && by.column.raw === column.raw && !alone(of[0]!))
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
  if (column.cardinality === 'full') return constantFilter(present, 'column')
  const has = (start: number, end: number): Uint32Array => column.docsWithValue(start, end)
  const without = (start: number, end: number): Uint32Array => complement(has(start, end), start, end)
  return listFilter('column', present ? has : without, present ? 0.5 : 0.1)
}

/** The documents whose term is in some ranges of ordinals. */
function termsFilter(column: BytesColumn, ranges: readonly Range[]): DocFilter {
  if (ranges.length <= MAX_RANGES) return new RangeFilter(rangedTerms(column), ranges, false)
  const accepted = new Uint8Array(column.dictionary.numTerms)
  for (const [low, high] of ranges) accepted.fill(1, Number(low), Number(high) + 1)
  return {
    docs: (start, end) => column.docsAccepted(accepted, start, end),
    among: (docs) => column.docsOfAccepted(docs, accepted),
    exact: true,
    by: 'column',
    share: Math.min(MOST, ranges.length / accepted.length),
    tests: false,
  }
}
