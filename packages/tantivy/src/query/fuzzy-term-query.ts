import { LevenshteinAutomaton } from '../automaton/levenshtein-automaton.ts'
import { AutomatonQuery } from './automaton-query.ts'

/** The largest distance, as in tantivy. */
const MAX_DISTANCE = 2

export interface FuzzyOptions {
  /** Number of changes of a code point, 0 to 2. */
  readonly distance: number
  /** Two neighbours that changed places count as one change; true by default. */
  readonly transpositionCostOne?: boolean
  /** Match terms of which a beginning is near enough. */
  readonly prefix?: boolean
  /** Bytes that every term starts with before the word: path and type of a JSON term. */
  readonly termPrefix?: Uint8Array
}

/** Documents with a term within an edit distance of a word; the score is 1. */
export class FuzzyTermQuery extends AutomatonQuery {
  readonly kind = 'FuzzyTerm'
  readonly word: string
  readonly distance: number

  constructor(field: number, word: string, options: FuzzyOptions) {
    const { distance, transpositionCostOne = true, prefix = false, termPrefix = new Uint8Array(0) } = options
    if (!(Number.isInteger(distance) && distance >= 0 && distance <= MAX_DISTANCE)) {
      throw new RangeError(`an edit distance of ${distance} is not in 0..${MAX_DISTANCE}`)
    }
    super(field, new LevenshteinAutomaton(word, distance, { transpositionCostOne, prefix }), termPrefix)
    this.word = word
    this.distance = distance
  }

  toString(): string {
    return `${this.field}:${JSON.stringify(this.word)}~${this.distance}`
  }
}
