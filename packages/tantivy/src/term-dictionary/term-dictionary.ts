/** Where the postings and positions of a term are, relative to those of its field (section 4). */
export interface TermInfo {
  readonly docFreq: number
  readonly postingsStart: number
  readonly postingsEnd: number
  readonly positionsStart: number
  readonly positionsEnd: number
}

export interface TermEntry {
  readonly ordinal: number
  readonly info: TermInfo
}

/** Consecutive terms of a dictionary: term k is bytes offsets[k] up to offsets[k + 1] and has ordinal firstOrdinal + k. */
export interface TermBatch {
  readonly firstOrdinal: number
  readonly count: number
  readonly offsets: Uint32Array
  readonly bytes: Uint8Array
  readonly docFreqs: Uint32Array
  /** Postings of term k: postings[k] up to postings[k + 1]. */
  readonly postings: Float64Array
  readonly positions: Float64Array
}

/** One end of a range of terms; null is open. */
export type TermBound = { readonly term: Uint8Array; readonly inclusive: boolean } | null

/** The sorted terms of a field in a segment. */
export interface TermDictionary {
  readonly numTerms: number
  /** The term's entry, null if it is not there. */
  get(term: Uint8Array, signal?: AbortSignal): Promise<TermEntry | null>
  /** Entries of terms given in ascending order, row-aligned; reads each block once. */
  getMany(terms: readonly Uint8Array[], signal?: AbortSignal): Promise<(TermEntry | null)[]>
  /** Terms between two bounds in ascending order, a block at a time. */
  range(lower: TermBound, upper: TermBound, signal?: AbortSignal): AsyncGenerator<TermBatch>
}

/** The entry of the k-th term of a batch. */
export function entryOf(batch: TermBatch, k: number): TermEntry {
  return {
    ordinal: batch.firstOrdinal + k,
    info: {
      docFreq: batch.docFreqs[k]!,
      postingsStart: batch.postings[k]!,
      postingsEnd: batch.postings[k + 1]!,
      positionsStart: batch.positions[k]!,
      positionsEnd: batch.positions[k + 1]!,
    },
  }
}

/** Terms [from, to) of a batch, without copying. */
export function sliceBatch(batch: TermBatch, from: number, to: number): TermBatch {
  if (from === 0 && to === batch.count) return batch
  return {
    firstOrdinal: batch.firstOrdinal + from,
    count: to - from,
    offsets: batch.offsets.subarray(from, to + 1),
    bytes: batch.bytes,
    docFreqs: batch.docFreqs.subarray(from, to),
    postings: batch.postings.subarray(from, to + 1),
    positions: batch.positions.subarray(from, to + 1),
  }
}
