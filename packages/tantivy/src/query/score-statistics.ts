/** Numbers that BM25 needs, over all segments and with deleted documents (section 12). */
export interface ScoreStatistics {
  readonly numDocs: number
  /** Total number of tokens of a field; 0 for an unknown one. */
  totalNumTokens(field: number): number
  /** Number of documents with the term; 0 for a term that was not asked for. */
  docFreq(field: number, term: Uint8Array): number
}
