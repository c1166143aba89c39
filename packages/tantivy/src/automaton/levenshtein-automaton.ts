import { LazyStates } from './lazy-states.ts'
import { DEAD, type TermAutomaton } from './term-automaton.ts'

interface State {
  /** Distances of what was read to each prefix of the word, at most the limit plus one. */
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
 * Terms within an edit distance of a word: rows of the table of distances are the states, cut off above the limit, so that
 * there are few (Schulz and Mihov, "Fast String Correction with Levenshtein Automata", 2002). Changes are of code points.
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
    this.#states = new LazyStates(`${JSON.stringify(word)} within ${distance}`)
    const length = this.#word.length + 1
    const row = Uint8Array.from({ length }, (_, k) => Math.min(k, distance + 1))
    this.start = this.#idOf(row, new Uint8Array(length).fill(distance + 1), false)
  }

  next(state: number, codePoint: number): number {
    return this.#states.next(state, codePoint, this.#compute)
  }

  accepts(state: number): boolean {
    if (state === DEAD) return false
    const { row, done } = this.#states.state(state)
    return done || row[row.length - 1]! <= this.#distance
  }

  #idOf(row: Uint8Array, swaps: Uint8Array, doneBefore: boolean): number {
    const done = doneBefore || (this.#options.prefix && row[row.length - 1]! <= this.#distance)
    if (done) return this.#states.idOf('done', { row, swaps, done })
    return this.#states.idOf(`${row.join()};${swaps.join()}`, { row, swaps, done })
  }

  #step({ row, swaps, done }: State, codePoint: number): number {
    if (done) return this.#idOf(row, swaps, true)
    const word = this.#word
    const most = this.#distance + 1
    const next = new Uint8Array(row.length)
    const nextSwaps = new Uint8Array(row.length).fill(most)
    next[0] = Math.min(row[0]! + 1, most)
    let least = next[0]!
    for (let k = 1; k < row.length; k += 1) {
      const same = word[k - 1] === codePoint
      let value = Math.min(row[k - 1]! + +!same, row[k]! + 1, next[k - 1]! + 1, most)
      // the second character of a swap is the one before the last of the prefix
      if (k >= 2 && word[k - 2] === codePoint) value = Math.min(value, swaps[k]!)
      next[k] = value
      if (value < least) least = value
      if (this.#options.transpositionCostOne && k >= 2 && same) nextSwaps[k] = Math.min(row[k - 2]! + 1, most)
    }
    for (let k = 0; k < row.length; k += 1) least = Math.min(least, nextSwaps[k]!)
    return least > this.#distance ? DEAD : this.#idOf(next, nextSwaps, false)
  }
}
