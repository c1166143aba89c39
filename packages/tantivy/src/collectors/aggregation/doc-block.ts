/** Documents that are collected at a time, at most. */
export const BLOCK = 2048

/**
 * A run of documents, each in a bucket of the parent; a document may come several times. Arrays may be longer than
 * `count` and are reused after the call that they were given to.
 */
export interface DocBlock {
  /** null: the documents [start, start + count). */
  readonly docs: Uint32Array | null
  readonly start: number
  readonly count: number
  /** null: all in bucket 0. */
  readonly buckets: Uint32Array | null
}
