import { textColumn, type AliveBitset, type BytesColumn, type TermList } from '@volley/tantivy'
import { TextTable } from './text-table.ts'

/** Documents whose codes are held together. */
const PAGE = 16_384
/** Codes: of a document that was not read, of one that has nothing there, and of the first text. */
export const UNREAD = 0
const NOTHING = 1
const FIRST_TEXT = 2

/** Texts that some documents have at a JSON path, as codes of a table. */
export interface CodedTexts {
  readonly codes: Uint32Array
  readonly table: TextTable
}

export function codeOfText(table: TextTable, text: string): number {
  return table.numberOf(text) + FIRST_TEXT
}

export function codeOfBytes(table: TextTable, bytes: Uint8Array, start: number, end: number): number {
  return table.numberOfBytes(bytes, start, end) + FIRST_TEXT
}

/** Turns codes into places of a dictionary of their texts; rows without one lose their bit of `validity`. */
export function dictionaryOf({ codes, table }: CodedTexts, validity: Uint8Array): { terms: TermList; nulls: number } {
  const numbers = new Uint32Array(codes.length)
  const places = new Uint32Array(table.count)
  let [count, nulls] = [0, 0]
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!
    if (code < FIRST_TEXT) {
      codes[i] = 0
      validity[i >>> 3]! &= ~(1 << (i & 7))
      nulls++
      continue
    }
    const number = code - FIRST_TEXT
    if (places[number] === 0) {
      numbers[count++] = number
      places[number] = count
    }
    codes[i] = places[number]! - 1
  }
  return { terms: table.termsOf(numbers.subarray(0, count)), nulls }
}

/** What documents [start, end) of a segment have at a JSON path as text, as far as they were read. */
export class PathTexts {
  readonly table: TextTable = new TextTable()
  readonly #start: number
  readonly #end: number
  readonly #alive: AliveBitset | null
  readonly #pages: (Uint32Array | undefined)[]
  #numPages = 0
  #left: number

  /** Deleted documents, of which nothing is asked, are taken to have nothing. */
  constructor(start: number, end: number, alive: AliveBitset | null) {
    this.#start = start
    this.#end = end
    this.#alive = alive
    this.#pages = Array.from({ length: Math.ceil((end - start) / PAGE) })
    this.#left = end - start
  }

  /** Whether all documents were read. */
  get isWhole(): boolean {
    return this.#left === 0
  }

  /** Bytes that are held. */
  get size(): number {
    return this.table.size + 4 * PAGE * this.#numPages
  }

  codesOf(docs: Uint32Array): Uint32Array {
    const codes = new Uint32Array(docs.length)
    for (let i = 0; i < docs.length; i++) codes[i] = this.#codeOf(docs[i]!)
    return codes
  }

  /** Keeps the codes of documents. */
  put(docs: Uint32Array, codes: Uint32Array): void {
    for (let i = 0; i < docs.length; i++) {
      const at = docs[i]! - this.#start
      const page = Math.floor(at / PAGE)
      const own = (this.#pages[page] ??= this.#newPage(page))
      if (own[at % PAGE] === UNREAD) this.#left--
      own[at % PAGE] = codes[i]!
    }
  }

  /** All of it, once it was read, as a column of the segment's `numDocs` documents, and the bytes that it holds. */
  column(numDocs: number): { readonly column: BytesColumn; readonly bytes: number } {
    const order = this.table.inOrder()
    const rank = new Uint32Array(order.length)
    for (let k = 0; k < order.length; k++) rank[order[k]!] = k
    const docs = new Uint32Array(this.#end - this.#start)
    const ordinals = new Uint32Array(docs.length)
    let count = 0
    for (let doc = this.#start; doc < this.#end; doc++) {
      const code = this.#codeOf(doc)
      if (code < FIRST_TEXT) continue
      docs[count] = doc
      ordinals[count++] = rank[code - FIRST_TEXT]!
    }
    const terms = this.table.termsOf(order)
    return textColumn({ numDocs, docs: docs.subarray(0, count), ordinals: ordinals.subarray(0, count), terms })
  }

  #codeOf(doc: number): number {
    const at = doc - this.#start
    return this.#pages[Math.floor(at / PAGE)]?.[at % PAGE] ?? UNREAD
  }

  #newPage(page: number): Uint32Array {
    const codes = new Uint32Array(PAGE)
    this.#numPages++
    if (this.#alive === null) return codes
    const first = this.#start + page * PAGE
    for (let i = 0; i < PAGE && first + i < this.#end; i++) {
      if (this.#alive.isAlive(first + i)) continue
      codes[i] = NOTHING
      this.#left--
    }
    return codes
  }
}

/** Takes those that were not read, and have no text now, as having nothing. */
export function withoutUnread(codes: Uint32Array): void {
  for (let i = 0; i < codes.length; i++) if (codes[i] === UNREAD) codes[i] = NOTHING
}
