import type { AggregationPartial, PartialResult } from './aggregation-partial.ts'
import type { DocBlock } from './doc-block.ts'

/** Collects the documents of one segment for one aggregation, in buckets of its parent. */
export abstract class SegmentAggregation {
  /** Makes room for the parent buckets [0, count). */
  abstract reserve(count: number): void
  abstract collect(block: DocBlock): void
  /** What was collected in each of some parent buckets, row-aligned. Called once. */
  abstract finish(parents: Uint32Array): Promise<PartialResult[]>

  /** Value of a metric in a parent bucket, to order by; null where it has none. */
  metric(parent: number, property: string): number | null {
    void parent
    void property
    return null
  }
}

/** The sub-aggregations of one aggregation. */
export class SubAggregations {
  readonly #names: readonly string[]
  readonly #nodes: readonly SegmentAggregation[]

  constructor(names: readonly string[], nodes: readonly SegmentAggregation[]) {
    this.#names = names
    this.#nodes = nodes
  }

  get isEmpty(): boolean {
    return this.#nodes.length === 0
  }

  /** Adds documents in buckets below `bucketCount`. */
  collect(block: DocBlock, bucketCount: number): void {
    if (block.count === 0) return
    for (const node of this.#nodes) {
      node.reserve(bucketCount)
      node.collect(block)
    }
  }

  async finish(buckets: Uint32Array): Promise<AggregationPartial[]> {
    if (this.isEmpty) return Array.from(buckets, () => [])
    let most = 0
    for (const bucket of buckets) if (bucket >= most) most = bucket + 1
    const columns = await Promise.all(
      this.#nodes.map((node) => {
        node.reserve(most)
        return node.finish(buckets)
      }),
    )
    return Array.from(buckets, (_, k) => columns.map((column) => column[k]!))
  }

  /** Value of a metric in a bucket, to order by. */
  metric(name: string, property: string, bucket: number): number | null {
    return this.#nodes[this.#names.indexOf(name)]?.metric(bucket, property) ?? null
  }
}

/** An array of at least `length` entries: the one given, or a longer copy. */
export function grow<T extends Float64Array | Uint32Array | Int32Array>(array: T, length: number, fill: number = 0): T {
  if (array.length >= length) return array
  const grown = new (array.constructor as new (length: number) => T)(Math.max(length, 2 * array.length))
  grown.set(array)
  if (fill !== 0) grown.fill(fill, array.length)
  return grown
}
