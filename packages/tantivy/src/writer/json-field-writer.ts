import type { FieldEntry } from '../schema/index-schema.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import { JsonEntries } from './checked-document.ts'
import {
  COLUMN_CODES,
  DictionaryColumn,
  MixedNumberColumn,
  NumberColumn,
  type ColumnCollector,
} from './column-collector.ts'
import type { FieldPostings } from './field-postings.ts'
import { NumberTerms, TextTerms } from './field-terms.ts'
import { postingsOf, tokenizerNamed, type AnalysisOptions, type FieldWriter } from './field-writer.ts'
import { JsonDate } from './input-document.ts'
import { mapF64, mapI64 } from '../terms.ts'
import { truncateDate } from './truncate-date.ts'

const SEPARATOR = '\u0001'
/** Columns stop at this depth (section 9.1). */
const COLUMN_DEPTH = 20
const I64_END = 2n ** 63n
const U64_END = 2n ** 64n
const encoder = new TextEncoder()

/** Terms, columns and positions of one path of a JSON field. */
class JsonPath {
  readonly path: string
  readonly #postings: FieldPostings | null
  readonly #numbers = new Map<string, NumberTerms>()
  #text: TextTerms | null = null
  /** The document whose strings `offset` counts. */
  doc = -1
  offset = 0
  textColumn: DictionaryColumn | null = null
  numberColumn: MixedNumberColumn | null = null
  boolColumn: NumberColumn | null = null
  dateColumn: NumberColumn | null = null

  constructor(path: string, postings: FieldPostings | null) {
    this.path = path
    this.#postings = postings
  }

  get textTerms(): TextTerms {
    return (this.#text ??= new TextTerms(this.#postings!, this.#prefix('s')))
  }

  /** Terms of a type code: i, u, f, o (bool) or d (date). */
  numberTerms(code: string): NumberTerms {
    let terms = this.#numbers.get(code)
    if (terms === undefined) {
      terms = new NumberTerms(this.#postings!, this.#prefix(code))
      this.#numbers.set(code, terms)
    }
    return terms
  }

  #prefix(code: string): Uint8Array {
    return encoder.encode(`${this.path}\0${code}`)
  }
}

interface PathNode {
  /** null where a key holds a byte 0: nothing below is indexed. */
  readonly slot: JsonPath | null
  readonly children: Map<string, PathNode>
}

/** JSON: a term and a column value for every leaf, by its path and type (sections 4.5 and 9.1). */
export class JsonFieldWriter implements FieldWriter {
  readonly postings: FieldPostings | null
  readonly #field: FieldEntry
  readonly #tokenizer: Tokenizer | null
  readonly #normalizer: Tokenizer | null
  readonly #paths = new Map<string, JsonPath>()
  /** The path of the root is the empty one, which is that of an empty key too. */
  readonly #root: PathNode
  /** Columns of values that are not in an object. */
  readonly #bare: JsonPath = new JsonPath('', null)
  #doc = 0
  #tokens = 0

  constructor(field: FieldEntry, { tokenizers, normalizers }: AnalysisOptions) {
    const { record, tokenizer, fastTokenizer } = field.options
    this.#field = field
    this.postings = postingsOf(record)
    this.#tokenizer = record === null ? null : tokenizerNamed(tokenizers, field, tokenizer ?? 'default')
    this.#normalizer = fastTokenizer === null ? null : tokenizerNamed(normalizers, field, fastTokenizer)
    const slot = new JsonPath('', this.postings)
    this.#root = { slot, children: new Map() }
    this.#paths.set('', slot)
  }

  add(doc: number, values: readonly unknown[]): number {
    if (this.postings === null && !this.#field.options.fast) return 0
    this.#doc = doc
    this.#tokens = 0
    for (const value of values) this.#value(value, this.#root, 0, true)
    return this.#tokens
  }

  #value(value: unknown, node: PathNode, depth: number, top: boolean): void {
    if (value instanceof JsonEntries) {
      for (const [key, item] of value.entries) this.#value(item, this.#child(node, key), depth + 1, false)
    } else if (Array.isArray(value)) {
      for (const item of value) this.#value(item, node, top ? 0 : depth + 1, top)
    } else if (value !== null && node.slot !== null) {
      if (this.postings !== null) this.#index(value, node.slot)
      if (!this.#field.options.fast || depth > COLUMN_DEPTH) return
      if (node !== this.#root) this.#addToColumn(value, node.slot)
      else if (!(value instanceof JsonDate)) this.#addToColumn(value, this.#bare)
      // a bare date is cut as a date field's
      else this.#addToColumn(new JsonDate(truncateDate(value.nanos, this.#field.options.precision)), this.#bare)
    }
  }

  #child(node: PathNode, key: string): PathNode {
    let child = node.children.get(key)
    if (child === undefined) {
      child = { slot: node.slot === null || key.includes('\0') ? null : this.#slot(node, key), children: new Map() }
      node.children.set(key, child)
    }
    return child
  }

  /** Different keys may make one path once their dots are expanded. */
  #slot(node: PathNode, key: string): JsonPath {
    const step = this.#field.options.expandDots ? key.replaceAll('.', SEPARATOR) : key
    const path = node === this.#root ? step : `${node.slot!.path}${SEPARATOR}${step}`
    let slot = this.#paths.get(path)
    if (slot === undefined) {
      slot = new JsonPath(path, this.postings)
      this.#paths.set(path, slot)
    }
    return slot
  }

  #index(value: unknown, slot: JsonPath): void {
    const postings = this.postings!
    if (typeof value === 'string') this.#indexText(value, slot, postings)
    else if (typeof value === 'number') {
      if (!Number.isFinite(value)) return
      const whole = Number.isInteger(value) ? BigInt(value) : U64_END
      if (whole >= -I64_END && whole < U64_END) this.#indexInteger(whole, slot, postings)
      else this.#addTerm(postings, slot.numberTerms('f').idOf(mapF64(value)))
    } else if (typeof value === 'bigint') this.#indexInteger(value, slot, postings)
    else if (typeof value === 'boolean') this.#addTerm(postings, slot.numberTerms('o').idOf(value ? 1n : 0n))
    else if (value instanceof JsonDate) {
      this.#addTerm(postings, slot.numberTerms('d').idOf(mapI64(truncateDate(value.nanos, 'seconds'))))
    }
  }

  #indexInteger(value: bigint, slot: JsonPath, postings: FieldPostings): void {
    const terms = value < I64_END ? slot.numberTerms('i') : slot.numberTerms('u')
    this.#addTerm(postings, terms.idOf(value < I64_END ? mapI64(value) : value))
  }

  #indexText(value: string, slot: JsonPath, postings: FieldPostings): void {
    if (slot.doc !== this.#doc) {
      slot.doc = this.#doc
      slot.offset = 0
    }
    const terms = slot.textTerms
    const { offset } = slot
    let end = offset
    this.#tokenizer!.forEachToken(value, (text, position) => {
      const term = terms.idOf(text)
      if (term < 0) return
      this.#tokens += 1
      postings.add(term, this.#doc, offset + position)
      if (offset + position + 1 > end) end = offset + position + 1
    })
    slot.offset = end + 1
  }

  #addTerm(postings: FieldPostings, term: number): void {
    this.#tokens += 1
    postings.add(term, this.#doc, 0)
  }

  #addToColumn(value: unknown, slot: JsonPath): void {
    const doc = this.#doc
    if (typeof value === 'string') {
      const normalizer = this.#normalizer
      if (normalizer === null) (slot.textColumn ??= new DictionaryColumn(COLUMN_CODES.str)).addText(doc, value)
      else {
        normalizer.forEachToken(value, (text) =>
          (slot.textColumn ??= new DictionaryColumn(COLUMN_CODES.str)).addText(doc, text),
        )
      }
    } else if (typeof value === 'bigint') (slot.numberColumn ??= new MixedNumberColumn()).addInteger(doc, value)
    else if (typeof value === 'number') (slot.numberColumn ??= new MixedNumberColumn()).addFloat(doc, value)
    else if (typeof value === 'boolean') {
      slot.boolColumn ??= new NumberColumn(COLUMN_CODES.bool)
      slot.boolColumn.add(doc, value ? 1n : 0n)
    } else if (value instanceof JsonDate) {
      slot.dateColumn ??= new NumberColumn(COLUMN_CODES.date)
      slot.dateColumn.add(doc, mapI64(value.nanos))
    }
  }

  *columns(): Iterable<readonly [string, ColumnCollector]> {
    const { name } = this.#field
    yield* collectors(name, this.#bare)
    for (const [path, slot] of this.#paths) yield* collectors(`${name}${SEPARATOR}${path}`, slot)
  }
}

function* collectors(name: string, slot: JsonPath): Iterable<readonly [string, ColumnCollector]> {
  for (const collector of [slot.textColumn, slot.numberColumn, slot.boolColumn, slot.dateColumn]) {
    if (collector !== null) yield [name, collector]
  }
}
