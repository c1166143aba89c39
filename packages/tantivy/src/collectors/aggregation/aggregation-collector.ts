import type { Query } from '../../query/query.ts'
import { QueryParser } from '../../query-parser/query-parser.ts'
import type { SegmentReader } from '../../segment/segment-reader.ts'
import { TokenizerManager } from '../../tokenizer/tokenizer-manager.ts'
import type { AggregationPartial } from './aggregation-partial.ts'
import type { AggregationRequest } from './aggregation-request.ts'
import { AggregationBuilder } from './build-aggregations.ts'
import { BLOCK, type DocBlock } from './doc-block.ts'
import type { SubAggregations } from './segment-aggregation.ts'

export interface AggregationOptions {
  /**
   * The query of a filter aggregation; by default its text is parsed as tantivy's query language, with tantivy's
   * tokenizers and no default fields.
   */
  readonly parseFilter?: (query: string) => Query
  /** Keeps sums, minima and maxima of integers exact beside those in f64. */
  readonly exactIntegers?: boolean
  readonly signal?: AbortSignal
}

const ROOT = Uint32Array.of(0)

/** Collects the documents of one segment for a request. */
export class AggregationCollector {
  readonly #segment: SegmentReader
  readonly #aggregations: SubAggregations

  private constructor(segment: SegmentReader, aggregations: SubAggregations) {
    this.#segment = segment
    this.#aggregations = aggregations
  }

  /**
   * Opens the columns that the request needs; all that follows but `partial` is synchronous.
   *
   * @throws AggregationError for a field that is not fast, or what its type cannot do.
   */
  static async forSegment(
    segment: SegmentReader,
    request: AggregationRequest,
    options: AggregationOptions = {},
  ): Promise<AggregationCollector> {
    const parseFilter =
      options.parseFilter ??
      ((query: string): Query => new QueryParser(segment.schema, TokenizerManager.tantivy()).parse(query))
    const builder = new AggregationBuilder(segment, { ...options, parseFilter })
    return new AggregationCollector(segment, await builder.build(request.aggregations, false))
  }

  /** Adds live documents, ascending. */
  collect(docs: Uint32Array): void {
    for (let at = 0; at < docs.length; at += BLOCK) {
      const count = Math.min(BLOCK, docs.length - at)
      this.#add({ docs: docs.subarray(at, at + count), start: 0, count, buckets: null })
    }
  }

  /** Adds every live document of the segment. */
  collectAll(): void {
    const { alive, maxDoc } = this.#segment
    for (let start = 0; start < maxDoc; start += BLOCK) {
      const count = Math.min(BLOCK, maxDoc - start)
      if (alive === null) {
        this.#add({ docs: null, start, count, buckets: null })
        continue
      }
      const docs = Uint32Array.from({ length: count }, (_, i) => start + i)
      this.#add({ docs, start: 0, count: alive.filter(docs, count), buckets: null })
    }
  }

  /** What was collected, with terms for ordinals. Ends the collection. */
  async partial(): Promise<AggregationPartial> {
    return (await this.#aggregations.finish(ROOT))[0]!
  }

  #add(block: DocBlock): void {
    this.#aggregations.collect(block, 1)
  }
}
