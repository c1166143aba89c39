import { RegexAutomaton } from '../automaton/regex-automaton.ts'
import { AutomatonQuery } from './automaton-query.ts'

/** Documents with a term that a regular expression matches whole; the score is 1. */
export class RegexQuery extends AutomatonQuery {
  readonly kind = 'Regex'
  readonly pattern: string

  /**
   * The syntax is that of Rust's regex crate without look-around and word boundaries; time is proportional to the terms.
   *
   * @throws RegexSyntaxError
   */
  constructor(field: number, pattern: string, termPrefix: Uint8Array = new Uint8Array(0)) {
    super(field, RegexAutomaton.compile(pattern), termPrefix)
    this.pattern = pattern
  }

  toString(): string {
    return `${this.field}:/${this.pattern}/`
  }
}
