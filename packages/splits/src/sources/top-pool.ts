import { compareBytes, rowsByWords, typeName, type BytesVector, type TaskContext } from '@volley/core'
import { lowerBound } from '../filters/doc-lists.ts'
import { BestRows } from './best-rows.ts'
import type { ColumnSource, TopRows } from './column-source.ts'
import type { OrdinalColumn } from './fast-column.ts'
import { wordsPerKey, type TopKey } from './key-words.ts'
import type { DocUnit } from './opened-layout.ts'
import { distinctSorted } from './ordinal-lists.ts'
import { thresholdOf, type SharedThreshold } from './shared-threshold.ts'

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** A key of text: where its words are, of which the second counts by ordinals or ranks. */
interface TextKey extends TopKey {
  readonly at: number
}

/** The columns of keys that are given as ordinals, by their position. */
export type KeyOrdinals = ReadonlyMap<number, OrdinalColumn>

/** Ascending distinct texts. */
type Texts = Pick<BytesVector, 'length' | 'offsets' | 'bytes'>

const NO_TEXTS: Texts = { length: 0, offsets: new Int32Array(1), bytes: new Uint8Array(0) }

/**
 * The best rows that all partitions of a source in a task have found so far, ties by address: none that is left out is
 * among the first k of all. Text counts by its rank among the texts of these rows.
 */
export class TopPool {
  /** Words of each key. */
  readonly counts: readonly number[]
  /** Words of all of them. */
  readonly width: number
  /** Leading words that mean the same in every segment: those before the first text, which counts by ordinals. */
  readonly shared: number
  readonly #k: number
  readonly #keys: readonly TextKey[]
  /** By the place of the key. */
  readonly #texts: Texts[]
  readonly #rows: BestRows
  readonly #units: DocUnit[] = []
  readonly #threshold: SharedThreshold

  constructor(source: ColumnSource, top: TopRows, context: TaskContext) {
    const types = top.keys.map((key) => source.options.columns[key.column]!.type)
    this.counts = types.map((type) => wordsPerKey(type)!)
    const starts = this.counts.map((_, i) => this.counts.slice(0, i).reduce((sum, count) => sum + count, 0))
    this.width = this.counts.reduce((sum, count) => sum + count, 0)
    this.#keys = top.keys.flatMap((key, i) => (typeName(types[i]!) === 'Utf8' ? [{ ...key, at: starts[i]! }] : []))
    this.shared = this.#keys[0]?.at ?? this.width
    this.#texts = this.#keys.map(() => NO_TEXTS)
    this.#k = top.k
    this.#rows = new BestRows(top.k, this.width, (a, b) => comparePlaces(this.#units[a]!, this.#units[b]!))
    this.#threshold = thresholdOf(source, top, this.shared, context)
  }

  /** A number for the documents of a unit. */
  placeOf(unit: DocUnit): number {
    return this.#units.push(unit) - 1
  }

  /** Where the rows of a unit are to be added: here, or, where text is among the keys, to be given to `merge`. */
  listFor(): BestRows {
    return this.#keys.length === 0 ? this.#rows : new BestRows(this.#k, this.width)
  }

  /** Shared words of a row that k rows, of any task, are not behind; null while nothing is known of that. */
  get limit(): Uint32Array | null {
    const own = this.shared === 0 ? null : (this.#rows.last()?.subarray(0, this.shared) ?? null)
    return lesser(own, this.#threshold.last)
  }

  get isFromOthers(): boolean {
    return this.#threshold.isFromOthers
  }

  /** Of a first key that is text: a text that k rows are not behind; null where that is not known, or is no text. */
  get text(): string | null {
    const [key] = this.#keys
    const last = this.#rows.last()
    if (key === undefined || key.at > 0 || last === null || isNull(key, last[0]!)) return null
    const { offsets, bytes } = this.#texts[0]!
    const rank = numberOf(key, last[1]!)
    const text = decoder.decode(bytes.subarray(offsets[rank], offsets[rank + 1]))
    // What stands for bytes that are no text orders in another place.
    return text.includes('\u{fffd}') ? null : text
  }

  /** Takes the first words of some live rows into account, which come in lists; they are of different rows. */
  lower(lists: readonly (readonly Uint32Array[])[]): void {
    const total = lists.reduce((sum, [first]) => sum + (first?.length ?? 0), 0)
    if (this.#k === 0 || total < this.#k) return
    const words = Array.from({ length: this.counts[0]! }, () => new Uint32Array(total))
    let at = 0
    for (const list of lists) {
      for (const [w, word] of list.entries()) words[w]!.set(word, at)
      at += list[0]!.length
    }
    const row = rowsByWords(words, total)[this.#k - 1]!
    this.#threshold.lower(Uint32Array.from(words, (word) => word[row]!))
  }

  /** Tells other tasks what is known by now. */
  publish(): void {
    const last = this.#rows.last()
    if (last !== null) this.#threshold.lower(last.subarray(0, this.shared))
  }

  /** Adds what was found in a unit, whose text counts by ordinals; false, and nothing is done, where its texts are not known. */
  async merge(found: BestRows, place: number, columns: KeyOrdinals, context: TaskContext): Promise<boolean> {
    if (this.#keys.length === 0) return true
    const { words, docs } = found.kept()
    const region = context.region()
    try {
      const own: { readonly ordinals: Uint32Array; readonly texts: Texts }[] = []
      for (const key of this.#keys) {
        const ordinals = ordinalsOf(key, words)
        const column = columns.get(key.column) ?? null
        if (ordinals.length > 0 && column === null) return false
        own.push({ ordinals, texts: await textsOf(column, ordinals, region) })
      }
      const merged = [...words]
      for (const [i, key] of this.#keys.entries()) {
        const { ordinals, texts } = own[i]!
        const kept = this.#rows.kept().words
        const { all, left, right } = mergeTexts(this.#texts[i]!, ordinalsOf(key, kept), texts)
        this.#texts[i] = all
        this.#rows.setWord(
          key.at + 1,
          renumbered(key, kept, (rank) => left[rank]!),
        )
        merged[key.at + 1] = renumbered(key, words, (ordinal) => right[lowerBound(ordinals, ordinal)]!)
      }
      this.#rows.add(merged, docs, null, null, place)
      return true
    } finally {
      region.release()
    }
  }

  /** The documents of each of some units that are among the best by now, ascending. */
  docsOf(places: readonly number[]): Uint32Array[] {
    const { places: of, docs } = this.#rows.kept()
    const slots = new Map(places.map((place, i) => [place, i]))
    const lists: number[][] = places.map(() => [])
    for (let i = 0; i < docs.length; i++) {
      const slot = slots.get(of[i]!)
      if (slot !== undefined) lists[slot]!.push(docs[i]!)
    }
    return lists.map((list) => Uint32Array.from(list).sort())
  }
}

const pools = new WeakMap<TaskContext, Map<ColumnSource, TopPool>>()

/** What all partitions of a source in a task share. */
export function topPoolOf(source: ColumnSource, top: TopRows, context: TaskContext): TopPool {
  let known = pools.get(context)
  if (known === undefined) pools.set(context, (known = new Map()))
  let pool = known.get(source)
  if (pool === undefined) known.set(source, (pool = new TopPool(source, top, context)))
  return pool
}

/** The tuple that comes first, as far as both go. */
export function lesser(a: Uint32Array | null, b: Uint32Array | null): Uint32Array | null {
  if (a === null || b === null) return a ?? b
  return isAfter(a, b.length < a.length ? b : b.subarray(0, a.length)) ? b : a
}

/** Whether a tuple comes behind another one, as far as that goes. */
export function isAfter(tuple: Uint32Array, limit: Uint32Array): boolean {
  for (let w = 0; w < limit.length; w++) {
    const difference = tuple[w]! - limit[w]!
    if (difference !== 0) return difference > 0
  }
  return false
}

function comparePlaces(a: DocUnit, b: DocUnit): number {
  if (a.split.splitId === b.split.splitId) return a.segment.ord - b.segment.ord || a.start - b.start
  const [own, other] = [encoder.encode(a.split.splitId), encoder.encode(b.split.splitId)]
  return compareBytes(own, 0, own.length, other, 0, other.length)
}

function isNull({ nullsFirst }: TopKey, presence: number): boolean {
  return presence === +!nullsFirst
}

/** The ordinal or rank that a word stands for, and the other way round. */
function numberOf({ descending }: TopKey, word: number): number {
  return (descending ? ~word : word) >>> 0
}

/** The distinct numbers of a key's texts in some rows, ascending. */
function ordinalsOf(key: TextKey, words: readonly Uint32Array[]): Uint32Array {
  const [presence, values] = [words[key.at]!, words[key.at + 1]!]
  const numbers = new Uint32Array(values.length)
  let count = 0
  for (let i = 0; i < values.length; i++) {
    if (!isNull(key, presence[i]!)) numbers[count++] = numberOf(key, values[i]!)
  }
  return distinctSorted(numbers.subarray(0, count))
}

/** The words of a key's texts with other numbers. */
function renumbered(key: TextKey, words: readonly Uint32Array[], change: (number: number) => number): Uint32Array {
  const [presence, values] = [words[key.at]!, words[key.at + 1]!]
  const out = new Uint32Array(values.length)
  for (let i = 0; i < out.length; i++) {
    if (!isNull(key, presence[i]!)) out[i] = numberOf(key, change(numberOf(key, values[i]!)))
  }
  return out
}

async function textsOf(
  column: OrdinalColumn | null,
  ordinals: Uint32Array,
  region: Parameters<OrdinalColumn['textsOf']>[1],
): Promise<Texts> {
  if (column === null || ordinals.length === 0) return NO_TEXTS
  return (await column.textsOf(ordinals, region)) as BytesVector
}

/**
 * The texts of a list that `used` (ascending) names, and those of another, as one list in ordinary memory, and the places in
 * it of each.
 */
function mergeTexts(
  list: Texts,
  used: Uint32Array,
  other: Texts,
): { readonly all: Texts; readonly left: Uint32Array; readonly right: Uint32Array } {
  const left = new Uint32Array(list.length)
  const right = new Uint32Array(other.length)
  const offsets = new Int32Array(used.length + other.length + 1)
  const sizeOf = ({ offsets: own }: Texts, i: number): number => own[i + 1]! - own[i]!
  const size = used.reduce((sum, i) => sum + sizeOf(list, i), 0) + other.offsets[other.length]! - other.offsets[0]!
  const bytes = new Uint8Array(size)
  let count = 0
  let end = 0
  for (let i = 0, j = 0; i < used.length || j < other.length; count++) {
    const order = i === used.length ? 1 : j === other.length ? -1 : compareTexts(list, used[i]!, other, j)
    const [from, at] = order <= 0 ? [list, used[i]!] : [other, j]
    bytes.set(from.bytes.subarray(from.offsets[at], from.offsets[at + 1]), end)
    end += sizeOf(from, at)
    offsets[count + 1] = end
    if (order <= 0) left[used[i++]!] = count
    if (order >= 0) right[j++] = count
  }
  return { all: { length: count, offsets, bytes }, left, right }
}

function compareTexts(a: Texts, i: number, b: Texts, j: number): number {
  return compareBytes(a.bytes, a.offsets[i]!, a.offsets[i + 1]!, b.bytes, b.offsets[j]!, b.offsets[j + 1]!)
}
