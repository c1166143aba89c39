import type { ColumnDictionary, TermList } from '@volley/tantivy'

/** Bytes of terms that are kept. */
const CAPACITY = 256 << 20

/** Whole dictionaries of text columns, decoded, by recency: the same ones serve query after query. */
const kept = new Map<ColumnDictionary, TermList>()
const reading = new WeakMap<ColumnDictionary, Promise<TermList>>()
let bytesKept = 0

/** All terms of a dictionary when they are at hand. */
function knownTerms(dictionary: ColumnDictionary): TermList | null {
  const terms = kept.get(dictionary)
  if (terms === undefined) return null
  kept.delete(dictionary)
  kept.set(dictionary, terms)
  return terms
}

/** All terms of a dictionary; those who ask at the same time share the reading. */
export function allTerms(dictionary: ColumnDictionary): Promise<TermList> {
  const known = knownTerms(dictionary)
  if (known !== null) return Promise.resolve(known)
  let terms = reading.get(dictionary)
  if (terms === undefined) {
    terms = dictionary.all().then(
      (list) => {
        reading.delete(dictionary)
        keep(dictionary, list)
        return list
      },
      (error: unknown) => {
        reading.delete(dictionary)
        throw error
      },
    )
    reading.set(dictionary, terms)
  }
  return terms
}

/** Of a dictionary of which this share is asked for, all terms are read. */
const MUCH = 0.25
/** Terms that a dictionary which is read whole has at most. */
const MOST_TERMS = 1 << 20

/** Terms that are decoded to get at one, about: a block is decoded from its start. */
const WALKED = 64

/** Terms of dictionaries that were decoded for single ones. */
const walked = new WeakMap<ColumnDictionary, number>()

/**
 * Whether to decode a dictionary now and keep it: for much of it, or where as much has been decoded of it in pieces before.
 */
function readsWhole(dictionary: ColumnDictionary, ordinals: Uint32Array): boolean {
  const { numTerms } = dictionary
  if (numTerms > MOST_TERMS) return false
  if (ordinals.length > 64 && ordinals.length >= numTerms * MUCH) return true
  const sum = walked.get(dictionary) ?? 0
  if (sum >= numTerms * 2) return true
  walked.set(dictionary, sum + Math.min(numTerms, ordinals.length * WALKED))
  return false
}

/** The terms of ascending distinct ordinals. */
export async function termsAt(dictionary: ColumnDictionary, ordinals: Uint32Array): Promise<TermList> {
  const known = knownTerms(dictionary) ?? (readsWhole(dictionary, ordinals) ? await allTerms(dictionary) : null)
  return known === null ? dictionary.termsOf(ordinals) : gathered(known, ordinals)
}

function gathered(all: TermList, ordinals: Uint32Array): TermList {
  const offsets = new Uint32Array(ordinals.length + 1)
  for (let i = 0; i < ordinals.length; i++) {
    const ordinal = ordinals[i]!
    if (ordinal + 1 >= all.offsets.length) throw new RangeError(`ordinal ${ordinal} of ${all.offsets.length - 1}`)
    offsets[i + 1] = offsets[i]! + all.offsets[ordinal + 1]! - all.offsets[ordinal]!
  }
  const bytes = new Uint8Array(offsets[ordinals.length]!)
  for (let i = 0; i < ordinals.length; i++) {
    const [start, end] = [all.offsets[ordinals[i]!]!, all.offsets[ordinals[i]! + 1]!]
    for (let from = start, to = offsets[i]!; from < end; from++, to++) bytes[to] = all.bytes[from]!
  }
  return { offsets, bytes }
}

function keep(dictionary: ColumnDictionary, terms: TermList): void {
  const size = sizeOf(terms)
  if (size > CAPACITY / 4) return
  kept.set(dictionary, terms)
  bytesKept += size
  for (const [oldest, list] of kept) {
    if (bytesKept <= CAPACITY) break
    kept.delete(oldest)
    bytesKept -= sizeOf(list)
  }
}

/** What is held: the bytes may be a part of a larger buffer, and the texts' lengths are kept with them once they were asked for. */
function sizeOf({ offsets, bytes }: TermList): number {
  return 2 * offsets.byteLength + bytes.buffer.byteLength
}
