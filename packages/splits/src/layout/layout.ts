import type { Slice } from '@volley/planner'
import { layoutHash } from './layout-hash.ts'

/** One split of a query's snapshot: all that is needed to open it, and to know which index it belongs to. */
export interface SplitRef {
  readonly indexId: string
  readonly indexUri: string
  readonly splitId: string
  /** Byte offsets of the footer in the split object: `[footerStart, footerEnd)`. */
  readonly footerStart: number
  readonly footerEnd: number
  readonly numDocs: number
  readonly docMappingUid: string
  /** Whole seconds, both inclusive; null without a timestamp field. */
  readonly timeRange: { readonly start: number; readonly end: number } | null
  /** `field!` and `field:value` of the tag fields; for pruning only, so not sent to workers. */
  readonly tags?: readonly string[]
}

/** Documents `start` (inclusive) to `end` (exclusive) of one segment. */
export interface DocRange {
  /** Position of the split in the layout's `splits`. */
  readonly split: number
  readonly segmentOrd: number
  readonly start: number
  readonly end: number
}

/** How segments are cut into partitions; part of a layout's identity. */
const CUT_RULE = 'whole-splits-else-whole-segments-else-even-ranges/2'

/**
 * Which documents a source reads, and how they are dealt to partitions, without knowing a single segment: the coordinator
 * plans with it, and only who has the splits open expands it (`expandLayout`).
 *
 * Two sources with equal `layoutId` deal the same documents to the same partitions.
 */
export class Layout {
  readonly layoutId: string
  /** Sorted by (index id, split id). */
  readonly splits: readonly SplitRef[]
  readonly partitions: number
  /** Id of the layout this is a task's share of; null for a whole one. */
  readonly parentId: string | null
  /** The even part of every segment that this is; null for the whole. */
  readonly slice: Slice | null

  private constructor(
    layoutId: string,
    splits: readonly SplitRef[],
    partitions: number,
    parentId: string | null,
    slice: Slice | null,
  ) {
    this.layoutId = layoutId
    this.splits = splits
    this.partitions = partitions
    this.parentId = parentId
    this.slice = slice
  }

  /** The layout of a whole table over the splits of one snapshot. */
  static create(snapshotId: string, splits: readonly SplitRef[], partitions: number): Layout {
    const sorted = [...splits].sort(compareSplits)
    const id = layoutHash([snapshotId, CUT_RULE, String(partitions), ...sorted.map((split) => split.splitId)])
    return new Layout(id, sorted, partitions, null, null)
  }

  /** A layout as it came over the wire. */
  static restore(
    layoutId: string,
    splits: readonly SplitRef[],
    partitions: number,
    parentId: string | null,
    slice: Slice | null = null,
  ): Layout {
    return new Layout(layoutId, splits, partitions, parentId, slice)
  }

  /** The share of a task that reads `splitIds`: equal for every source of this layout and that set. */
  forTask(splitIds: ReadonlySet<string>): Layout {
    const few = splitIds.size < this.splits.length / 16
    const splits = few
      ? [...splitIds].sort().flatMap((id) => this.#splitsOf(id))
      : this.splits.filter((split) => splitIds.has(split.splitId))
    const id = layoutHash([this.layoutId, ...splits.map((split) => split.splitId)])
    return new Layout(id, splits, this.partitions, this.layoutId, this.slice)
  }

  /** Splits of an id, one an index; they lie in the order of their ids. */
  #splitsOf(splitId: string): readonly SplitRef[] {
    const { splits } = this
    let from = 0
    for (let end = splits.length; from < end;) {
      const middle = (from + end) >>> 1
      if (splits[middle]!.splitId < splitId) from = middle + 1
      else end = middle
    }
    let to = from
    while (to < splits.length && splits[to]!.splitId === splitId) to++
    return splits.slice(from, to)
  }

  /** An even part of every segment of the whole layout, in as many partitions. */
  forSlice(slice: Slice): Layout {
    const id = layoutHash([this.layoutId, `${slice.index}/${slice.count}`])
    return new Layout(id, this.splits, this.partitions, this.layoutId, slice)
  }
}

function compareSplits(a: SplitRef, b: SplitRef): number {
  return a.splitId < b.splitId
    ? -1
    : a.splitId > b.splitId
      ? 1
      : a.indexId < b.indexId
        ? -1
        : a.indexId > b.indexId
          ? 1
          : 0
}

/**
 * Deals whole splits to partitions, largest first to the one with the fewest documents, where there are at least as many splits
 * as partitions: positions of the splits of each partition, ascending. Nothing need be open. Null where there are fewer.
 */
export function dealSplits(splits: readonly SplitRef[], partitions: number): number[][] | null {
  if (splits.length < partitions) return null
  const dealt = deal(
    splits.map((split) => split.numDocs),
    partitions,
  )
  return dealt.map((items) => items.sort((a, b) => a - b))
}

/** Positions of items, the largest first to the partition with the least. */
function deal(sizes: readonly number[], partitions: number): number[][] {
  const bySize = sizes.map((size, i) => ({ size, i })).sort((a, b) => b.size - a.size || a.i - b.i)
  const loads = Array.from<number>({ length: partitions }).fill(0)
  const dealt: number[][] = Array.from({ length: partitions }, () => [])
  for (const { size, i } of bySize) {
    const target = loads.indexOf(Math.min(...loads))
    loads[target]! += size
    dealt[target]!.push(i)
  }
  return dealt
}

/**
 * Deals the documents of opened splits to partitions where there are fewer splits than partitions: a pure function of the segments' sizes and `partitions`, so every
 * source and every worker comes to the same result. `maxDocs[s][g]` is the size of segment g of split s, deleted
 * documents included.
 *
 * With at least as many segments as partitions, each segment is whole, dealt largest first to the partition with the fewest documents. With fewer, segments
 * are cut into even ranges, in proportion to their size. Partitions beyond the documents are empty. Each partition is
 * sorted by (split, segment, start). A slice is dealt likewise, its part of each segment standing for the segment.
 */
export function expandLayout(
  maxDocs: readonly (readonly number[])[],
  partitions: number,
  slice: Slice | null = null,
): DocRange[][] {
  const segments = maxDocs.flatMap((sizes, split) => segmentsOf(sizes, split, slice))
  const ranges = segments.length >= partitions ? segments : cut(segments, partitions)
  return deal(ranges.map(sizeOf), partitions).map((items) => items.sort((a, b) => a - b).map((i) => ranges[i]!))
}

/** The documents of a split's segments, or their part in a slice. */
export function segmentsOf(maxDocs: readonly number[], split: number, slice: Slice | null): DocRange[] {
  const { index, count } = slice ?? { index: 0, count: 1 }
  const part = (maxDoc: number, i: number): number => Math.floor((maxDoc * i) / count)
  return maxDocs
    .map((maxDoc, segmentOrd) => ({ split, segmentOrd, start: part(maxDoc, index), end: part(maxDoc, index + 1) }))
    .filter((range) => range.end > range.start)
}

/** Cuts fewer segments than partitions into `partitions` ranges (fewer when there are fewer documents). */
function cut(segments: readonly DocRange[], partitions: number): DocRange[] {
  const pieces = segments.map(() => 1)
  // One piece at a time to the segment whose pieces are largest: within one document of proportional.
  for (let spare = partitions - segments.length; spare > 0; spare--) {
    let best = -1
    for (let i = 0; i < segments.length; i++) {
      if (pieces[i]! >= sizeOf(segments[i]!)) continue
      if (best === -1 || sizeOf(segments[i]!) / pieces[i]! > sizeOf(segments[best]!) / pieces[best]!) best = i
    }
    if (best === -1) break
    pieces[best]!++
  }
  return segments.flatMap((segment, i) => {
    const count = pieces[i]!
    const bound = (k: number) => segment.start + Math.floor((k * sizeOf(segment)) / count)
    return Array.from({ length: count }, (_, k) => ({ ...segment, start: bound(k), end: bound(k + 1) }))
  })
}

function sizeOf(range: DocRange): number {
  return range.end - range.start
}
