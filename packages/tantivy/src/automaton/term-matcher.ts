import { DEAD, type TermAutomaton } from './term-automaton.ts'

/**
 * Runs an automaton over sorted terms in UTF-8: each goes on where it parts from the one before. Bytes that are not UTF-8
 * are accepted by nothing.
 */
export class TermMatcher {
  readonly #automaton: TermAutomaton
  /** Bytes at the front of each term that the automaton does not see. */
  readonly #skip: number
  #previous = new Uint8Array(64)
  #length = 0
  /** State before each byte of the last term that starts a code point. */
  #states = new Int32Array(65)
  /** Bytes of the last term up to which #states are known. */
  #known: number

  constructor(automaton: TermAutomaton, skip: number) {
    this.#automaton = automaton
    this.#skip = skip
    this.#known = skip
    this.#reserve(skip)
    this.#states[skip] = automaton.start
  }

  /** Whether the automaton accepts bytes [from, to). */
  accepts(bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from
    if (length < this.#skip) return false
    this.#reserve(length)
    let at = this.#common(bytes, from, length)
    while (at > this.#skip && (this.#previous[at] ?? 0) >> 6 === 2 && at < this.#length) at -= 1
    while (at > this.#skip && at < length && bytes[from + at]! >> 6 === 2) at -= 1
    this.#previous.set(bytes.subarray(from, to))
    this.#length = length
    let state = this.#states[at]!
    while (at < length && state !== DEAD) {
      const codePoint = codePointAt(bytes, from + at, to)
      if (codePoint < 0) {
        state = DEAD
        break
      }
      state = this.#automaton.next(state, codePoint)
      at += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
      this.#states[at] = state
    }
    this.#known = at
    return at === length && this.#automaton.accepts(state)
  }

  /** Bytes that a term shares with the last one, as far as states are known. */
  #common(bytes: Uint8Array, from: number, length: number): number {
    const limit = Math.min(length, this.#length, this.#known)
    let at = 0
    while (at < limit && bytes[from + at] === this.#previous[at]) at += 1
    return Math.max(at, this.#skip)
  }

  #reserve(length: number): void {
    if (length < this.#previous.length) return
    const previous = new Uint8Array(2 * length + 2)
    const states = new Int32Array(previous.length + 1)
    previous.set(this.#previous)
    states.set(this.#states)
    this.#previous = previous
    this.#states = states
  }
}

/** The code point in UTF-8 at `at`; -1 where there is none. */
function codePointAt(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return lead
  const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (size === 0 || at + size > end) return -1
  let codePoint = lead & (0x7f >> size)
  for (let i = 1; i < size; i += 1) {
    const byte = bytes[at + i]!
    if (byte >> 6 !== 2) return -1
    codePoint = (codePoint << 6) | (byte & 63)
  }
  const least = size === 2 ? 0x80 : size === 3 ? 0x800 : 0x10000
  return codePoint < least || codePoint > 0x10ffff ? -1 : codePoint
}
