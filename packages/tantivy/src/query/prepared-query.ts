import { collectDocs } from './collect-docs.ts'
import { type Scorer, TERMINATED } from './scorer.ts'

/** A query on a segment with all its bytes at hand: everything from here on is synchronous. */
export abstract class PreparedQuery {
  abstract scorer(): Scorer

  /** An estimate of the number of matching documents. */
  get sizeHint(): number {
    return this.scorer().sizeHint
  }

  /** Matching documents of [start, end) in ascending order, deleted ones included. */
  docs(start: number, end: number): Uint32Array {
    return collectDocs(this.scorer(), start, end)
  }

  /** Number of matching documents, deleted ones included. */
  count(): number {
    return this.docs(0, TERMINATED).length
  }
}
