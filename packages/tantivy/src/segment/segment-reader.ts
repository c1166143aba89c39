import type { Caches } from '@volley/kernels'
import { ByteReader } from '../bytes/byte-reader.ts'
import { readComposite } from '../bytes/composite.ts'
import { readFooter } from '../bytes/footer.ts'
import { Memo } from '../bytes/memo.ts'
import type { ZstdDecompress } from '../bytes/zstd.ts'
import type { Column, ColumnEntry } from '../columnar/column.ts'
import { ColumnarReader } from '../columnar/columnar-reader.ts'
import type { Directory } from '../directory/directory.ts'
import type { FileSlice } from '../directory/file-slice.ts'
import { IndexCorruptedError } from '../errors.ts'
import type { SegmentMeta } from '../schema/index-meta.ts'
import type { FieldEntry, IndexSchema } from '../schema/index-schema.ts'
import { DocStore } from '../store/doc-store.ts'
import { EMPTY_TERM_DICTIONARY, openTermDictionary } from '../term-dictionary/open-term-dictionary.ts'
import type { AliveBitset } from './alive-bitset.ts'
import { FieldIndex } from './field-index.ts'

type Composite = ReadonlyMap<number, FileSlice>

/** One segment of an index. Its files are opened when they are first asked for, and only once. */
export class SegmentReader {
  /** Position in the list of segments of meta.json; part of a document's address. */
  readonly ord: number
  /** 32 hex digits. */
  readonly id: string
  readonly maxDoc: number
  /** Documents that are not deleted. */
  readonly numDocs: number
  /** null where no document is deleted. */
  readonly alive: AliveBitset | null
  readonly schema: IndexSchema
  readonly #directory: Directory
  readonly #zstd: ZstdDecompress
  readonly #caches: Caches
  readonly #term = new Memo<Composite>()
  readonly #idx = new Memo<Composite>()
  readonly #pos = new Memo<Composite>()
  readonly #norms = new Memo<Composite>()
  readonly #columnar = new Memo<ColumnarReader>()
  readonly #store = new Memo<DocStore>()
  readonly #fields = new Map<number, Memo<FieldIndex | null>>()
  readonly #fieldNorms = new Map<number, Memo<Uint8Array | null>>()
  readonly #columns = new Map<string, Memo<Column>>()

  constructor(
    ord: number,
    meta: SegmentMeta,
    alive: AliveBitset | null,
    schema: IndexSchema,
    directory: Directory,
    zstd: ZstdDecompress,
    caches: Caches,
  ) {
    this.ord = ord
    this.id = meta.id
    this.maxDoc = meta.maxDoc
    this.numDocs = meta.maxDoc - (meta.deletes?.numDeletedDocs ?? 0)
    this.alive = alive
    this.schema = schema
    this.#directory = directory
    this.#zstd = zstd
    this.#caches = caches
  }

  /** The fast fields, in the order of the file: by name, then by type. */
  async columns(): Promise<readonly ColumnEntry[]> {
    return (await this.#openColumnar()).columns
  }

  /** Opens a column; opened columns stay with the segment. */
  async openColumn(entry: ColumnEntry): Promise<Column> {
    const columnar = await this.#openColumnar()
    return memoOf(this.#columns, `${entry.name}\0${entry.type}`).get(() => columnar.open(entry))
  }

  /** The columns with a name: several where a JSON path has values of several types. */
  async columnsOf(name: string): Promise<ColumnEntry[]> {
    return (await this.columns()).filter((entry) => entry.name === name)
  }

  /** The inverted index of a field, by ordinal; null for a field that is not indexed. */
  async invertedIndex(field: number): Promise<FieldIndex | null> {
    const entry = this.#entry(field)
    if (entry.options.record === null) return null
    return memoOf(this.#fields, field).get(() => this.#openField(entry))
  }

  /** Field norm codes, one a document; null for a field without norms. */
  async fieldNorms(field: number): Promise<Uint8Array | null> {
    const entry = this.#entry(field)
    if (!entry.options.fieldnorms) return null
    return memoOf(this.#fieldNorms, field).get(async () => {
      const composite = await this.#composite(this.#norms, 'fieldnorm')
      const slice = composite.get(field)
      if (slice === undefined) throw new IndexCorruptedError(`${this.id}.fieldnorm`, 0, `no norms of ${entry.name}`)
      if (slice.length !== this.maxDoc) throw slice.corrupted(0, `${slice.length} norms of ${this.maxDoc} documents`)
      this.#directory.held?.(slice.length)
      return slice.read()
    })
  }

  async store(): Promise<DocStore> {
    return this.#store.get(async () => {
      const { body } = await readFooter(this.#directory, `${this.id}.store`)
      return DocStore.open(body, this.maxDoc, this.schema.fields.length, this.#zstd)
    })
  }

  #entry(field: number): FieldEntry {
    const entry = this.schema.fields[field]
    if (entry === undefined) throw new RangeError(`no field ${field} in the schema`)
    return entry
  }

  #openColumnar(): Promise<ColumnarReader> {
    return this.#columnar.get(async () => {
      const { body } = await readFooter(this.#directory, `${this.id}.fast`)
      return ColumnarReader.open(body, this.#zstd, this.maxDoc)
    })
  }

  #composite(memo: Memo<Composite>, extension: string): Promise<Composite> {
    return memo.get(async () => {
      const { body } = await readFooter(this.#directory, `${this.id}.${extension}`)
      return readComposite(body)
    })
  }

  async #openField(entry: FieldEntry): Promise<FieldIndex> {
    const [term, idx, pos] = await Promise.all([
      this.#composite(this.#term, 'term'),
      this.#composite(this.#idx, 'idx'),
      this.#directory.has(`${this.id}.pos`) ? this.#composite(this.#pos, 'pos') : null,
    ])
    const postings = idx.get(entry.ord)
    const terms = term.get(entry.ord)
    if (postings === undefined || terms === undefined) {
      if (postings !== undefined || terms !== undefined) {
        throw new IndexCorruptedError(`${this.id}.term`, 0, `field ${entry.name} is in only one of .term and .idx`)
      }
      return new FieldIndex(
        entry,
        this.maxDoc,
        0,
        { kind: null, terms: EMPTY_TERM_DICTIONARY },
        null,
        null,
        this.#caches,
      )
    }
    if (postings.length < 8) throw postings.corrupted(0, 'postings are cut off')
    const [header, dictionary] = await Promise.all([postings.read(0, 8), openTermDictionary(terms, this.#zstd)])
    const totalNumTokens = new ByteReader(header, postings.file, postings.start).u64()
    const positions = pos?.get(entry.ord) ?? null
    return new FieldIndex(entry, this.maxDoc, totalNumTokens, dictionary, postings, positions, this.#caches)
  }
}

function memoOf<K, T>(memos: Map<K, Memo<T>>, key: K): Memo<T> {
  let memo = memos.get(key)
  if (memo === undefined) {
    memo = new Memo<T>()
    memos.set(key, memo)
  }
  return memo
}
