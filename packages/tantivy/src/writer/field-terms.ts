import type { FieldPostings } from './field-postings.ts'

/** Tokens of more bytes than this are dropped (section 4.6). */
const MAX_TOKEN_BYTES = 65530

const KEEP_AS_IS = 13
const decoder = new TextDecoder()

/** Numbers the text terms below one prefix (a JSON path and its type code; nothing for a text field). */
export class TextTerms {
  readonly #postings: FieldPostings
  readonly #prefix: Uint8Array
  readonly #known = new Map<string, number>()

  constructor(postings: FieldPostings, prefix: Uint8Array) {
    this.#postings = postings
    this.#prefix = prefix
  }

  /** The number of the term, or -1 for a token that is too long. */
  idOf(text: string): number {
    return this.#known.get(text) ?? this.#add(text)
  }

  #add(text: string): number {
    const { terms } = this.#postings
    const { pool } = terms
    pool.append(this.#prefix)
    const length = pool.utf8(text)
    if (length > MAX_TOKEN_BYTES) {
      terms.abandon()
      return -1
    }
    const id = terms.close()
    // a slice of a document keeps the document alive: the key is a string of its own
    const key = text.length < KEEP_AS_IS ? text : decoder.decode(terms.term(id).subarray(this.#prefix.length))
    this.#known.set(key, id)
    return id
  }
}

/** Numbers the terms of eight big-endian bytes below one prefix. */
export class NumberTerms {
  readonly #postings: FieldPostings
  readonly #prefix: Uint8Array
  readonly #known = new Map<bigint, number>()

  constructor(postings: FieldPostings, prefix: Uint8Array) {
    this.#postings = postings
    this.#prefix = prefix
  }

  /** The number of the term of a value mapped to u64. */
  idOf(mapped: bigint): number {
    let id = this.#known.get(mapped)
    if (id === undefined) {
      const { terms } = this.#postings
      terms.pool.append(this.#prefix)
      terms.pool.u64BigEndian(mapped)
      id = terms.close()
      this.#known.set(mapped, id)
    }
    return id
  }
}

/** Numbers terms that are byte strings: addresses, bytes, facets. */
export class BytesTerms {
  readonly #postings: FieldPostings
  readonly #known = new Map<string, number>()

  constructor(postings: FieldPostings) {
    this.#postings = postings
  }

  idOf(bytes: Uint8Array): number {
    let key = ''
    for (const byte of bytes) key += String.fromCharCode(byte)
    let id = this.#known.get(key)
    if (id === undefined) {
      const { terms } = this.#postings
      terms.pool.append(bytes)
      id = terms.close()
      this.#known.set(key, id)
    }
    return id
  }
}

export const NO_PREFIX: Uint8Array = new Uint8Array(0)
