import type { SplitMetadata } from './split-metadata.ts'

/** Nanoseconds since the epoch; `start` inclusive, `end` exclusive; an absent side is open. */
export interface TimeRange {
  readonly start?: bigint
  readonly end?: bigint
}

/** What a split's tags must satisfy. An empty `and` or `or` is true. */
export type TagFilter =
  | { readonly kind: 'tag'; readonly present: boolean; readonly tag: string }
  | { readonly kind: 'and'; readonly children: readonly TagFilter[] }
  | { readonly kind: 'or'; readonly children: readonly TagFilter[] }

/**
 * What `field IN (values)` says of a split's tags: the split does not list all values of the field, or lists one of
 * these (formats/quickwit-metastore.md §8.2). Only equality and IN may be turned into tags.
 */
export function tagIn(field: string, values: readonly string[]): TagFilter {
  const unlisted: TagFilter = { kind: 'tag', present: false, tag: `${field}!` }
  const listed = values.map((value): TagFilter => ({ kind: 'tag', present: true, tag: `${field}:${value}` }))
  return { kind: 'or', children: [unlisted, ...listed] }
}

/** Whether a split with these tags can hold a matching document. */
export function tagsMayMatch(filter: TagFilter, tags: ReadonlySet<string>): boolean {
  switch (filter.kind) {
    case 'tag':
      return tags.has(filter.tag) === filter.present
    case 'and':
      return filter.children.every((child) => tagsMayMatch(child, tags))
    case 'or':
      return filter.children.length === 0 || filter.children.some((child) => tagsMayMatch(child, tags))
  }
}

const SECOND = 1_000_000_000n

/**
 * Whether a split can hold a document in the range. The split's seconds are truncated and inclusive, so its last
 * second counts whole; before 1970 truncation goes up, and the second before counts too.
 */
export function timeMayMatch(split: Pick<SplitMetadata, 'timeRange'>, range: TimeRange): boolean {
  if (split.timeRange === null) return true
  const { start, end } = split.timeRange
  if (range.end !== undefined && range.end <= BigInt(start <= 0 ? start - 1 : start) * SECOND) return false
  return range.start === undefined || range.start < BigInt(end + 1) * SECOND
}
