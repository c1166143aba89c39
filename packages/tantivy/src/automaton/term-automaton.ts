/** The state that nothing leads out of. */
export const DEAD = -1

/** A deterministic automaton over the code points of a term. States are numbers, made when they are first reached. */
export interface TermAutomaton {
  /** What every accepted term starts with. */
  readonly prefix: string
  readonly start: number
  /** The state after one more code point; DEAD if no accepted term goes on like this. */
  next(state: number, codePoint: number): number
  accepts(state: number): boolean
}

/** Raised where an automaton would need more states than are held. */
export class AutomatonSizeError extends Error {
  constructor(what: string) {
    super(`${what}: the pattern needs too many states`)
    this.name = 'AutomatonSizeError'
  }
}
