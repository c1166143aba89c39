import type { PartialResult } from './aggregation-partial.ts'
import type { BlockReader } from './block-reader.ts'
import { DdSketch } from './dd-sketch.ts'
import type { DocBlock } from './doc-block.ts'
import { SegmentAggregation } from './segment-aggregation.ts'

/** One sketch a parent bucket. */
export class PercentilesAggregator extends SegmentAggregation {
  readonly #reader: BlockReader<Float64Array>
  readonly #sketches: DdSketch[] = []

  constructor(reader: BlockReader<Float64Array>) {
    super()
    this.#reader = reader
  }

  override reserve(): void {}

  override collect(block: DocBlock): void {
    const reader = this.#reader
    reader.read(block)
    const { values, buckets, count } = reader
    if (buckets === null) {
      this.#sketch(0).add(values, 0, count)
      return
    }
    for (let from = 0; from < count;) {
      const bucket = buckets[from]!
      let to = from + 1
      while (to < count && buckets[to] === bucket) to += 1
      this.#sketch(bucket).add(values, from, to)
      from = to
    }
  }

  override async finish(parents: Uint32Array): Promise<PartialResult[]> {
    return Array.from(parents, (parent) => this.#sketch(parent).toPartial())
  }

  override metric(parent: number, property: string): number | null {
    const percent = Number(property)
    if (property === '' || !(percent >= 0 && percent <= 100)) return null
    return this.#sketches[parent]?.quantile(percent / 100) ?? null
  }

  #sketch(bucket: number): DdSketch {
    return (this.#sketches[bucket] ??= new DdSketch())
  }
}
