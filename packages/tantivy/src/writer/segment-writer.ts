import { crc32 } from '../bytes/crc32.ts'
import { fieldNormCode } from '../postings/fieldnorms.ts'
import type { FieldEntry, IndexSchema } from '../schema/index-schema.ts'
import { TokenizerManager } from '../tokenizer/tokenizer-manager.ts'
import { ByteWriter } from './byte-writer.ts'
import { checkDocument, type CheckedField } from './checked-document.ts'
import type { ColumnCollector } from './column-collector.ts'
import { writeColumns } from './fast-writer.ts'
import {
  BytesFieldWriter,
  FacetFieldWriter,
  NumberFieldWriter,
  TextFieldWriter,
  type AnalysisOptions,
  type FieldWriter,
} from './field-writer.ts'
import type { InputDocument } from './input-document.ts'
import { JsonFieldWriter } from './json-field-writer.ts'
import { StoreWriter } from './store-writer.ts'
import type { DictionaryKind } from './term-dictionary-writer.ts'

export interface SegmentWriterOptions {
  /** Default: tantivy's own. */
  readonly tokenizers?: TokenizerManager
  /** Tokenizers of fast text fields that name one; default: `tokenizers`. */
  readonly normalizers?: TokenizerManager
  /** The kind of term dictionary; Quickwit reads `sstable`, the default, tantivy without its features `fst`. */
  readonly dictionary?: DictionaryKind
  /** Compression of the document store; there is only `none`. */
  readonly store?: 'none'
  /** Bytes after which a block of the document store is closed; default 16384. */
  readonly storeBlockSize?: number
  /** 32 lower-case hexadecimal digits; default: random. */
  readonly id?: string
}

/** A segment in memory. */
export interface WrittenSegment {
  /** 32 lower-case hexadecimal digits, the stem of the names of its files. */
  readonly id: string
  readonly maxDoc: number
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly deletes?: { readonly numDeletedDocs: number; readonly opstamp: number }
}

const FOOTER_VERSION = { major: 0, minor: 27, patch: 0, index_format_version: 7 }
const JSON_TEXT = 's'.charCodeAt(0)

/** Writes one segment of an index in memory (formats/tantivy.md): documents are added, then the files are made at once. */
export class SegmentWriter {
  readonly id: string
  readonly #schema: IndexSchema
  readonly #dictionary: DictionaryKind
  readonly #writers: (FieldWriter | null)[]
  readonly #norms: (Uint8Array | null)[]
  readonly #store: StoreWriter
  #maxDoc = 0

  /** Throws an Error where a field names a tokenizer that is not there, or has a type that cannot be written. */
  constructor(schema: IndexSchema, options: SegmentWriterOptions = {}) {
    const tokenizers = options.tokenizers ?? TokenizerManager.tantivy()
    const analysis = { tokenizers, normalizers: options.normalizers ?? tokenizers }
    this.id = options.id ?? randomId()
    if (!/^[0-9a-f]{32}$/.test(this.id)) throw new Error(`segment id ${this.id}: expected 32 hexadecimal digits`)
    this.#schema = schema
    this.#dictionary = options.dictionary ?? 'sstable'
    this.#writers = schema.fields.map((field) => fieldWriter(field, analysis))
    this.#norms = schema.fields.map((field) => (field.options.fieldnorms ? new Uint8Array(1024) : null))
    this.#store = new StoreWriter(options.storeBlockSize)
  }

  get maxDoc(): number {
    return this.#maxDoc
  }

  /**
   * Adds a document; answers its id in the segment.
   *
   * @throws InvalidDocumentError when the document does not fit the schema.
   */
  add(document: InputDocument): number {
    const fields = checkDocument(this.#schema, document)
    const doc = this.#maxDoc
    for (const { field, values } of fields) this.#index(field, doc, values)
    this.#store.add(fields)
    this.#maxDoc += 1
    return doc
  }

  #index(field: FieldEntry, doc: number, values: CheckedField['values']): void {
    const writer = this.#writers[field.ord]!
    if (writer === null) return
    const tokens = writer.add(doc, values)
    let norms = this.#norms[field.ord]!
    if (norms === null) return
    if (doc >= norms.length) {
      const grown = new Uint8Array(Math.max(doc + 1, norms.length * 2))
      grown.set(norms)
      norms = grown
      this.#norms[field.ord] = norms
    }
    norms[doc] = fieldNormCode(tokens)
  }

  /** The files of the segment. No document may be added afterwards. */
  finish(): WrittenSegment {
    const maxDoc = this.#maxDoc
    const files = new Map<string, Uint8Array>()
    const put = (extension: string, body: Uint8Array): void => {
      files.set(`${this.id}.${extension}`, withFooter(body))
    }
    const terms: [number, Uint8Array][] = []
    const postings: [number, Uint8Array][] = []
    const positions: [number, Uint8Array][] = []
    const norms: [number, Uint8Array][] = []
    const columns: (readonly [string, ColumnCollector])[] = []
    for (const field of this.#schema.fields) {
      const codes = this.#normsOf(field.ord)
      if (codes !== null) norms.push([field.ord, codes])
      const writer = this.#writers[field.ord]!
      if (writer === null) continue
      columns.push(...writer.columns())
      if (writer.postings === null || writer.postings.terms.count === 0) continue
      const hasFrequencies = field.type === 'json_object' ? isJsonText : (): boolean => true
      const written = writer.postings.write(this.#dictionary, codes, maxDoc, hasFrequencies)
      terms.push([field.ord, written.terms])
      postings.push([field.ord, written.postings])
      positions.push([field.ord, written.positions])
    }
    put('term', composite(terms))
    put('idx', composite(postings))
    put('pos', composite(positions))
    put('fieldnorm', composite(norms))
    put('fast', writeColumns(columns, maxDoc))
    put('store', this.#store.finish())
    return { id: this.id, maxDoc, files }
  }

  #normsOf(ord: number): Uint8Array | null {
    const norms = this.#norms[ord]!
    if (norms === null) return null
    const exact = new Uint8Array(this.#maxDoc)
    exact.set(norms.subarray(0, this.#maxDoc))
    return exact
  }
}

function fieldWriter(field: FieldEntry, analysis: AnalysisOptions): FieldWriter | null {
  switch (field.type) {
    case 'text':
      return new TextFieldWriter(field, analysis)
    case 'json_object':
      return new JsonFieldWriter(field, analysis)
    case 'u64':
    case 'i64':
    case 'f64':
    case 'bool':
    case 'date':
      return new NumberFieldWriter(field)
    case 'ip_addr':
    case 'bytes':
      return new BytesFieldWriter(field)
    case 'facet':
      return new FacetFieldWriter(field)
    case 'tie_breaker':
      throw new Error(`field ${field.name}: fields of type tie_breaker cannot be written`)
    default:
      return field.type satisfies never
  }
}

/** Whether a term of a JSON field is text: its type code follows the byte 0 that ends the path. */
function isJsonText(term: Uint8Array): boolean {
  return term[term.indexOf(0) + 1] === JSON_TEXT
}

/** A composite file (section 3.3). */
function composite(fields: readonly (readonly [number, Uint8Array])[]): Uint8Array {
  const out = new ByteWriter(fields.reduce((sum, [, body]) => sum + body.length + 32, 64))
  const offsets = fields.map(([, body]) => {
    const offset = out.length
    out.append(body)
    return offset
  })
  const start = out.length
  out.vint(fields.length)
  fields.forEach(([ord], i) => {
    out.vint(offsets[i]! - (offsets[i - 1] ?? 0))
    out.u32(ord)
    out.vint(0)
  })
  out.u32(out.length - start)
  return out.finish()
}

/** A file: its body, and the footer of section 3.1. */
export function withFooter(body: Uint8Array): Uint8Array {
  const out = new ByteWriter(body.length + 256)
  out.append(body)
  const length = out.utf8(JSON.stringify({ version: FOOTER_VERSION, crc: crc32(body) }))
  out.u32(length)
  out.u32(1337)
  return out.finish()
}

/** A random UUID of version 4, without hyphens. */
function randomId(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
