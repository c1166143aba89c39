import { Cache, type Caches } from '@volley/kernels'
import type { ColumnDictionary, TermList } from '@volley/tantivy'
import { FewTerms } from './few-terms.ts'

/** Where the terms of text columns are read. */
export interface TermReader {
  /** All terms of a dictionary. */
  all(dictionary: ColumnDictionary): Promise<TermList>
  /** The terms of ascending distinct ordinals. */
  at(dictionary: ColumnDictionary, ordinals: Uint32Array): Promise<TermList>
  /** The terms of ordinals, in any order, where all are in memory; else null. */
  known(dictionary: ColumnDictionary, ordinals: Uint32Array): TermList | null
  /** Whether all terms of a dictionary are in memory. */
  holds(dictionary: ColumnDictionary): boolean
}

/** Decodes what is asked for, each time. */
export const plainTerms: TermReader = {
  all: (dictionary) => dictionary.all(),
  at: (dictionary, ordinals) => dictionary.termsOf(ordinals),
  known: () => null,
  holds: () => false,
}

/** A dictionary above this share of a cache is not kept, nor single terms of one. */
const LARGEST = 1 / 4
/** A dictionary of which this share is asked for is read whole. */
const MUCH = 0.25
/** Terms that are decoded to get at one, about: a block is decoded from its start. */
const WALKED = 64

/**
 * Decoded terms of text columns of open splits, of the dictionaries used last: whole dictionaries, or the terms that were asked
 * for. The same ones serve query after query.
 */
export class TermCache implements TermReader {
  readonly #kept: Cache<ColumnDictionary, TermList | FewTerms>
  readonly #reading = new Map<ColumnDictionary, Promise<TermList>>()
  /** Terms of dictionaries that were decoded for single ones. */
  readonly #walked = new WeakMap<ColumnDictionary, number>()
  /** Bytes of dictionaries that were read whole. */
  readonly #sizes = new WeakMap<ColumnDictionary, number>()
  #hits = 0

  /** `capacity` is in bytes. */
  constructor(caches: Caches, capacity: number) {
    this.#kept = new Cache(caches, { name: 'dictionaries', capacity, largest: LARGEST })
  }

  get bytes(): number {
    return this.#kept.bytes
  }

  /** How often all that was asked for of a dictionary was kept. */
  get hits(): number {
    return this.#hits
  }

  /** Those who ask at the same time share the reading. */
  all(dictionary: ColumnDictionary): Promise<TermList> {
    const known = this.#known(dictionary)
    if (known !== null) return Promise.resolve(known)
    let terms = this.#reading.get(dictionary)
    if (terms === undefined) {
      terms = dictionary.all().then((list) => {
        const size = sizeOf(list)
        this.#sizes.set(dictionary, size)
        if (this.#kept.takes(size)) this.#kept.set(dictionary, list, size)
        return list
      })
      this.#reading.set(dictionary, terms)
      const done = (): boolean => this.#reading.delete(dictionary)
      terms.then(done, done)
    }
    return terms
  }

  known(dictionary: ColumnDictionary, ordinals: Uint32Array): TermList | null {
    const whole = this.#known(dictionary)
    if (whole !== null) return gathered(whole, ordinals)
    const terms = this.#few(dictionary)?.gather(ordinals) ?? null
    if (terms !== null) this.#hits++
    return terms
  }

  holds(dictionary: ColumnDictionary): boolean {
    const terms = this.#kept.peek(dictionary)
    return terms !== undefined && !(terms instanceof FewTerms)
  }

  async at(dictionary: ColumnDictionary, ordinals: Uint32Array): Promise<TermList> {
    const known = this.known(dictionary, ordinals)
    if (known !== null) return known
    const few = this.#few(dictionary) ?? new FewTerms()
    const missing = few.missing(ordinals)
    if (this.#readsWhole(dictionary, missing)) return gathered(await this.all(dictionary), ordinals)
    const terms = await dictionary.termsOf(missing)
    few.add(missing, terms)
    // A whole dictionary that has been read meanwhile stays.
    if (!this.holds(dictionary)) this.#kept.set(dictionary, few, few.size)
    return missing.length === ordinals.length ? terms : few.gather(ordinals)!
  }

  clear(): void {
    this.#kept.clear()
  }

  #known(dictionary: ColumnDictionary): TermList | null {
    const terms = this.#kept.get(dictionary)
    if (terms === undefined || terms instanceof FewTerms) return null
    this.#hits++
    return terms
  }

  #few(dictionary: ColumnDictionary): FewTerms | null {
    const terms = this.#kept.get(dictionary)
    return terms instanceof FewTerms ? terms : null
  }

  /** Whether to decode a dictionary now and keep it: for much of it, or where as much has been decoded of it in pieces before. */
  #readsWhole(dictionary: ColumnDictionary, ordinals: Uint32Array): boolean {
    const { numTerms } = dictionary
    const size = this.#sizes.get(dictionary)
    if (size !== undefined && !this.#kept.takes(size)) return false
    const sum = this.#walked.get(dictionary) ?? 0
    if (ordinals.length > 64 && ordinals.length >= numTerms * MUCH) return true
    if (sum >= numTerms * 2) return true
    this.#walked.set(dictionary, sum + Math.min(numTerms, ordinals.length * WALKED))
    return false
  }
}

/** Terms that are copied by a loop rather than a call. */
const SHORT = 32

function gathered(all: TermList, ordinals: Uint32Array): TermList {
  const from = all.offsets
  const offsets = new Uint32Array(ordinals.length + 1)
  for (let i = 0; i < ordinals.length; i++) {
    const ordinal = ordinals[i]!
    if (ordinal + 1 >= from.length) throw new RangeError(`ordinal ${ordinal} of ${from.length - 1}`)
    offsets[i + 1] = offsets[i]! + from[ordinal + 1]! - from[ordinal]!
  }
  const bytes = new Uint8Array(offsets[ordinals.length]!)
  for (let i = 0; i < ordinals.length;) {
    // terms that lie behind one another are copied at once
    let next = i + 1
    while (next < ordinals.length && ordinals[next] === ordinals[next - 1]! + 1) next++
    const start = from[ordinals[i]!]!
    const end = from[ordinals[next - 1]! + 1]!
    let to = offsets[i]!
    if (end - start > SHORT) bytes.set(all.bytes.subarray(start, end), to)
    else for (let at = start; at < end; at++) bytes[to++] = all.bytes[at]!
    i = next
  }
  return { offsets, bytes }
}

/** What is held: the bytes may be a part of a larger buffer, and the texts' lengths are kept with them once they were asked for. */
function sizeOf(terms: TermList | FewTerms): number {
  if (terms instanceof FewTerms) return terms.size
  const { offsets, bytes } = terms
  return 2 * offsets.byteLength + bytes.buffer.byteLength
}
