import type { FieldEntry, RecordOption } from '../schema/index-schema.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import type { TokenizerManager } from '../tokenizer/tokenizer-manager.ts'
import {
  AddressColumn,
  COLUMN_CODES,
  DictionaryColumn,
  NumberColumn,
  type ColumnCollector,
} from './column-collector.ts'
import { FieldPostings } from './field-postings.ts'
import { BytesTerms, NO_PREFIX, NumberTerms, TextTerms } from './field-terms.ts'
import { mapF64, mapI64 } from '../terms.ts'
import { truncateDate } from './truncate-date.ts'

/** Takes the values of one field, document by document, into its postings and its columns. */
export interface FieldWriter {
  readonly postings: FieldPostings | null
  /** Indexes the checked values of a document; answers the number of tokens, for the field norm. */
  add(doc: number, values: readonly unknown[]): number
  /** Names and values of the field's columns. */
  columns(): Iterable<readonly [string, ColumnCollector]>
}

export interface AnalysisOptions {
  readonly tokenizers: TokenizerManager
  /** Tokenizers of fast text. */
  readonly normalizers: TokenizerManager
}

export function tokenizerNamed(manager: TokenizerManager, field: FieldEntry, name: string): Tokenizer {
  const tokenizer = manager.get(name)
  if (tokenizer === undefined) throw new Error(`field ${field.name}: there is no tokenizer named ${name}`)
  return tokenizer
}

export function postingsOf(option: RecordOption | null): FieldPostings | null {
  return option === null ? null : new FieldPostings(option)
}

/** Text: tokens with positions that run on over the values of a document, one apart (section 6.2). */
export class TextFieldWriter implements FieldWriter {
  readonly postings: FieldPostings | null
  readonly #field: FieldEntry
  readonly #tokenizer: Tokenizer | null
  readonly #terms: TextTerms | null
  readonly #normalizer: Tokenizer | null
  readonly #column: DictionaryColumn | null

  constructor(field: FieldEntry, { tokenizers, normalizers }: AnalysisOptions) {
    const { record, tokenizer, fast, fastTokenizer } = field.options
    this.#field = field
    this.postings = postingsOf(record)
    this.#tokenizer = record === null ? null : tokenizerNamed(tokenizers, field, tokenizer ?? 'default')
    this.#terms = this.postings === null ? null : new TextTerms(this.postings, NO_PREFIX)
    this.#column = fast ? new DictionaryColumn(COLUMN_CODES.str) : null
    this.#normalizer = fastTokenizer === null ? null : tokenizerNamed(normalizers, field, fastTokenizer)
  }

  add(doc: number, values: readonly unknown[]): number {
    let tokens = 0
    let offset = 0
    for (const value of values as readonly string[]) {
      this.#addToColumn(doc, value)
      const terms = this.#terms
      if (terms === null) continue
      let end = offset
      this.#tokenizer!.forEachToken(value, (text, position) => {
        const term = terms.idOf(text)
        if (term < 0) return
        tokens += 1
        this.postings!.add(term, doc, offset + position)
        if (offset + position + 1 > end) end = offset + position + 1
      })
      offset = end + 1
    }
    return tokens
  }

  #addToColumn(doc: number, value: string): void {
    const column = this.#column
    if (column === null) return
    if (this.#normalizer === null) column.addText(doc, value)
    else this.#normalizer.forEachToken(value, (text) => column.addText(doc, text))
  }

  *columns(): Iterable<readonly [string, ColumnCollector]> {
    if (this.#column !== null) yield [this.#field.name, this.#column]
  }
}

/** u64, i64, f64, bool and date. */
export class NumberFieldWriter implements FieldWriter {
  readonly postings: FieldPostings | null
  readonly #field: FieldEntry
  readonly #terms: NumberTerms | null
  readonly #column: NumberColumn | null

  constructor(field: FieldEntry) {
    this.#field = field
    this.postings = postingsOf(field.options.record)
    this.#terms = this.postings === null ? null : new NumberTerms(this.postings, NO_PREFIX)
    const code = COLUMN_CODES[field.type as 'u64' | 'i64' | 'f64' | 'bool' | 'date']
    this.#column = field.options.fast ? new NumberColumn(code) : null
  }

  add(doc: number, values: readonly unknown[]): number {
    const date = this.#field.type === 'date'
    for (const value of values) {
      if (this.#terms !== null) {
        const indexed = date ? mapI64(truncateDate(value as bigint, 'seconds')) : this.#mapped(value)
        this.postings!.add(this.#terms.idOf(indexed), doc, 0)
      }
      if (this.#column === null) continue
      const kept = date ? truncateDate(value as bigint, this.#field.options.precision) : value
      this.#column.add(doc, this.#mapped(kept))
    }
    return values.length
  }

  #mapped(value: unknown): bigint {
    switch (this.#field.type) {
      case 'u64':
        return value as bigint
      case 'f64':
        return mapF64(value as number)
      case 'bool':
        return value === true ? 1n : 0n
      default:
        return mapI64(value as bigint)
    }
  }

  *columns(): Iterable<readonly [string, ColumnCollector]> {
    if (this.#column !== null) yield [this.#field.name, this.#column]
  }
}

/** Addresses and bytes. */
export class BytesFieldWriter implements FieldWriter {
  readonly postings: FieldPostings | null
  readonly #field: FieldEntry
  readonly #terms: BytesTerms | null
  readonly #addresses: AddressColumn | null
  readonly #bytes: DictionaryColumn | null

  constructor(field: FieldEntry) {
    const { fast, record } = field.options
    this.#field = field
    this.postings = postingsOf(record)
    this.#terms = this.postings === null ? null : new BytesTerms(this.postings)
    this.#addresses = fast && field.type === 'ip_addr' ? new AddressColumn() : null
    this.#bytes = fast && field.type === 'bytes' ? new DictionaryColumn(COLUMN_CODES.bytes) : null
  }

  add(doc: number, values: readonly unknown[]): number {
    for (const value of values) {
      const bytes = typeof value === 'bigint' ? addressBytes(value) : (value as Uint8Array)
      if (this.#terms !== null) this.postings!.add(this.#terms.idOf(bytes), doc, 0)
      this.#bytes?.addBytes(doc, bytes)
      if (typeof value === 'bigint') this.#addresses?.add(doc, value)
    }
    return values.length
  }

  *columns(): Iterable<readonly [string, ColumnCollector]> {
    const column = this.#addresses ?? this.#bytes
    if (column !== null) yield [this.#field.name, column]
  }
}

function addressBytes(address: bigint): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, address >> 64n)
  view.setBigUint64(8, BigInt.asUintN(64, address))
  return bytes
}

const encoder = new TextEncoder()

/** Facets: a term for the path and for each ancestor; the column holds the paths alone, sorted within a document. */
export class FacetFieldWriter implements FieldWriter {
  readonly postings: FieldPostings = new FieldPostings('basic')
  readonly #name: string
  readonly #terms: BytesTerms = new BytesTerms(this.postings)
  readonly #column: DictionaryColumn = new DictionaryColumn(COLUMN_CODES.str, true)

  constructor(field: FieldEntry) {
    this.#name = field.name
  }

  add(doc: number, values: readonly unknown[]): number {
    let tokens = 0
    for (const path of values as readonly string[]) {
      for (let end = 0; end >= 0; end = path.indexOf('\0', end + 1)) {
        this.postings.add(this.#terms.idOf(encoder.encode(path.slice(0, end))), doc, 0)
        tokens += 1
      }
      if (path !== '') {
        this.postings.add(this.#terms.idOf(encoder.encode(path)), doc, 0)
        tokens += 1
      }
      this.#column.addText(doc, path)
    }
    return tokens
  }

  *columns(): Iterable<readonly [string, ColumnCollector]> {
    yield [this.#name, this.#column]
  }
}
