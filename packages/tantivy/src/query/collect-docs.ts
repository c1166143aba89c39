import { type Scorer, TERMINATED } from './scorer.ts'

/** The documents of [start, end) of a scorer that stands at its beginning. */
export function collectDocs(scorer: Scorer, start: number, end: number): Uint32Array {
  let out = new Uint32Array(Math.max(16, Math.min(scorer.sizeHint, end - start)))
  let count = 0
  let doc = scorer.seek(start)
  while (doc < end && doc !== TERMINATED) {
    if (count === out.length) {
      const grown = new Uint32Array(out.length * 2)
      grown.set(out)
      out = grown
    }
    out[count] = doc
    count += 1
    doc = scorer.advance()
  }
  return out.subarray(0, count)
}
