import type { CompositeValue, MissingValue } from './aggregation-request.ts'
import type { DocBlock } from './doc-block.ts'
import { formatDate } from './format-date.ts'
import { KeyRows, type KeySource, sourceValues } from './key-rows.ts'
import type { TermSource } from './terms-aggregator.ts'
import { encodeFloat, encodeInteger, type EncodedKey } from './term-key.ts'
import { TupleTable } from './tuple-table.ts'

/** The combinations of the values of several fields as ordinals, by first appearance. */
export class MultiTerms implements TermSource {
  readonly near = null
  readonly countRange = null
  readonly firstTerms = null
  readonly #sources: readonly KeySource[]
  readonly #missing: readonly (MissingValue | null)[]
  readonly #rows: KeyRows
  readonly #table: TupleTable
  #values = new Uint32Array(0)

  constructor(sources: readonly KeySource[], missing: readonly (MissingValue | null)[]) {
    this.#sources = sources
    this.#missing = missing
    this.#rows = new KeyRows(sources)
    this.#table = new TupleTable(3 * sources.length)
  }

  get size(): number {
    return this.#table.size
  }

  get block(): DocBlock & { readonly values: Uint32Array } {
    const { docs, start, count, buckets } = this.#rows
    return { docs, start, count, buckets, values: this.#values }
  }

  read(block: DocBlock): void {
    this.#rows.read(block)
    const { count, words } = this.#rows
    if (this.#values.length < count) this.#values = new Uint32Array(count)
    this.#table.intern(words, count, this.#values)
  }

  compare(a: number, b: number): number {
    const { words, width } = this.#table
    for (let k = 0; k < width; k += 3) {
      const tagA = words[a * width + k]!
      const tagB = words[b * width + k]!
      if (tagA !== tagB) return tagA - tagB
      if (tagA === 0) continue
      const accessor = this.#sources[k / 3]!.accessors[tagA - 1]!
      const [atA, atB] = [a * width + k, b * width + k]
      const sign = accessor.compare(words[atA + 2]!, words[atA + 1]!, words[atB + 2]!, words[atB + 1]!)
      if (sign !== 0) return sign
    }
    return 0
  }

  async keysOf(ordinals: Uint32Array): Promise<EncodedKey[]> {
    const { words, width } = this.#table
    const keys = Array.from(ordinals, (ordinal) => words.slice(ordinal * width, (ordinal + 1) * width))
    const columns = await Promise.all(
      this.#sources.map((source, k) =>
        sourceValues(source, keys, k, async (accessor, low, high) =>
          (await accessor.valuesOf(low, high)).map(encodeValue),
        ),
      ),
    )
    return keys.map((_, row) => joinKeys(columns.map((column, k) => column[row] ?? encodeMissing(this.#missing[k]!))))
  }
}

function encodeValue(value: CompositeValue): EncodedKey {
  switch (value.type) {
    case 'null':
      return 's'
    case 'str':
      return `s${value.value}`
    case 'bool':
      return value.value ? 'b1' : 'b0'
    case 'dt':
      return `s${formatDate(value.value)}`
    case 'ip':
      return `a${value.value.toString(16)}`
    case 'f64':
      return encodeFloat(value.value)
    default:
      return encodeInteger(value.value, value.type === 'i64')
  }
}

/** The key of a value that stands for missing ones, as it was given. */
export function encodeMissing(missing: MissingValue): EncodedKey {
  if (typeof missing === 'string') return `s${missing}`
  return typeof missing === 'number' ? `f${missing}` : encodeInteger(missing, missing < 1n << 63n)
}

function joinKeys(keys: readonly EncodedKey[]): EncodedKey {
  return JSON.stringify(keys)
}

export function splitKeys(joined: EncodedKey): EncodedKey[] {
  return JSON.parse(joined) as EncodedKey[]
}
