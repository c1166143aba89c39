import { AutomatonSizeError, DEAD } from './term-automaton.ts'

const MAX_STATES = 10_000
const UNKNOWN = -2
const ASCII = 128

/** States of an automaton that are made when they are first reached, with their transitions. */
export class LazyStates<S> {
  readonly #what: string
  readonly #ids = new Map<string, number>()
  readonly #states: S[] = []
  readonly #ascii: Int32Array[] = []
  readonly #others: Map<number, number>[] = []

  /** `what` names the pattern in errors. */
  constructor(what: string) {
    this.#what = what
  }

  state(id: number): S {
    return this.#states[id]!
  }

  /** The number of a state, by a key that equal states share. */
  idOf(key: string, state: S): number {
    const known = this.#ids.get(key)
    if (known !== undefined) return known
    const id = this.#states.length
    if (id >= MAX_STATES) throw new AutomatonSizeError(this.#what)
    this.#ids.set(key, id)
    this.#states.push(state)
    this.#ascii.push(new Int32Array(ASCII).fill(UNKNOWN))
    this.#others.push(new Map())
    return id
  }

  /** Looks a transition up; computes it the first time. */
  next(id: number, codePoint: number, compute: (state: S, codePoint: number) => number): number {
    if (id === DEAD) return DEAD
    if (codePoint < ASCII) {
      const row = this.#ascii[id]!
      const known = row[codePoint]!
      if (known !== UNKNOWN) return known
      const next = compute(this.#states[id]!, codePoint)
      row[codePoint] = next
      return next
    }
    const others = this.#others[id]!
    let next = others.get(codePoint)
    if (next === undefined) {
      next = compute(this.#states[id]!, codePoint)
      others.set(codePoint, next)
    }
    return next
  }
}
