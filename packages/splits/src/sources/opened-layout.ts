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

/** Runs a read of a unit's split, which need not wait; what fails names the split. */
export function aboutSplit<T>(unit: DocUnit, read: () => T | Promise<T>): T | Promise<T> {
  const failed = (error: unknown): never => {
    throw unit.index.errorAbout(error)
  }
  try {
    const result = read()
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}

/** Documents of one split in a partition; the split is opened when they are asked for. */
export interface SplitUnits {
  readonly split: SplitRef
  /** In the order of their segments; the same at each call. */
  open(): Promise<readonly DocUnit[]>
  /** The same without waiting, where the split is open; null where it is not. */
  opened(): readonly DocUnit[] | null
  /** Lets go of the split, which the opener may then close; it is opened again where it is asked for again. */
  release(): void
}

type Parts = readonly (readonly SplitUnits[])[]

const parts = new WeakMap<TaskContext, Map<string, Parts | Promise<Parts>>>()
const dealt = new WeakMap<Layout, readonly (readonly number[])[] | null>()
const CONCURRENT_OPENS = 16

/**
 * The splits of each partition of a layout. Where there are fewer splits than partitions, they are opened to be cut. All
 * sources of one task share the result.
 */
export function layoutParts(layout: Layout, context: TaskContext): Parts | Promise<Parts> {
  let byLayout = parts.get(context)
  if (byLayout === undefined) parts.set(context, (byLayout = new Map()))
  let found = byLayout.get(layout.layoutId)
  if (found === undefined) {
    const positions = splitsOfParts(layout)
    found = positions === null ? cutParts(layout, context) : wholeParts(layout, positions, context)
    byLayout.set(layout.layoutId, found)
  }
  return found
}

function splitsOfParts(layout: Layout): readonly (readonly number[])[] | null {
  let positions = dealt.get(layout)
  if (positions === undefined) dealt.set(layout, (positions = dealSplits(layout.splits, layout.partitions)))
  return positions
}

/**
 * Visits the units of a partition, split by split, without waiting where a split is open and a visit gives nothing to wait
 * for. Some splits are opened ahead.
 */
export async function eachUnit(
  layout: Layout,
  partition: number,
  context: TaskContext,
  visit: (unit: DocUnit) => Promise<unknown> | null,
): Promise<void> {
  const parts = layoutParts(layout, context)
  const own = (parts instanceof Promise ? await parts : parts)[partition]!
  const ahead = openingAhead(layout, own, () => true)
  for (const [i, part] of own.entries()) {
    ahead(i)
    for (const unit of part.opened() ?? (await part.open())) {
      const pause = context.pause()
      if (pause !== null) await pause
      context.throwIfCancelled()
      const visiting = visit(unit)
      if (visiting !== null) await visiting
    }
    part.release()
  }
}

/** The units of a partition, split by split. Some splits are opened ahead; those that are not `wanted` never are. */
export async function* unitsOf(
  layout: Layout,
  partition: number,
  context: TaskContext,
  wanted: (split: SplitRef) => boolean = () => true,
): AsyncGenerator<DocUnit, void, void> {
  const own = (await layoutParts(layout, context))[partition]!
  const ahead = openingAhead(layout, own, wanted)
  for (const [i, part] of own.entries()) {
    context.throwIfCancelled()
    if (!wanted(part.split)) continue
    ahead(i)
    yield* part.opened() ?? (await part.open())
    part.release()
  }
}

/** Opens some of the splits behind one that is read now, each once. */
function openingAhead(
  layout: Layout,
  own: readonly SplitUnits[],
  wanted: (split: SplitRef) => boolean,
): (position: number) => void {
  const most = Math.max(1, Math.floor(CONCURRENT_OPENS / layout.partitions))
  let next = 1
  return (position) => {
    for (next = Math.max(next, position + 1); next < Math.min(own.length, position + 1 + most); next++) {
      const part = own[next]!
      // What fails is thrown to who asks for it in its turn.
      if (wanted(part.split) && part.opened() === null) part.open().catch(() => {})
    }
  }
}

function wholeParts(
  layout: Layout,
  dealt: readonly (readonly number[])[],
  context: TaskContext,
): readonly (readonly SplitUnits[])[] {
  return dealt.map((positions) => positions.map((position) => new WholeSplit(layout, position, context)))
}

/** All documents of a split, or their part in the layout's slice. */
class WholeSplit implements SplitUnits {
  readonly split: SplitRef
  readonly #layout: Layout
  readonly #position: number
  readonly #context: TaskContext
  #units: readonly DocUnit[] | null = null
  #opening: Promise<readonly DocUnit[]> | null = null

  constructor(layout: Layout, position: number, context: TaskContext) {
    this.split = layout.splits[position]!
    this.#layout = layout
    this.#position = position
    this.#context = context
  }

  opened(): readonly DocUnit[] | null {
    if (this.#units !== null) return this.#units
    const index = this.#context.service(splitOpener).opened(this.split)
    return index === null ? null : this.#cut(index)
  }

  release(): void {
    this.#units = null
    this.#opening = null
  }

  open(): Promise<readonly DocUnit[]> {
    return (this.#opening ??= this.#open())
  }

  async #open(): Promise<readonly DocUnit[]> {
    return this.opened() ?? this.#cut(await openSplit(this.split, this.#context))
  }

  #cut(index: SplitIndex): readonly DocUnit[] {
    if (this.#units !== null) return this.#units
    const sizes = index.index.segments.map((segment) => segment.maxDoc)
    const ranges = segmentsOf(sizes, this.#position, this.#layout.slice)
    return (this.#units = ranges.map((range) => unitOf(this.split, index, range)))
  }
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
      return { split, open: () => Promise.resolve(units), opened: () => units, release: () => {} }
    }),
  )
}

function openSplit(split: SplitRef, context: TaskContext): Promise<SplitIndex> {
  return context.service(splitOpener).open(split, context.signal ?? undefined)
}

function unitOf(split: SplitRef, index: SplitIndex, { segmentOrd, start, end }: DocRange): DocUnit {
  return { split, index, segment: index.index.segments[segmentOrd]!, start, end }
}
