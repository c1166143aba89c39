import {
  BoolVector,
  BytesVector,
  DictionaryVector,
  ListVector,
  PrimitiveVector,
  typeName,
  UINT32,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { BytesColumn, Column, DocRows, IpColumn, NumericColumn, TermList } from '@volley/tantivy'
import type { DataType } from 'apache-arrow'
import type { TermTexts } from '../filters/term-filter.ts'
import { lowerBound } from '../filters/doc-lists.ts'
import type { MappedField } from '../mapping/doc-mapping.ts'
import { bytesToText, ipToText } from '../mapping/value-text.ts'
import type { TermReader } from '../opener/term-cache.ts'
import { distinctSorted } from './ordinal-lists.ts'
import { divideNanos, nanosPerUnit } from './timestamps.ts'

/** What of a field says how its column is read. */
export type FieldForm = Pick<MappedField, 'type' | 'outputFormat'>

/** A fast field of one segment, read as vectors of one Arrow type. */
export interface FastColumn {
  /** Waits only for what is not in memory. */
  readRange(start: number, end: number, region: Region): Vector | Promise<Vector>
  readDocs(docs: Uint32Array, region: Region): Vector | Promise<Vector>
  /** Of text whose dictionary is small enough to be read whole: reads its texts. */
  termTexts?(): Promise<TermTexts>
  /** Of text: the same column as ordinals (Uint32) of its dictionary, which is not read then. */
  ordinals?(): OrdinalColumn
}

/** A text column as ordinals of its terms. */
export interface OrdinalColumn extends FastColumn {
  readonly numTerms: number
  /** Whether ordinals order as the texts do. */
  readonly sorted: boolean
  /** The texts of ascending distinct ordinals. */
  textsOf(ordinals: Uint32Array, region: Region): Promise<Vector>
  /** The texts of ordinals, in any order, where all are in memory; else null. */
  knownTexts(ordinals: Uint32Array, region: Region): Vector | null
}

/**
 * How a column of the index format becomes vectors of `type`; null when it cannot without changing values, which then come
 * from the document store. `shared` holds what all batches share (dictionaries); terms are read from `terms`.
 */
export function fastColumn(
  column: Column,
  type: DataType,
  field: FieldForm,
  shared: Region,
  terms: TermReader,
): FastColumn | null {
  const isList = typeName(type) === 'List'
  if (!holds(column, isList ? type.children![0]!.type : type, field)) return null
  if (isList) return listColumn(column, type, field, terms)
  switch (column.type) {
    case 'str':
    case 'bytes':
      return new TextColumn(column, type, field, shared, terms)
    case 'ip':
      return new IpTextColumn(column, type)
    default:
      return new NumberColumn(column as NumericColumn, type)
  }
}

/** Whether each value of a column is one of the field, which may have had another type when the split was written. */
function holds(column: Column, type: DataType, field: FieldForm): boolean {
  const name = typeName(type)
  switch (column.type) {
    case 'str':
      return field.type === 'text'
    case 'bytes':
    case 'ip':
      return field.type === column.type || field.type === 'text'
    case 'bool':
      return name === 'Bool'
    case 'date':
      return name === 'Timestamp'
    case 'i64':
    case 'u64':
      return (name === 'Int64' || name === 'Uint64') && fits(column, name)
    case 'f64':
      return name === 'Float64'
  }
}

class NumberColumn implements FastColumn {
  readonly #column: NumericColumn
  readonly #type: DataType
  /** What the column's values are still to be divided by. */
  readonly #divisor: number

  constructor(column: NumericColumn, type: DataType) {
    const divisor = divisorOf(column, type)
    const divided = divisor === 1 ? null : column.dividedBy(BigInt(divisor))
    this.#column = divided ?? column
    this.#divisor = divided === null ? divisor : 1
    this.#type = type
  }

  readRange(start: number, end: number, region: Region): Vector {
    return this.#read(end - start, region, (out, validity) => this.#column.readRange(start, end, out, validity))
  }

  readDocs(docs: Uint32Array, region: Region): Vector {
    return this.#read(docs.length, region, (out, validity) => this.#column.readDocs(docs, docs.length, out, validity))
  }

  #read(length: number, region: Region, read: (out: never, validity: Uint8Array) => number): Vector {
    const validity = region.bitmap(length, false)
    const out = valuesFor(this.#column, length, region)
    const nulls = read(out as never, validity)
    return numberVector(this.#column, this.#type, this.#divisor, out, length, nulls === 0 ? null : validity, region)
  }
}

/** What a column's values, nanoseconds of dates, are divided by. */
function divisorOf(column: NumericColumn, type: DataType): number {
  return column.type === 'date' ? nanosPerUnit(type) : 1
}

type NumberArray = BigInt64Array | BigUint64Array | Float64Array | Uint8Array

function valuesFor(column: NumericColumn, length: number, region: Region): NumberArray {
  switch (column.type) {
    case 'i64':
    case 'date':
      return region.i64(length)
    case 'u64':
      return region.u64(length)
    case 'f64':
      return region.f64(length)
    case 'bool':
      return region.u8(length)
  }
}

function numberVector(
  column: NumericColumn,
  type: DataType,
  divisor: number,
  values: NumberArray,
  length: number,
  validity: Uint8Array | null,
  region: Region,
): Vector {
  switch (column.type) {
    case 'bool': {
      const bits = region.bitmap(length, false)
      const flags = values as Uint8Array
      for (let i = 0; i < length; i++) bits[i >>> 3]! |= flags[i]! << (i & 7)
      return new BoolVector(type, length, validity, bits)
    }
    case 'date':
      divideNanos(values as BigInt64Array, length, divisor)
      return new PrimitiveVector(type, length, validity, values)
    case 'f64':
      return new PrimitiveVector(type, length, validity, values)
    case 'i64':
    case 'u64':
      return integerVector(type, values as BigInt64Array | BigUint64Array, length, validity)
  }
}

/** Whether a column whose mapping had the other sign holds only values that both types have. */
function fits(column: NumericColumn, name: 'Int64' | 'Uint64'): boolean {
  const [least, most] = [column.minValue, column.maxValue]
  if (least === null || most === null || (column.type === 'i64') === (name === 'Int64')) return true
  return least >= 0n && most < 1n << 63n
}

/** i64 and u64 share their bits below 2^63. */
function integerVector(
  type: DataType,
  values: BigInt64Array | BigUint64Array,
  length: number,
  validity: Uint8Array | null,
): Vector {
  const View = typeName(type) === 'Int64' ? BigInt64Array : BigUint64Array
  return new PrimitiveVector(type, length, validity, new View(values.buffer as ArrayBuffer, values.byteOffset, length))
}

/** Dictionaries up to this many terms are read whole, once a segment; of larger ones, what a batch needs, at first. */
export const WHOLE_DICTIONARY = 262_144
/** A larger dictionary is read whole once so many rows for each of its terms were read. */
const MANY_ROWS = 1 / 8
/** One that is in memory, once so many were: it is copied, and what functions know of its terms serves batch after batch. */
const KNOWN_ROWS = 1 / 64
/** Dictionaries up to this many terms are read whole to test each term, or for many rows. */
const TESTED_DICTIONARY = 4_194_304
/** A list of documents below this share of the terms has its own terms looked up. */
const FEW_ROWS = 1 / 16

class TextColumn implements FastColumn {
  readonly #column: BytesColumn
  readonly #type: DataType
  readonly #field: FieldForm
  readonly #shared: Region
  readonly #terms: TermReader
  #whole: BytesVector | null = null
  /** Rows that were read with dictionaries of their own. */
  #rows = 0

  constructor(column: BytesColumn, type: DataType, field: FieldForm, shared: Region, terms: TermReader) {
    this.#terms = terms
    this.#column = column
    this.#type = type
    this.#field = field
    this.#shared = shared
  }

  async readRange(start: number, end: number, region: Region): Promise<Vector> {
    return this.#read(end - start, 0, region, (out, validity) => this.#column.readOrdinals(start, end, out, validity))
  }

  async readDocs(docs: Uint32Array, region: Region): Promise<Vector> {
    return this.#read(docs.length, FEW_ROWS, region, (out, validity) =>
      this.#column.readOrdinalsOf(docs, docs.length, out, validity),
    )
  }

  ordinals(): OrdinalColumn {
    const column = this.#column
    const read = (length: number, region: Region, fill: (out: Uint32Array, bits: Uint8Array) => number): Vector => {
      const validity = region.bitmap(length, false)
      const ordinals = region.u32(length)
      const nulls = fill(ordinals, validity)
      return new PrimitiveVector(UINT32, length, nulls === 0 ? null : validity, ordinals)
    }
    return {
      numTerms: column.dictionary.numTerms,
      sorted: this.#sorted,
      readRange: (start, end, region) =>
        read(end - start, region, (out, validity) => column.readOrdinals(start, end, out, validity)),
      readDocs: (docs, region) =>
        read(docs.length, region, (out, validity) => column.readOrdinalsOf(docs, docs.length, out, validity)),
      textsOf: async (ordinals, region) => {
        const terms = await this.#terms.at(column.dictionary, ordinals)
        return termsVector(terms, ordinals.length, column, this.#field, this.#type, region)
      },
      knownTexts: (ordinals, region) => {
        const terms = this.#terms.known(column.dictionary, ordinals)
        return terms && termsVector(terms, ordinals.length, column, this.#field, this.#type, region)
      },
    }
  }

  get termTexts(): (() => Promise<TermTexts>) | undefined {
    const { dictionary } = this.#column
    if (dictionary.numTerms > TESTED_DICTIONARY) return undefined
    return async () => {
      const terms = await this.#terms.all(dictionary)
      const texts = (from: number, to: number, region: Region): Vector =>
        termsVector(termRun(terms, from, to), to - from, this.#column, this.#field, this.#type, region)
      return { offsets: terms.offsets, texts }
    }
  }

  /** base64 does not keep the order of bytes. */
  get #sorted(): boolean {
    return this.#column.type === 'str' || this.#field.outputFormat === 'hex'
  }

  async #read(
    length: number,
    share: number,
    region: Region,
    read: (out: Uint32Array, validity: Uint8Array) => number,
  ): Promise<Vector> {
    const validity = region.bitmap(length, false)
    const codes = region.u32(length)
    const nulls = read(codes, validity)
    const dictionary = await this.#dictionary(codes, share, region)
    return new DictionaryVector(this.#type, length, nulls === 0 ? null : validity, codes, dictionary, this.#sorted)
  }

  /** The dictionary that `codes` are ordinals of; a partial one, for codes below a share of all terms, renumbers them. */
  async #dictionary(codes: Uint32Array, share: number, region: Region): Promise<BytesVector> {
    if (this.#whole !== null) return this.#whole
    const { dictionary } = this.#column
    if (this.#readsWhole(codes.length, share)) {
      const terms = await this.#terms.all(dictionary)
      this.#whole ??= termsVector(terms, dictionary.numTerms, this.#column, this.#field, this.#type, this.#shared, true)
      return this.#whole
    }
    this.#rows += codes.length
    const ordinals = distinctSorted(codes)
    const terms = await this.#terms.at(dictionary, ordinals)
    for (let i = 0; i < codes.length; i++) codes[i] = lowerBound(ordinals, codes[i]!)
    return termsVector(terms, ordinals.length, this.#column, this.#field, this.#type, region)
  }

  #readsWhole(rows: number, share: number): boolean {
    const { numTerms } = this.#column.dictionary
    if (numTerms <= WHOLE_DICTIONARY) return rows >= numTerms * share
    if (numTerms > TESTED_DICTIONARY) return false
    return this.#rows >= numTerms * (this.#terms.holds(this.#column.dictionary) ? KNOWN_ROWS : MANY_ROWS)
  }
}

/** Terms [from, to) of a list. */
function termRun({ offsets, bytes }: TermList, from: number, to: number): TermList {
  const first = offsets[from]!
  const own = offsets.slice(from, to + 1)
  for (let i = 0; i < own.length; i++) own[i]! -= first
  return { offsets: own, bytes: bytes.subarray(first, offsets[to]) }
}

/** With `later`, the bytes are copied when they are asked for: what is known of a dictionary's entries needs none. */
function termsVector(
  terms: TermList,
  count: number,
  column: BytesColumn,
  field: FieldForm,
  type: DataType,
  region: Region,
  later = false,
): BytesVector {
  const offsets = region.i32(count + 1)
  if (column.type === 'str') {
    offsets.set(terms.offsets.subarray(0, count + 1))
    const copy = (): Uint8Array => {
      const bytes = region.u8(terms.bytes.length)
      bytes.set(terms.bytes)
      return bytes
    }
    return new BytesVector(type, count, null, offsets, later ? copy : copy(), terms)
  }
  return textVector(
    count,
    (i) => bytesToText(terms.bytes.subarray(terms.offsets[i], terms.offsets[i + 1]), field.outputFormat ?? 'base64'),
    type,
    null,
    region,
  )
}

const encoder = new TextEncoder()

function textVector(
  count: number,
  textAt: (i: number) => string,
  type: DataType,
  validity: Uint8Array | null,
  region: Region,
): BytesVector {
  const offsets = region.i32(count + 1)
  const parts: Uint8Array[] = []
  let end = 0
  offsets[0] = 0
  for (let i = 0; i < count; i++) {
    const part = encoder.encode(textAt(i))
    parts.push(part)
    end += part.length
    offsets[i + 1] = end
  }
  const bytes = region.u8(end)
  parts.forEach((part, i) => bytes.set(part, offsets[i]!))
  return new BytesVector(type, count, validity, offsets, bytes)
}

function ipOctetsText(octets: Uint8Array, i: number): string {
  return ipToText(addressAt(octets, i))
}

/** Address `i` of a list of them, 16 octets each. */
export function addressAt(octets: Uint8Array, i: number): bigint {
  let value = 0n
  for (let k = i * 16; k < i * 16 + 16; k++) value = (value << 8n) | BigInt(octets[k]!)
  return value
}

class IpTextColumn implements FastColumn {
  readonly #column: IpColumn
  readonly #type: DataType

  constructor(column: IpColumn, type: DataType) {
    this.#column = column
    this.#type = type
  }

  async readRange(start: number, end: number, region: Region): Promise<Vector> {
    return this.#read(end - start, region, (out, validity) => this.#column.readRange(start, end, out, validity))
  }

  async readDocs(docs: Uint32Array, region: Region): Promise<Vector> {
    return this.#read(docs.length, region, (out, validity) => this.#column.readDocs(docs, docs.length, out, validity))
  }

  #read(length: number, region: Region, read: (out: Uint8Array, validity: Uint8Array) => number): Vector {
    const validity = region.bitmap(length, false)
    const octets = new Uint8Array(length * 16)
    const nulls = read(octets, validity)
    return textVector(
      length,
      (i) => (((validity[i >>> 3]! >>> (i & 7)) & 1) === 0 ? '' : ipOctetsText(octets, i)),
      this.#type,
      nulls === 0 ? null : validity,
      region,
    )
  }
}

/** All values of each document, in document order; a document without one is NULL. */
function listColumn(column: Column, type: DataType, field: FieldForm, terms: TermReader): FastColumn {
  const itemType = type.children![0]!.type
  const read = async (rows: DocRows, count: number, region: Region): Promise<Vector> => {
    const { offsets, child } = await listItems(column, itemType, field, rows, region, terms)
    const own = region.i32(count + 1)
    own.set(offsets.subarray(0, count + 1))
    const validity = region.bitmap(count, false)
    let nulls = 0
    for (let i = 0; i < count; i++) {
      const present = own[i + 1]! > own[i]!
      validity[i >>> 3]! |= +present << (i & 7)
      nulls += +!present
    }
    return new ListVector(type, count, nulls === 0 ? null : validity, own, child)
  }
  return {
    readRange: (start, end, region) => read({ start, end }, end - start, region),
    readDocs: (docs, region) => read({ docs, count: docs.length }, docs.length, region),
  }
}

async function listItems(
  column: Column,
  type: DataType,
  field: FieldForm,
  rows: DocRows,
  region: Region,
  reader: TermReader,
): Promise<{ offsets: Int32Array; child: Vector }> {
  if (column.type === 'ip') {
    const { offsets, values } = column.readLists(rows)
    const count = values.length / 16
    return { offsets, child: textVector(count, (i) => ipOctetsText(values, i), type, null, region) }
  }
  if (column.type === 'str' || column.type === 'bytes') {
    const { offsets, values } = column.readOrdinalLists(rows)
    const ordinals = distinctSorted(values)
    const terms = await reader.at(column.dictionary, ordinals)
    const codes = region.u32(values.length)
    for (let i = 0; i < values.length; i++) codes[i] = lowerBound(ordinals, values[i]!)
    const dictionary = termsVector(terms, ordinals.length, column, field, type, region)
    return { offsets, child: new DictionaryVector(type, values.length, null, codes, dictionary, column.type === 'str') }
  }
  // The type cannot tell numbers from terms by a discriminant that is a union itself.
  const numbers = column as NumericColumn
  const { offsets, values } = numbers.readLists(rows)
  const own = valuesFor(numbers, values.length, region)
  own.set(values as never)
  return { offsets, child: numberVector(numbers, type, divisorOf(numbers, type), own, values.length, null, region) }
}
