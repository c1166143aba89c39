import type { PartialResult } from './aggregation-partial.ts'
import type { BlockReader } from './block-reader.ts'
import type { DocBlock } from './doc-block.ts'
import { HllSketch } from './hll-sketch.ts'
import { SegmentAggregation } from './segment-aggregation.ts'

/** Counts distinct values that are read as coupons: one sketch a parent bucket. */
export class CouponAggregator extends SegmentAggregation {
  readonly #reader: BlockReader<Uint32Array>
  readonly #sketches: HllSketch[] = []

  constructor(reader: BlockReader<Uint32Array>) {
    super()
    this.#reader = reader
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    const reader = this.#reader
    reader.read(block)
    const { values, buckets, count } = reader
    for (let i = 0; i < count; i += 1) this.#sketch(buckets === null ? 0 : buckets[i]!).update(values[i]!)
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    return Array.from(parents, (parent) => this.#sketch(parent).toPartial())
  }

  override metric(parent: number): number | null {
    return Math.trunc(this.#sketches[parent]?.estimate() ?? 0)
  }

  #sketch(parent: number): HllSketch {
    return (this.#sketches[parent] ??= new HllSketch())
  }
}
