import type { EmitToken, Splitter, Token, TokenFilter, Tokenizer } from './tokenizer.ts'
import { isAscii, utf8Length } from './utf8-length.ts'

/** A tokenizer made of a splitter and filters, applied in order. */
export class Analyzer implements Tokenizer {
  readonly #splitter: Splitter
  readonly #filters: readonly TokenFilter[]

  constructor(splitter: Splitter, filters: readonly TokenFilter[] = []) {
    this.#splitter = splitter
    this.#filters = filters
  }

  tokenize(text: string): Token[] {
    const tokens: Token[] = []
    const offsets = isAscii(text) ? null : byteOffsets(text)
    this.#splitter.split(text, (start, end, position) => {
      const token = this.#filter(text.slice(start, end))
      if (token === null) return
      const from = offsets === null ? start : offsets[start]!
      tokens.push({ text: token, from, to: offsets === null ? end : offsets[end]!, position })
    })
    return tokens
  }

  forEachToken(text: string, emit: EmitToken): void {
    this.#splitter.split(text, (start, end, position) => {
      const token = this.#filter(text.slice(start, end))
      if (token !== null) emit(token, position)
    })
  }

  #filter(text: string): string | null {
    let token: string | null = text
    for (const filter of this.#filters) {
      token = filter(token)
      if (token === null) return null
    }
    return token
  }
}

/** Offset in UTF-8 bytes of each UTF-16 unit of a text, and of its end. */
function byteOffsets(text: string): Uint32Array {
  const offsets = new Uint32Array(text.length + 1)
  let bytes = 0
  for (let i = 0; i < text.length;) {
    offsets[i] = bytes
    const units = text.codePointAt(i)! > 0xffff ? 2 : 1
    bytes += utf8Length(text, i, i + units)
    if (units === 2) offsets[i + 1] = bytes
    i += units
  }
  offsets[text.length] = bytes
  return offsets
}
