import type { Tokenizer } from '@volley/tantivy'

const MAX_BYTES = 150
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
}

interface Fragment {
  readonly start: number
  stop: number
  score: number
  readonly marks: (readonly [number, number])[]
}

/**
 * Cuts out the part of a text that holds the most of some words, and marks them, as tantivy does: words weigh by their
 * rarity, and the first of equal parts wins.
 */
export class SnippetGenerator {
  readonly #weights: ReadonlyMap<string, number>
  readonly #tokenizer: Tokenizer

  /** @param weights Weight of each word, as the tokenizer gives it. */
  constructor(weights: ReadonlyMap<string, number>, tokenizer: Tokenizer) {
    this.#weights = weights
    this.#tokenizer = tokenizer
  }

  /** The best part as HTML; null where no word occurs. */
  snippet(text: string): string | null {
    let best: Fragment | null = null
    let fragment: Fragment = { start: 0, stop: 0, score: 0, marks: [] }
    const close = (): void => {
      if (fragment.score > 0 && (best === null || fragment.score > best.score)) best = fragment
    }
    for (const token of this.#tokenizer.tokenize(text)) {
      if (token.to - fragment.start > MAX_BYTES) {
        close()
        fragment = { start: token.from, stop: token.from, score: 0, marks: [] }
      }
      fragment.stop = token.to
      const weight = this.#weights.get(token.text.toLowerCase())
      if (weight !== undefined) {
        fragment.score = Math.fround(fragment.score + weight)
        fragment.marks.push([token.from, token.to])
      }
    }
    close()
    return best === null ? null : html(new TextEncoder().encode(text), best)
  }
}

function html(bytes: Uint8Array, { start, stop, marks }: Fragment): string {
  const decoder = new TextDecoder()
  const escaped = (from: number, to: number): string =>
    decoder.decode(bytes.subarray(from, to)).replaceAll(/[&<>"']/g, (char) => ESCAPES[char]!)
  let out = ''
  let at = start
  for (const [from, to] of merged(marks)) {
    out += `${escaped(at, from)}<b>${escaped(from, to)}</b>`
    at = to
  }
  return out + escaped(at, stop)
}

/** Marks in order; those that overlap become one. */
function merged(marks: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const out: [number, number][] = []
  for (const [from, to] of marks.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = out.at(-1)
    if (last !== undefined && (last[1] > from || (last[0] === from && last[1] === to))) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}
