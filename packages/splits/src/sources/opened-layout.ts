import { ServiceKey, type TaskContext } from '@volley/core'
import type { SegmentReader } from '@volley/tantivy'
import { expandLayout, type Layout, type SplitRef } from '../layout/layout.ts'
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

const opened = new WeakMap<TaskContext, Map<string, Promise<readonly (readonly DocUnit[])[]>>>()
const CONCURRENT_OPENS = 16

/**
 * Opens the splits of a layout and expands it to documents: one list of units per partition. All sources of one task share
 * the result.
 */
export function openLayout(layout: Layout, context: TaskContext): Promise<readonly (readonly DocUnit[])[]> {
  let byLayout = opened.get(context)
  if (byLayout === undefined) opened.set(context, (byLayout = new Map()))
  let units = byLayout.get(layout.layoutId)
  if (units === undefined) {
    units = open(layout, context)
    byLayout.set(layout.layoutId, units)
  }
  return units
}

async function open(layout: Layout, context: TaskContext): Promise<readonly (readonly DocUnit[])[]> {
  const opener = context.service(splitOpener)
  const indexes: SplitIndex[] = []
  for (let at = 0; at < layout.splits.length; at += CONCURRENT_OPENS) {
    context.throwIfCancelled()
    const slice = layout.splits.slice(at, at + CONCURRENT_OPENS)
    indexes.push(...(await Promise.all(slice.map((split) => opener.open(split, context.signal ?? undefined)))))
  }
  const sizes = indexes.map((index) => index.index.segments.map((segment) => segment.maxDoc))
  return expandLayout(sizes, layout.partitions, layout.slice).map((ranges) =>
    ranges.map(({ split, segmentOrd, start, end }) => ({
      split: layout.splits[split]!,
      index: indexes[split]!,
      segment: indexes[split]!.index.segments[segmentOrd]!,
      start,
      end,
    })),
  )
}
