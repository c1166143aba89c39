/** The document id of a scorer that has no more documents. */
export const TERMINATED = 2147483647

/**
 * A cursor over matching documents in ascending order, deleted ones included. It stands on its first document when it
 * is made.
 */
export abstract class Scorer {
  abstract doc: number

  /** Moves to the next document and returns it. */
  abstract advance(): number

  /** Moves to the first document that is not below `target` and returns it; never moves back. */
  seek(target: number): number {
    let doc = this.doc
    while (doc < target) doc = this.advance()
    return doc
  }

  /** The f32 score of the current document. */
  abstract score(): number

  /** An estimate of the number of documents. */
  abstract readonly sizeHint: number
}
