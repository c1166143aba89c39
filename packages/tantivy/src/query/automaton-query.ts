import type { TermAutomaton } from '../automaton/term-automaton.ts'
import { TermMatcher } from '../automaton/term-matcher.ts'
import { prefixEnd } from '../bytes/compare.ts'
import type { SegmentReader } from '../segment/segment-reader.ts'
import type { PreparedQuery } from './prepared-query.ts'
import type { PrepareContext, Query } from './query.ts'
import { prepareTermRange } from './term-range.ts'

/** Documents with a term that an automaton accepts; the score is 1. Only terms with its prefix are read. */
export abstract class AutomatonQuery implements Query {
  abstract readonly kind: string
  readonly field: number
  /** Bytes that every term starts with before what the automaton sees: path and type of a JSON term. */
  readonly termPrefix: Uint8Array
  readonly #automaton: TermAutomaton

  constructor(field: number, automaton: TermAutomaton, termPrefix: Uint8Array) {
    this.field = field
    this.termPrefix = termPrefix
    this.#automaton = automaton
  }

  visitTerms(): void {}

  prepare(segment: SegmentReader, context: PrepareContext): Promise<PreparedQuery> {
    const literal = new TextEncoder().encode(this.#automaton.prefix)
    const prefix = new Uint8Array(this.termPrefix.length + literal.length)
    prefix.set(this.termPrefix)
    prefix.set(literal, this.termPrefix.length)
    const end = prefixEnd(prefix)
    const upper = end === null ? null : { term: end, inclusive: false }
    const matcher = new TermMatcher(this.#automaton, this.termPrefix.length)
    return prepareTermRange(segment, this.field, { term: prefix, inclusive: true }, upper, context, matcher)
  }

  abstract toString(): string
}
