import type { IndexCorruptedError } from '../errors.ts'
import type { DocRows } from './column.ts'
import type { ColumnIndex } from './column-index.ts'
import { CHUNK, type ValueDecoder } from './value-decoder.ts'

/** Rows that are searched in one call. */
const FIND_ROWS = 16384

const slots = new Uint32Array(CHUNK)
const rows = new Uint32Array(CHUNK + 1)
const flags = new Uint8Array(CHUNK)

/** Reads a column by document: the column index says which rows, the decoder what is in them. */
export class ColumnRows<Out> {
  readonly index: ColumnIndex
  readonly #decoder: ValueDecoder<Out>
  readonly #corrupted: (problem: string) => IndexCorruptedError

  constructor(index: ColumnIndex, decoder: ValueDecoder<Out>, corrupted: (problem: string) => IndexCorruptedError) {
    this.index = index
    this.#decoder = decoder
    this.#corrupted = corrupted
  }

  /** First values of the documents [start, end); returns the number without one. */
  readRange(start: number, end: number, out: Out, validity: Uint8Array): number {
    this.#check(start, end)
    let nulls = 0
    for (let from = start; from < end; from += CHUNK) {
      nulls += this.#readChunk(from, Math.min(end, from + CHUNK), out, from - start)
    }
    this.#writeValidity(start, end, validity)
    return nulls
  }

  /** First values of `count` documents of a list. */
  readDocs(docs: Uint32Array, count: number, out: Out, validity: Uint8Array): number {
    for (let i = 0; i < count; i += 1) if (docs[i]! >= this.index.numDocs) this.#check(docs[i]!, docs[i]! + 1)
    // rows are documents
    const full = this.index.docs === null && this.index.starts === null
    validity.fill(0, 0, (count + 7) >> 3)
    if (full) {
      setRange(validity, 0, count)
      if (this.#decoder.copyListed?.(docs, count, out, 0) === true) return 0
    }
    let nulls = 0
    for (let from = 0; from < count; from += CHUNK) {
      const chunk = docs.subarray(from, Math.min(count, from + CHUNK))
      if (full) {
        this.#decoder.loadRows(chunk, chunk.length)
        this.#decoder.store(out, from, chunk.length)
        continue
      }
      const found = this.#firstRowsOf(chunk)
      if (found === chunk.length) {
        this.#decoder.loadRows(rows, found)
        this.#decoder.store(out, from, found)
      } else {
        this.#decoder.clear(out, from, chunk.length)
        this.#decoder.loadRows(rows, found)
        this.#decoder.scatter(out, from, slots, found)
        nulls += chunk.length - found
      }
      if (found === chunk.length) setRange(validity, from, from + found)
      else setAt(validity, from, slots, found)
    }
    return nulls
  }

  /** All values of documents, with one more offset than documents. */
  readLists(docRows: DocRows): { offsets: Int32Array; values: Out } {
    return 'start' in docRows ? this.#listsOfRange(docRows.start, docRows.end) : this.#listsOf(docRows)
  }

  /** The rows of a range of documents lie side by side. */
  #listsOfRange(start: number, end: number): { offsets: Int32Array; values: Out } {
    this.#check(start, end)
    const count = end - start
    const offsets = new Int32Array(count + 1)
    const { docs, starts } = this.index
    const rank = docs === null ? start : docs.rank(start)
    let firstRow = rank
    if (starts === null) {
      for (let k = 0; k < count; k += 1) {
        const present = docs === null ? 1 : (docs.words[(start + k) >>> 5]! >>> ((start + k) & 31)) & 1
        offsets[k + 1] = offsets[k]! + present
      }
    } else {
      const stop = docs === null ? end : docs.rank(end)
      const bounds = new Uint32Array(stop - rank + 1)
      starts.readLow(rank, stop + 1, bounds, 0)
      firstRow = bounds[0]!
      for (let i = 1; i < bounds.length; i += 1) {
        if (bounds[i]! < bounds[i - 1]!) throw this.#corrupted('rows of documents out of order')
      }
      if (bounds[bounds.length - 1]! > this.#decoder.numValues) throw this.#corrupted('rows past the end')
      let at = 0
      for (let k = 0; k < count; k += 1) {
        if (docs === null) at += 1
        else at += (docs.words[(start + k) >>> 5]! >>> ((start + k) & 31)) & 1
        offsets[k + 1] = bounds[at]! - firstRow
      }
    }
    const total = offsets[count]!
    const values = this.#decoder.allocate(total)
    for (let at = 0; at < total; at += CHUNK) {
      const length = Math.min(CHUNK, total - at)
      this.#decoder.load(firstRow + at, firstRow + at + length)
      this.#decoder.store(values, at, length)
    }
    return { offsets, values }
  }

  #listsOf({ docs, count }: { docs: Uint32Array; count: number }): { offsets: Int32Array; values: Out } {
    const starts = new Uint32Array(count)
    const offsets = new Int32Array(count + 1)
    let total = 0
    for (let k = 0; k < count; k += 1) {
      const doc = docs[k]!
      if (doc >= this.index.numDocs) this.#check(doc, doc + 1)
      const rank = this.#rankOf(doc)
      if (rank >= 0) {
        const [from, to] = this.#rowRange(rank)
        starts[k] = from
        total += to - from
      }
      offsets[k + 1] = total
    }
    const values = this.#decoder.allocate(total)
    let at = 0
    let pending = 0
    for (let k = 0; k < count; k += 1) {
      let row = starts[k]!
      for (let left = offsets[k + 1]! - offsets[k]!; left > 0; left -= 1) {
        rows[pending] = row
        row += 1
        pending += 1
        if (pending === CHUNK) {
          this.#decoder.loadRows(rows, pending)
          this.#decoder.store(values, at, pending)
          at += pending
          pending = 0
        }
      }
    }
    this.#decoder.loadRows(rows, pending)
    this.#decoder.store(values, at, pending)
    return { offsets, values }
  }

  /** Documents of [start, end) with a value that the decoder's `match` accepts. */
  matchingDocs(start: number, end: number): Uint32Array {
    this.#check(start, end)
    const out = new DocBuffer()
    if (this.index.docs === null && this.index.starts === null && out.pushFound(this.#decoder, start, end)) {
      return out.finish()
    }
    for (let from = start; from < end; from += CHUNK) {
      this.#matchChunk(from, Math.min(end, from + CHUNK), out)
    }
    return out.finish()
  }

  /** The same of some spans of documents, a start and an end each, ascending. */
  matchingSpans(spans: Uint32Array): Uint32Array {
    if (spans.length === 0) return new Uint32Array(0)
    this.#check(spans[0]!, spans[spans.length - 1]!)
    const out = new DocBuffer()
    const isFull = this.index.docs === null && this.index.starts === null
    if (isFull && out.pushSpans(this.#decoder, spans)) return out.finish()
    for (let k = 0; k < spans.length; k += 2) {
      const found = this.matchingDocs(spans[k]!, spans[k + 1]!)
      out.pushAll(found, found.length)
    }
    return out.finish()
  }

  /** Those of an ascending list of documents. */
  matchingOf(docs: Uint32Array): Uint32Array {
    if (docs.length === 0) return docs
    this.#check(docs[0]!, docs[docs.length - 1]! + 1)
    const decoder = this.#decoder
    if (this.index.starts !== null || decoder.matchListed === undefined) {
      return inBoth(docs, this.matchingDocs(docs[0]!, docs[docs.length - 1]! + 1))
    }
    const out = new DocBuffer()
    const full = this.index.docs === null
    if (full && out.pushListed(decoder, docs, docs, docs.length)) return out.finish()
    for (let from = 0; from < docs.length; from += CHUNK) {
      const chunk = docs.subarray(from, from + CHUNK)
      const found = full ? chunk.length : this.#firstRowsOf(chunk)
      if (!full) for (let i = 0; i < found; i += 1) slots[i] = chunk[slots[i]!]!
      const own = full ? chunk : rows
      const names = full ? chunk : slots
      if (out.pushListed(decoder, own, names, found)) continue
      decoder.matchListed(own, found, flags)
      out.pushNamed(names, flags, found)
    }
    return out.finish()
  }

  /** Documents of [start, end) with a value. */
  docsWithValue(start: number, end: number): Uint32Array {
    this.#check(start, end)
    const out = new DocBuffer()
    for (let doc = start; doc < end; doc += 1) {
      const rank = this.#rankOf(doc)
      if (rank < 0) continue
      if (this.index.starts !== null && this.index.docs === null) {
        const [from, to] = this.#rowRange(rank)
        if (from === to) continue
      }
      out.push(doc)
    }
    return out.finish()
  }

  #readChunk(start: number, end: number, out: Out, at: number): number {
    const count = end - start
    const { docs, starts } = this.index
    if (docs === null && starts === null) {
      if (this.#decoder.copy?.(start, end, out, at) === true) return 0
      this.#decoder.load(start, end)
      this.#decoder.store(out, at, count)
      return 0
    }
    if (starts === null) {
      const first = docs!.rank(start)
      const rows = docs!.rank(end) - first
      if (this.#decoder.copyPresent?.(first, rows, docs!.words, start, count, out, at) === true) return count - rows
    }
    const found = this.#slotsOfRange(start, end)
    if (starts === null) {
      const first = docs!.rank(start)
      if (this.#decoder.spread !== undefined && this.#decoder.copy?.(first, first + found, out, at) === true) {
        if (found < count) this.#decoder.spread(out, at, slots, found, count)
        return count - found
      }
      this.#decoder.load(first, first + found)
    } else this.#decoder.loadRows(rows, found)
    if (found === count) this.#decoder.store(out, at, count)
    else {
      this.#decoder.clear(out, at, count)
      this.#decoder.scatter(out, at, slots, found)
    }
    return count - found
  }

  /** Fills `slots` with the positions of documents with a value in [start, end), and `rows` with their first rows. */
  #slotsOfRange(start: number, end: number): number {
    const { docs, starts } = this.index
    let found = 0
    if (docs !== null) {
      const words = docs.words
      for (let doc = start; doc < end; doc += 1) {
        slots[found] = doc - start
        found += (words[doc >>> 5]! >>> (doc & 31)) & 1
      }
      if (starts !== null) {
        const rank = docs.rank(start)
        starts.readLow(rank, rank + found, rows, 0)
        this.#checkRows(found)
      }
      return found
    }
    const count = end - start
    starts!.readLow(start, end + 1, rows, 0)
    for (let k = 0; k < count; k += 1) {
      const row = rows[k]!
      if (row === rows[k + 1]) continue
      slots[found] = k
      rows[found] = row
      found += 1
    }
    this.#checkRows(found)
    return found
  }

  #firstRowsOf(docs: Uint32Array): number {
    const { docs: set, starts } = this.index
    if (starts === null) {
      if (set !== null) return set.ranksOf(docs, rows, slots)
      for (let i = 0; i < docs.length; i += 1) {
        rows[i] = docs[i]!
        slots[i] = i
      }
      return docs.length
    }
    let found = 0
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!
      if (set !== null && !set.has(doc)) continue
      const rank = set === null ? doc : set.rank(doc)
      const [from, to] = this.#rowRange(rank)
      if (from === to) continue
      rows[found] = from
      slots[found] = i
      found += 1
    }
    return found
  }

  #rankOf(doc: number): number {
    const { docs } = this.index
    if (docs === null) return doc
    return docs.has(doc) ? docs.rank(doc) : -1
  }

  #rowRange(rank: number): readonly [number, number] {
    const { starts } = this.index
    if (starts === null) return [rank, rank + 1]
    starts.readLow(rank, rank + 2, PAIR, 0)
    const from = PAIR[0]!
    const to = PAIR[1]!
    if (from > to || to > this.#decoder.numValues) throw this.#corrupted(`rows ${from}..${to} of a document`)
    return [from, to]
  }

  #checkRows(count: number): void {
    const limit = this.#decoder.numValues
    for (let i = 0; i < count; i += 1) if (rows[i]! >= limit) throw this.#corrupted(`row ${rows[i]} of ${limit}`)
  }

  #matchChunk(start: number, end: number, out: DocBuffer): void {
    const { docs, starts } = this.index
    if (starts !== null) {
      this.#matchLists(start, end, out)
      return
    }
    if (docs === null) {
      this.#decoder.match(start, end, flags)
      out.pushFlagged(start, flags, end - start)
      return
    }
    const found = this.#slotsOfRange(start, end)
    const first = docs.rank(start)
    const matching = this.#decoder.find?.(first, first + found, 0, rows, 0) ?? -1
    if (matching >= 0) {
      for (let i = 0; i < matching; i += 1) out.push(start + slots[rows[i]!]!)
      return
    }
    this.#decoder.match(first, first + found, flags)
    for (let i = 0; i < found; i += 1) if (flags[i] === 1) out.push(start + slots[i]!)
  }

  #matchLists(start: number, end: number, out: DocBuffer): void {
    for (let doc = start; doc < end; doc += 1) {
      const rank = this.#rankOf(doc)
      if (rank < 0) continue
      const [from, to] = this.#rowRange(rank)
      let hit = false
      for (let row = from; row < to && !hit; row += CHUNK) {
        const length = Math.min(to - row, CHUNK)
        this.#decoder.match(row, row + length, flags)
        for (let i = 0; i < length; i += 1) hit ||= flags[i] === 1
      }
      if (hit) out.push(doc)
    }
  }

  #writeValidity(start: number, end: number, validity: Uint8Array): void {
    const count = end - start
    const bytes = (count + 7) >> 3
    const { docs, starts } = this.index
    if (docs === null && starts === null) validity.fill(255, 0, bytes)
    else if (docs !== null) {
      const words = docs.words
      const shift = start & 31
      for (let i = 0; i < bytes; i += 1) {
        const bit = shift + 8 * i
        const word = (start >>> 5) + (bit >>> 5)
        const within = bit & 31
        let byte = words[word]! >>> within
        if (within > 24) byte |= words[word + 1]! << (32 - within)
        validity[i] = byte
      }
    } else {
      validity.fill(0, 0, bytes)
      for (let k = 0; k < count; k += 1) {
        const [from, to] = this.#rowRange(start + k)
        if (from < to) validity[k >> 3]! |= 1 << (k & 7)
      }
    }
    if (count % 8 !== 0) validity[bytes - 1]! &= (1 << (count % 8)) - 1
  }

  #check(start: number, end: number): void {
    if (!(start >= 0 && start <= end && end <= this.index.numDocs)) {
      throw new RangeError(`documents ${start}..${end} are outside a column of ${this.index.numDocs}`)
    }
  }
}

/** Sets the bits [from, to), where from is a multiple of 8 and whole bytes are clear. */
function setRange(bits: Uint8Array, from: number, to: number): void {
  bits.fill(255, from >> 3, to >> 3)
  if (to % 8 !== 0) bits[to >> 3]! |= (1 << (to & 7)) - 1
}

function setAt(bits: Uint8Array, from: number, at: Uint32Array, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const k = from + at[i]!
    bits[k >> 3]! |= 1 << (k & 7)
  }
}

const PAIR = new Uint32Array(2)

/** What is in both of two ascending lists. */
function inBoth(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(Math.min(a.length, b.length))
  let count = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [left, right] = [a[i]!, b[j]!]
    out[count] = left
    count += +(left === right)
    i += +(left <= right)
    j += +(right <= left)
  }
  return out.subarray(0, count)
}

/** Documents that a list is first made for, and that one is made for which is kept for the next list. */
const FIRST_DOCS = 1 << 14
const MOST_KEPT = 1 << 20
let spare: Uint32Array<ArrayBuffer> | null = null

/** A growing list of document ids, which is not to be used after `finish`. */
export class DocBuffer {
  #docs: Uint32Array<ArrayBuffer>
  #count = 0

  constructor() {
    this.#docs = spare ?? new Uint32Array(FIRST_DOCS)
    spare = null
  }

  push(doc: number): void {
    if (this.#count === this.#docs.length) this.#grow(1)
    this.#docs[this.#count] = doc
    this.#count += 1
  }

  /** Adds first + i for every i of [0, count) with flags[i] = 1. */
  pushFlagged(first: number, flagged: Uint8Array, count: number): void {
    if (this.#count + count > this.#docs.length) this.#grow(count)
    const docs = this.#docs
    let at = this.#count
    for (let i = 0; i < count; i += 1) {
      docs[at] = first + i
      at += flagged[i]!
    }
    this.#count = at
  }

  /** Adds the documents of [start, end) that a decoder finds, each the row of its number; false where it cannot. */
  pushFound(decoder: ValueDecoder<unknown>, start: number, end: number): boolean {
    const before = this.#count
    for (let from = start; from < end; from += FIND_ROWS) {
      const to = Math.min(end, from + FIND_ROWS)
      if (this.#count + to - from > this.#docs.length) this.#grow(to - from)
      const found = decoder.find?.(from, to, from, this.#docs, this.#count) ?? -1
      if (found < 0) {
        this.#count = before
        return false
      }
      this.#count += found
    }
    return true
  }

  /** Adds the documents of some spans that a decoder finds, each the row of its number; false where it cannot. */
  pushSpans(decoder: ValueDecoder<unknown>, spans: Uint32Array): boolean {
    if (decoder.findSpans === undefined) return false
    let total = 0
    for (let k = 0; k < spans.length; k += 2) total += spans[k + 1]! - spans[k]!
    if (total > this.#docs.length) this.#grow(total)
    const found = decoder.findSpans(spans, this.#docs)
    if (found >= 0) this.#count = found
    return found >= 0
  }

  /** Adds names[k] for each k below `count` whose row a decoder finds; false where it cannot. */
  pushListed(decoder: ValueDecoder<unknown>, rows: Uint32Array, names: Uint32Array, count: number): boolean {
    if (this.#count + count > this.#docs.length) this.#grow(count)
    const found = decoder.findListed?.(rows, names, count, this.#docs, this.#count) ?? -1
    if (found >= 0) this.#count += found
    return found >= 0
  }

  /** Adds names[k] for each k below `count` with flagged[k] = 1. */
  pushNamed(names: Uint32Array, flagged: Uint8Array, count: number): void {
    if (this.#count + count > this.#docs.length) this.#grow(count)
    const docs = this.#docs
    let at = this.#count
    for (let k = 0; k < count; k += 1) {
      docs[at] = names[k]!
      at += flagged[k]!
    }
    this.#count = at
  }

  /** Adds the first `count` of some documents. */
  pushAll(docs: Uint32Array, count: number): void {
    if (this.#count + count > this.#docs.length) this.#grow(count)
    this.#docs.set(docs.subarray(0, count), this.#count)
    this.#count += count
  }

  finish(): Uint32Array {
    const docs = this.#docs
    if (docs.length <= MOST_KEPT) spare = docs
    return docs.slice(0, this.#count)
  }

  #grow(more: number): void {
    const grown = new Uint32Array(Math.max(this.#docs.length * 2, this.#count + more))
    grown.set(this.#docs.subarray(0, this.#count))
    this.#docs = grown
  }
}
