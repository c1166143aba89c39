import type { Query } from '../../query/query.ts'
import type { SegmentReader } from '../../segment/segment-reader.ts'
import type { AggregationPartial } from './aggregation-partial.ts'
import type { AggregationRequest } from './aggregation-request.ts'

export interface AggregationOptions {
  /**
   * The query of a filter aggregation; by default its text is parsed as tantivy's query language, with tantivy's
   * tokenizers and no default fields.
   */
  readonly parseFilter?: (query: string) => Query
  /** Keeps sums, minima and maxima of integers exact beside those in f64. */
  readonly exactIntegers?: boolean
  /** Buckets, of all levels, that a segment may hold before AggregationError is thrown; 8 million by default. */
  readonly segmentBucketLimit?: number
  readonly signal?: AbortSignal
}

/** Collects the documents of one segment for a request. */
export class AggregationCollector {
  /** Opens the columns that the request needs; all that follows but `partial` is synchronous. */
  static async forSegment(
    segment: SegmentReader,
    request: AggregationRequest,
    options: AggregationOptions = {},
  ): Promise<AggregationCollector> {
    void segment
    void request
    void options
    return new AggregationCollector()
  }

  /** Adds live documents, ascending. */
  collect(docs: Uint32Array): void {
    void docs
  }

  /** Adds every live document of the segment. */
  collectAll(): void {}

  /** What was collected, with terms for ordinals. Ends the collection. */
  async partial(): Promise<AggregationPartial> {
    return []
  }
}
