import type { PartialResult } from './aggregation-partial.ts'
import type { DocBlock } from './doc-block.ts'
import { mergeResults } from './merge-partials.ts'
import { SegmentAggregation } from './segment-aggregation.ts'

/** One aggregation over several columns of a field, each collected by itself. */
export class MergedAggregation extends SegmentAggregation {
  readonly #parts: readonly SegmentAggregation[]

  constructor(parts: readonly SegmentAggregation[]) {
    super()
    this.#parts = parts
  }

  override reserve(count: number): void {
    for (const part of this.#parts) part.reserve(count)
  }

  override collect(block: DocBlock): void {
    for (const part of this.#parts) part.collect(block)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    const [first, ...others] = await Promise.all(this.#parts.map((part) => part.finish(parents)))
    return first!.map((result, k) => others.reduce((sum, other) => mergeResults(sum, other[k]!), result))
  }

  override metric(parent: number, property: string): number | null {
    return this.#parts[0]!.metric(parent, property)
  }
}
