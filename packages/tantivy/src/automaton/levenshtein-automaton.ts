import { LazyStates } from './lazy-states.ts'
import { DEAD, type TermAutomaton } from './term-automaton.ts'

interface State {
  /** Length of the first prefix of the word that `row` and `swaps` are for; of those before and behind, all are too far. */
  readonly first: number
  /** Distances of what was read to prefixes of the word, at most the limit plus one. */
  readonly row: Uint8Array
  /** Distances after a swap whose first character was the last one read, by the prefix that it completes. */
  readonly swaps: Uint8Array
  /** Some beginning of what was read is near enough already. */
  readonly done: boolean
}

export interface LevenshteinOptions {
  /** Two neighbours that changed places count as one change, not two. */
  readonly transpositionCostOne: boolean
  /** Accept terms of which a beginning is near enough. */
  readonly prefix: boolean
}

/**
 * Terms within an edit distance of a word: rows of the table of distances are the states, cut off above the limit and where
 * they are too far, so that there are few and they are short (Schulz and Mihov, "Fast String Correction with Levenshtein Automata", 2002). Changes are of code points.
 */
export class LevenshteinAutomaton implements TermAutomaton {
  readonly prefix = ''
  readonly start: number
  readonly #word: readonly number[]
  readonly #distance: number
  readonly #options: LevenshteinOptions
  readonly #states: LazyStates<State>
  readonly #compute = (state: State, codePoint: number): number => this.#step(state, codePoint)

  constructor(word: string, distance: number, options: LevenshteinOptions) {
    this.#word = Array.from(word, (character) => character.codePointAt(0)!)
    this.#distance = distance
    this.#options = options
    const shown = word.length > MAX_SHOWN ? `${word.slice(0, MAX_SHOWN)}...` : word
    this.#states = new LazyStates(`${JSON.stringify(shown)} within ${distance}`)
    const length = Math.min(distance, this.#word.length) + 1
    const row = Uint8Array.from({ length }, (_, k) => k)
    this.start = this.#idOf(0, row, new Uint8Array(length).fill(distance + 1), false)
  }

  next(state: number, codePoint: number): number {
    return this.#states.next(state, codePoint, this.#compute)
  }

  accepts(state: number): boolean {
    if (state === DEAD) return false
    const { first, row, done } = this.#states.state(state)
    return done || this.#isNear(first, row)
  }

  /** Whether the whole word is near enough. */
  #isNear(first: number, row: Uint8Array): boolean {
    const last = row.length - 1
    return first + last === this.#word.length && row[last]! <= this.#distance
  }

  #idOf(first: number, row: Uint8Array, swaps: Uint8Array, doneBefore: boolean): number {
    const done = doneBefore || (this.#options.prefix && this.#isNear(first, row))
    if (done) return this.#states.idOf('done', { first, row, swaps, done })
    return this.#states.idOf(`${first}:${row.join()};${swaps.join()}`, { first, row, swaps, done })
  }

  #step({ first, row, swaps, done }: State, codePoint: number): number {
    if (done) return this.#idOf(first, row, swaps, true)
    const word = this.#word
    const most = this.#distance + 1
    // a change may insert what follows, as often as changes are allowed
    const last = Math.min(word.length, first + row.length + this.#distance)
    const next = new Uint8Array(last - first + 1).fill(most)
    const nextSwaps = new Uint8Array(last - first + 1).fill(most)
    const before = (k: number): number => (k >= first && k < first + row.length ? row[k - first]! : most)
    let low = -1
    let high = -1
    let least = most
    for (let k = first; k <= last; k += 1) {
      const at = k - first
      let value = Math.min(before(k) + 1, most)
      if (k > 0) {
        const same = word[k - 1] === codePoint
        value = Math.min(value, before(k - 1) + +!same, at > 0 ? next[at - 1]! + 1 : most)
        // the second character of a swap is the one before the last of the prefix
        if (k >= 2 && word[k - 2] === codePoint && at < swaps.length) value = Math.min(value, swaps[at]!)
        if (this.#options.transpositionCostOne && k >= 2 && same) nextSwaps[at] = Math.min(before(k - 2) + 1, most)
      }
      next[at] = value
      const nearest = Math.min(value, nextSwaps[at]!)
      if (nearest >= most) continue
      if (low < 0) low = at
      high = at
      least = Math.min(least, nearest)
    }
    if (least > this.#distance) return DEAD
    return this.#idOf(first + low, next.slice(low, high + 1), nextSwaps.slice(low, high + 1), false)
  }
}

/** Characters of a word that an error shows. */
const MAX_SHOWN = 60
