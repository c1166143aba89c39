import { compareBytes } from '../bytes/compare.ts'
import { ByteWriter } from './byte-writer.ts'
import { writeColumnIndex } from './column-index-writer.ts'
import { writeAddresses, writeNumbers } from './column-values-writer.ts'
import { GrowingU32, GrowingU64 } from './growing-array.ts'
import { mapF64, mapI64 } from '../terms.ts'
import { SSTableWriter } from './sstable-writer.ts'

/** Type codes of columns (section 9.1). */
export const COLUMN_CODES = { i64: 0, u64: 1, f64: 2, bytes: 3, str: 4, bool: 5, ip: 6, date: 7 } as const

/** The values of one column, collected document by document. */
export interface ColumnCollector {
  /** The code of the column's type, known when all values are. */
  code(): number
  /** The column as it stands in `.fast` (section 9.2). */
  write(maxDoc: number): Uint8Array
}

/** Numbers already mapped to u64. */
export class NumberColumn implements ColumnCollector {
  readonly #code: number
  readonly #docs = new GrowingU32()
  readonly #values = new GrowingU64()

  constructor(code: number) {
    this.#code = code
  }

  add(doc: number, mapped: bigint): void {
    this.#docs.push(doc)
    this.#values.push(mapped)
  }

  code(): number {
    return this.#code
  }

  write(maxDoc: number): Uint8Array {
    return column(this.#docs.view(), maxDoc, (out) => writeNumbers(out, this.#values.view()))
  }
}

const I64_MAX = 2n ** 63n - 1n

/** Numbers of a JSON path: integers and floats together, whose type is settled at the end (section 9.1). */
export class MixedNumberColumn implements ColumnCollector {
  readonly #docs = new GrowingU32()
  /** The mapping as f64 of a float, the two's complement of an integer; which of the two is in `#floats`. */
  readonly #values = new GrowingU64()
  readonly #floats = new GrowingU32()
  readonly #large = new GrowingU32()
  #allI64 = true
  #allU64 = true

  addInteger(doc: number, value: bigint): void {
    if (value >= I64_MAX) this.#allI64 = false
    if (value < 0n) this.#allU64 = false
    if (value > I64_MAX) this.#large.push(this.#values.length)
    this.#docs.push(doc)
    this.#values.push(BigInt.asUintN(64, value))
  }

  addFloat(doc: number, value: number): void {
    this.#allI64 = false
    this.#allU64 = false
    this.#floats.push(this.#values.length)
    this.#docs.push(doc)
    this.#values.push(mapF64(value))
  }

  code(): number {
    return this.#allI64 ? COLUMN_CODES.i64 : this.#allU64 ? COLUMN_CODES.u64 : COLUMN_CODES.f64
  }

  write(maxDoc: number): Uint8Array {
    const values = this.#values.view()
    const code = this.code()
    if (code === COLUMN_CODES.i64) {
      for (let i = 0; i < values.length; i += 1) values[i] = mapI64(values[i]!)
    } else if (code === COLUMN_CODES.f64) this.#toFloats(values)
    return column(this.#docs.view(), maxDoc, (out) => writeNumbers(out, values))
  }

  #toFloats(values: BigUint64Array): void {
    const floats = this.#floats.view()
    const large = this.#large.view()
    let nextFloat = 0
    let nextLarge = 0
    for (let i = 0; i < values.length; i += 1) {
      if (floats[nextFloat] === i) nextFloat += 1
      else if (large[nextLarge] === i) {
        nextLarge += 1
        values[i] = mapF64(Number(values[i]!))
      } else values[i] = mapF64(Number(BigInt.asIntN(64, values[i]!)))
    }
  }
}

/** 128-bit addresses. */
export class AddressColumn implements ColumnCollector {
  readonly #docs = new GrowingU32()
  readonly #values: bigint[] = []

  add(doc: number, address: bigint): void {
    this.#docs.push(doc)
    this.#values.push(address)
  }

  code(): number {
    return COLUMN_CODES.ip
  }

  write(maxDoc: number): Uint8Array {
    return column(this.#docs.view(), maxDoc, (out) => writeAddresses(out, this.#values))
  }
}

const encoder = new TextEncoder()

/** Texts or bytes: a dictionary, and ordinals in it. */
export class DictionaryColumn implements ColumnCollector {
  readonly #code: number
  readonly #sorted: boolean
  readonly #docs = new GrowingU32()
  readonly #ids = new GrowingU32()
  readonly #known = new Map<string, number>()
  readonly #terms: Uint8Array[] = []

  /** With `sorted`, the ordinals of a document are put in order (facets). */
  constructor(code: number, sorted: boolean = false) {
    this.#code = code
    this.#sorted = sorted
  }

  addText(doc: number, text: string): void {
    let id = this.#known.get(text)
    if (id === undefined) {
      id = this.#terms.push(encoder.encode(text)) - 1
      this.#known.set(text, id)
    }
    this.#docs.push(doc)
    this.#ids.push(id)
  }

  addBytes(doc: number, bytes: Uint8Array): void {
    let key = ''
    for (const byte of bytes) key += String.fromCharCode(byte)
    let id = this.#known.get(key)
    if (id === undefined) {
      id = this.#terms.push(bytes.slice()) - 1
      this.#known.set(key, id)
    }
    this.#docs.push(doc)
    this.#ids.push(id)
  }

  code(): number {
    return this.#code
  }

  write(maxDoc: number): Uint8Array {
    const terms = this.#terms
    const order = Uint32Array.from(terms, (_, id) => id).sort((a, b) => compareBytes(terms[a]!, terms[b]!))
    const table = new SSTableWriter(() => {})
    const ordinals = new Uint32Array(terms.length)
    order.forEach((id, ordinal) => {
      ordinals[id] = ordinal
      table.add(terms[id]!)
    })
    const docs = this.#docs.view()
    const values = Uint32Array.from(this.#ids.view(), (id) => ordinals[id]!)
    if (this.#sorted) sortRows(docs, values)
    const dictionary = table.finish()
    const out = new ByteWriter()
    out.append(dictionary)
    out.append(column(docs, maxDoc, (body) => writeNumbers(body, BigUint64Array.from(values, BigInt))))
    out.u32(dictionary.length)
    return out.finish()
  }
}

function sortRows(docs: Uint32Array, values: Uint32Array): void {
  for (let start = 0; start < docs.length;) {
    let end = start
    while (end < docs.length && docs[end] === docs[start]) end += 1
    if (end - start > 1) values.subarray(start, end).sort()
    start = end
  }
}

function column(docs: Uint32Array, maxDoc: number, writeValues: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter()
  writeColumnIndex(out, docs, maxDoc)
  const indexLength = out.length
  writeValues(out)
  out.u32(indexLength)
  return out.finish()
}
