import { RegexAutomaton } from '../automaton/regex-automaton.ts'
import { AutomatonQuery } from './automaton-query.ts'

/** Documents with a term of a form: `*` is any text, `?` any character, a backslash escapes. The score is 1. */
export class WildcardQuery extends AutomatonQuery {
  readonly kind = 'Wildcard'
  readonly pattern: string

  constructor(field: number, pattern: string, termPrefix: Uint8Array = new Uint8Array(0)) {
    super(field, RegexAutomaton.wildcard(pattern), termPrefix)
    this.pattern = pattern
  }

  toString(): string {
    return `${this.field}:${this.pattern}`
  }
}
