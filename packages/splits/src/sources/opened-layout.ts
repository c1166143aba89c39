import { ServiceKey, type TaskContext } from '@volley/core'
import type { SegmentReader } from '@volley/tantivy'
import { dealSplits, expandLayout, segmentsOf, type DocRange, type Layout, type SplitRef } from '../layout/layout.ts'
import type { SplitIndex, SplitIndexOpener } from '../opener/split-index-opener.ts'

/** Who opens splits for the plan's sources. */
export const splitOpener: ServiceKey<SplitIndexOpener> = new ServiceKey<SplitIndexOpener>('opener of splits')

/** Documents `start` to `end` (exclusive) of one opened segment. */
export interface DocUnit {
  readonly split: SplitRef
  readonly index: SplitIndex
  readonly segment: SegmentReader
  readonly start: number
  readonly end: number
}

/** Runs a read of a unit's split; what fails names the split. */
export async function aboutSplit<T>(unit: DocUnit, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw unit.index.errorAbout(error)
  }
}

/** Documents of one split in a partition; the split is opened when they are asked for. */
export interface SplitUnits {
  readonly split: SplitRef
  /** In the order of their segments; the same at each call. */
  open(): Promise<readonly DocUnit[]>
}

const parts = new WeakMap<TaskContext, Map<string, Promise<readonly (readonly SplitUnits[])[]>>>()
const openedSplits = new WeakMap<TaskContext, Map<string, Promise<SplitIndex>>>()
const CONCURRENT_OPENS = 16

/**
 * The splits of each partition of a layout. Where there are fewer splits than partitions, they are opened to be cut. All
 * sources of one task share the result.
 */
export function layoutParts(layout: Layout, context: TaskContext): Promise<readonly (readonly SplitUnits[])[]> {
  let byLayout = parts.get(context)
  if (byLayout === undefined) parts.set(context, (byLayout = new Map()))
  let found = byLayout.get(layout.layoutId)
  if (found === undefined) {
    const dealt = dealSplits(layout.splits, layout.partitions)
    found = dealt === null ? cutParts(layout, context) : Promise.resolve(wholeParts(layout, dealt, context))
    byLayout.set(layout.layoutId, found)
  }
  return found
}

/** The units of a partition, split by split. Some splits are opened ahead; those that are not `wanted` never are. */
export async function* unitsOf(
  layout: Layout,
  partition: number,
  context: TaskContext,
  wanted: (split: SplitRef) => boolean = () => true,
): AsyncGenerator<DocUnit, void, void> {
  const own = (await layoutParts(layout, context))[partition]!
  const ahead = Math.max(1, Math.floor(CONCURRENT_OPENS / layout.partitions))
  for (const [i, part] of own.entries()) {
    context.throwIfCancelled()
    if (!wanted(part.split)) continue
    for (const next of own.slice(i + 1, i + 1 + ahead)) {
      // What fails is thrown to who asks for it in its turn.
      if (wanted(next.split)) next.open().catch(() => {})
    }
    yield* await part.open()
  }
}

function wholeParts(layout: Layout, dealt: readonly (readonly number[])[], context: TaskContext): SplitUnits[][] {
  return dealt.map((positions) =>
    positions.map((position) => {
      const split = layout.splits[position]!
      let units: Promise<readonly DocUnit[]> | null = null
      const open = async (): Promise<readonly DocUnit[]> => {
        const index = await openSplit(split, context)
        const sizes = index.index.segments.map((segment) => segment.maxDoc)
        return segmentsOf(sizes, position, layout.slice).map((range) => unitOf(split, index, range))
      }
      return { split, open: () => (units ??= open()) }
    }),
  )
}

async function cutParts(layout: Layout, context: TaskContext): Promise<SplitUnits[][]> {
  const indexes: SplitIndex[] = []
  for (let at = 0; at < layout.splits.length; at += CONCURRENT_OPENS) {
    context.throwIfCancelled()
    const some = layout.splits.slice(at, at + CONCURRENT_OPENS)
    indexes.push(...(await Promise.all(some.map((split) => openSplit(split, context)))))
  }
  const sizes = indexes.map((index) => index.index.segments.map((segment) => segment.maxDoc))
  return expandLayout(sizes, layout.partitions, layout.slice).map((ranges) =>
    [...Map.groupBy(ranges, (range) => range.split)].map(([position, own]) => {
      const split = layout.splits[position]!
      const units = own.map((range) => unitOf(split, indexes[position]!, range))
      return { split, open: () => Promise.resolve(units) }
    }),
  )
}

/** Opens a split once for a task. */
function openSplit(split: SplitRef, context: TaskContext): Promise<SplitIndex> {
  let bySplit = openedSplits.get(context)
  if (bySplit === undefined) openedSplits.set(context, (bySplit = new Map()))
  const key = `${split.indexUri} ${split.splitId}`
  let index = bySplit.get(key)
  if (index === undefined) {
    index = context.service(splitOpener).open(split, context.signal ?? undefined)
    bySplit.set(key, index)
  }
  return index
}

function unitOf(split: SplitRef, index: SplitIndex, { segmentOrd, start, end }: DocRange): DocUnit {
  return { split, index, segment: index.index.segments[segmentOrd]!, start, end }
}
