import type { ValueZones } from './value-zones.ts'

/** Types of columns, by the names that tantivy gives them. */
export type ColumnType = 'i64' | 'u64' | 'f64' | 'bool' | 'date' | 'ip' | 'bytes' | 'str'

/** `full`: one value a document; `optional`: at most one; `multivalued`: any number. */
export type Cardinality = 'full' | 'optional' | 'multivalued'

/** A column as the directory of a columnar container lists it; `start` and `end` are bytes of the container. */
export interface ColumnEntry {
  /** Field name; keys of a JSON path follow, each after a byte 1. */
  readonly name: string
  readonly type: ColumnType
  readonly start: number
  readonly end: number
}

/** i64 and date (nanoseconds): BigInt64Array; u64: BigUint64Array; f64: Float64Array; bool: Uint8Array of 0 and 1. */
export type NumericArray = BigInt64Array | BigUint64Array | Float64Array | Uint8Array

export interface NumericLists {
  /** Entry k owns values offsets[k] up to offsets[k + 1]. */
  readonly offsets: Int32Array
  readonly values: NumericArray
}

export interface ByteLists {
  readonly offsets: Int32Array
  /** 16 bytes a value, big-endian. */
  readonly values: Uint8Array
}

export interface OrdinalLists {
  readonly offsets: Int32Array
  readonly values: Uint32Array
}

/** Documents to read: a range, or `count` ids of a list in any order. */
export type DocRows =
  | { readonly start: number; readonly end: number }
  | { readonly docs: Uint32Array; readonly count: number }

interface ColumnBase {
  readonly cardinality: Cardinality
  readonly numDocs: number
  /** Number of values, over all documents. */
  readonly numValues: number
  /** Documents of [start, end) with a value, ascending. */
  docsWithValue(start: number, end: number): Uint32Array
}

/**
 * A column of 64-bit values. `validity` is an LSB bitmap: bit k stands for the k-th document asked for; bits of whole
 * bytes up to the count are written. Values of documents without one are 0.
 */
export interface NumericColumn extends ColumnBase {
  readonly type: 'i64' | 'u64' | 'f64' | 'bool' | 'date'
  /** Bounds of the values, in the column's own type (f64: number; else bigint); null in a column without values. */
  readonly minValue: bigint | number | null
  readonly maxValue: bigint | number | null
  /** Writes the first value of each document of [start, end); returns the number of documents without one. */
  readRange(start: number, end: number, out: NumericArray, validity: Uint8Array): number
  /** The same for `count` document ids. */
  readDocs(docs: Uint32Array, count: number, out: NumericArray, validity: Uint8Array): number
  /**
   * Writes the first value of each document as a float near it, NaN for none: of two values the lower is never above the
   * other. Cheaper than readDocs; false, and nothing is done, for columns that are not so stored.
   */
  readNear(docs: Uint32Array, count: number, out: Float64Array): boolean
  /**
   * Dates and i64 divided by a positive number, where each is a multiple of it, as a column of the same type that costs no
   * division; null where that is not known.
   */
  dividedBy(divisor: bigint): NumericColumn | null
  /** Bounds of values by runs of documents; null where documents have several values, or none has one. */
  zones(): ValueZones | null
  /** All values of the documents. */
  readLists(rows: DocRows): NumericLists
  /**
   * The sum of the first values of the documents of [start, end), and how many there are; null for floats, and where the
   * values must be read.
   */
  sumRange(start: number, end: number): { readonly sum: bigint; readonly count: number } | null
  /** Documents of [start, end) with a value in [min, max], given as the order-preserving u64 of the type, ascending. */
  docsInRange(min: bigint, max: bigint, start: number, end: number): Uint32Array
  /** Those of some spans of documents, a start and an end each, ascending. */
  docsOfSpans(spans: Uint32Array, min: bigint, max: bigint): Uint32Array
  /** Those of ascending documents. */
  docsOfInRange(docs: Uint32Array, min: bigint, max: bigint): Uint32Array
}

/** A column of IP addresses, read as 16 big-endian bytes a value. */
export interface IpColumn extends ColumnBase {
  readonly type: 'ip'
  readonly minValue: bigint | null
  readonly maxValue: bigint | null
  readRange(start: number, end: number, out: Uint8Array, validity: Uint8Array): number
  readDocs(docs: Uint32Array, count: number, out: Uint8Array, validity: Uint8Array): number
  readLists(rows: DocRows): ByteLists
  docsInRange(min: bigint, max: bigint, start: number, end: number): Uint32Array
}

/** Terms written one after another: term k is bytes offsets[k] up to offsets[k + 1]. */
export interface TermList {
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
}

/** The sorted distinct values of a str or bytes column; ordinals are ranks. Its blocks are read when needed. */
export interface ColumnDictionary {
  readonly numTerms: number
  /** Terms of ascending distinct ordinals. */
  termsOf(ordinals: Uint32Array, signal?: AbortSignal): Promise<TermList>
  all(signal?: AbortSignal): Promise<TermList>
  /** Ordinal of a term, -1 if it is not there. */
  ordOf(term: Uint8Array, signal?: AbortSignal): Promise<number>
  /** Ordinal of the first term that is not below `term`; numTerms if all are. */
  lowerBound(term: Uint8Array, signal?: AbortSignal): Promise<number>
}

/** A column of strings or byte strings, read as ordinals of its dictionary. */
export interface BytesColumn extends ColumnBase {
  readonly type: 'bytes' | 'str'
  readonly dictionary: ColumnDictionary
  readOrdinals(start: number, end: number, out: Uint32Array, validity: Uint8Array): number
  readOrdinalsOf(docs: Uint32Array, count: number, out: Uint32Array, validity: Uint8Array): number
  readOrdinalLists(rows: DocRows): OrdinalLists
  /**
   * Adds to counts[ordinal] the documents of [start, end) with it, of a full column; false, and nothing is done, where they
   * must be read.
   */
  countOrdinals(start: number, end: number, counts: Uint32Array): boolean
  /** Bounds of ordinals by runs of documents; null where documents have several values, or none has one. */
  zones(): ValueZones | null
  /** Documents of [start, end) with an ordinal in [min, max], ascending. */
  docsInRange(min: number, max: number, start: number, end: number): Uint32Array
  /** Those of some spans of documents, a start and an end each, ascending. */
  docsOfSpans(spans: Uint32Array, min: number, max: number): Uint32Array
  /** Those of ascending documents. */
  docsOfInRange(docs: Uint32Array, min: number, max: number): Uint32Array
  /** Documents of [start, end) with an ordinal that has accepted[ordinal] = 1, ascending. */
  docsAccepted(accepted: Uint8Array, start: number, end: number): Uint32Array
  /** Those of ascending documents. */
  docsOfAccepted(docs: Uint32Array, accepted: Uint8Array): Uint32Array
}

export type Column = NumericColumn | IpColumn | BytesColumn
