/**
 * A set of code points that a regular expression describes, with answers for the basic plane remembered, so that loops
 * over text do not run the expression.
 */
export class CharacterClass {
  readonly #pattern: RegExp
  /** 0: not asked yet, 1: no, 2: yes. */
  readonly #known: Uint8Array = new Uint8Array(0x10000)

  constructor(pattern: RegExp) {
    this.#pattern = pattern
  }

  has(codePoint: number): boolean {
    if (codePoint > 0xffff) return this.#pattern.test(String.fromCodePoint(codePoint))
    const known = this.#known[codePoint]!
    if (known !== 0) return known === 2
    const has = this.#pattern.test(String.fromCharCode(codePoint))
    this.#known[codePoint] = has ? 2 : 1
    return has
  }
}

/** Letters, digits and other numbers, as Rust's `char::is_alphanumeric`. */
export const ALPHANUMERIC: CharacterClass = new CharacterClass(/^[\p{Alphabetic}\p{N}]$/u)
