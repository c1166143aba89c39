import { BoolVector, DictionaryVector, NullVector, PrimitiveVector, type RecordBatch, type Vector } from '@volley/core'
import { addressFields } from './address.ts'

/** The best `k` rows of a unit by one column. */
export interface TopKey {
  readonly k: number
  /** Position among the source's own columns. */
  readonly column: number
  readonly descending: boolean
  readonly nullsFirst: boolean
}

const MIN_BUFFER = 1024

/**
 * Doc ids, ascending, of the best `k` rows of all batches by (key, doc id). Gives every row's doc id when the key has an
 * encoding without a cheap exact order: the sort above decides then.
 */
export async function topByKey(batches: AsyncIterable<RecordBatch>, top: TopKey): Promise<Uint32Array> {
  const best = new BestRows(top)
  for await (const batch of batches) {
    best.add(batch, batch.columns[addressFields.length + top.column]!)
    batch.release()
  }
  return best.docs()
}

/**
 * Keeps the best k of a stream of (high, low, doc) triples, where (high, low) orders as the key does: lexicographic,
 * ascending, sign already turned for a descending key, NULLs at one of the infinities.
 */
class BestRows {
  readonly #top: TopKey
  #high: Float64Array
  #low: Float64Array
  #docs: Uint32Array
  #count = 0
  #full = false
  #worstHigh = 0
  #worstLow = 0
  #all = false
  #dictionary: object | null = null

  constructor(top: TopKey) {
    this.#top = top
    const capacity = Math.max(MIN_BUFFER, 2 * top.k)
    this.#high = new Float64Array(capacity)
    this.#low = new Float64Array(capacity)
    this.#docs = new Uint32Array(capacity)
  }

  add(batch: RecordBatch, key: Vector): void {
    const docs = (batch.columns[addressFields.length - 1] as PrimitiveVector).values as Uint32Array
    const { selection } = batch
    const count = batch.numRows
    const sign = this.#top.descending ? -1 : 1
    const nullHigh = this.#top.nullsFirst ? -Infinity : Infinity
    const order = this.#orderOf(key)
    for (let i = 0; i < count; i++) {
      const row = selection === null ? i : selection[i]!
      if (order === null) this.#push(0, 0, docs[row]!)
      else if (!key.isValid(row)) this.#push(nullHigh, nullHigh, docs[row]!)
      else this.#push(sign * order.high(row), sign * order.low(row), docs[row]!)
    }
  }

  docs(): Uint32Array {
    if (!this.#all) this.#cut()
    return this.#docs.slice(0, this.#count).sort()
  }

  #push(high: number, low: number, doc: number): void {
    if (!this.#all && this.#full && (high > this.#worstHigh || (high === this.#worstHigh && low >= this.#worstLow)))
      return
    if (this.#count === this.#docs.length) {
      if (this.#all) this.#grow()
      else this.#cut()
    }
    this.#high[this.#count] = high
    this.#low[this.#count] = low
    this.#docs[this.#count++] = doc
  }

  #cut(): void {
    const { k } = this.#top
    if (this.#count <= k) return
    const [high, low, docs] = [this.#high, this.#low, this.#docs]
    const order = Uint32Array.from({ length: this.#count }, (_, i) => i).sort((a, b) =>
      high[a]! < high[b]! ? -1 : high[a]! > high[b]! ? 1 : low[a]! - low[b]! || docs[a]! - docs[b]!,
    )
    const kept = order.subarray(0, k)
    const worst = kept[k - 1]!
    this.#full = true
    this.#worstHigh = high[worst]!
    this.#worstLow = low[worst]!
    const take = (from: Float64Array) => Float64Array.from(kept, (i) => from[i]!)
    const keptDocs = kept.map((i) => docs[i]!)
    this.#high.set(take(high))
    this.#low.set(take(low))
    this.#docs.set(keptDocs)
    this.#count = k
  }

  #grow(): void {
    const docs = new Uint32Array(this.#docs.length * 2)
    docs.set(this.#docs)
    this.#docs = docs
    this.#high = new Float64Array(docs.length)
    this.#low = new Float64Array(docs.length)
  }

  #orderOf(key: Vector): { high(row: number): number; low(row: number): number } | null {
    const zero = () => 0
    if (key instanceof NullVector) return { high: zero, low: zero }
    if (key instanceof BoolVector) {
      const { bits } = key
      return { high: (row) => (bits[row >>> 3]! >>> (row & 7)) & 1, low: zero }
    }
    if (key instanceof DictionaryVector && key.sorted && (this.#dictionary ?? key.dictionary) === key.dictionary) {
      this.#dictionary = key.dictionary
      const { codes } = key
      return { high: (row) => codes[row]!, low: zero }
    }
    if (key instanceof PrimitiveVector) {
      const { values } = key
      if (values instanceof BigInt64Array || values instanceof BigUint64Array) {
        const low = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
        const high =
          values instanceof BigInt64Array ? new Int32Array(values.buffer, values.byteOffset, low.length) : low
        return { high: (row) => high[2 * row + 1]!, low: (row) => low[2 * row]! }
      }
      if (values instanceof Float64Array) {
        // NaN sorts above everything, as in PostgreSQL.
        return {
          high: (row) => (values[row]! !== values[row]! ? Infinity : values[row]!),
          low: (row) => +(values[row]! !== values[row]!),
        }
      }
    }
    this.#keepAll()
    return null
  }

  #keepAll(): void {
    if (this.#full) throw new Error('top by key: the encoding of the key changed inside one unit')
    this.#all = true
  }
}
