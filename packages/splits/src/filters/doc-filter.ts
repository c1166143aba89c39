import { allDocs, intersection, union } from './doc-lists.ts'

/** What the structures of a segment say of a predicate. */
export interface DocFilter {
  /** Reads what it answers by, where that is not at hand: before the first question. */
  ready?(): Promise<void>
  /** Ascending documents of [start, end) that may satisfy it, deleted ones included. */
  docs(start: number, end: number): Uint32Array
  /** Those of ascending documents; the same array where all may. */
  among(docs: Uint32Array): Uint32Array
  /** Which zones of the column index's documents, from `first` on, may have some: those with a number above 0; null: any. */
  zones?(first: number, count: number): Uint8Array | null
  /** Each of them does satisfy it; else it is still to be tested on them. */
  readonly exact: boolean
  /** What answers: the values of a column, the postings of terms, or a constant. */
  readonly by: 'column' | 'postings' | 'nothing'
  /** Whether the terms of a dictionary are to be tested first. */
  readonly tests: boolean
  /** Share of all documents that satisfy it, as far as is known beforehand: 1 where it is known that all do. */
  readonly share: number
}

/** What a filter that may leave something out keeps at most. */
export const MOST = 0.99

/** A filter that finds its documents by itself. */
export function listFilter(
  by: DocFilter['by'],
  docs: (start: number, end: number) => Uint32Array,
  share: number,
  exact = true,
): DocFilter {
  const among = (some: Uint32Array): Uint32Array =>
    some.length === 0 ? some : intersection(some, docs(some[0]!, some[some.length - 1]! + 1))
  return { by, docs, among, exact, share, tests: false }
}

/** A predicate that all documents satisfy, or none. */
export function constantFilter(passes: boolean, by: DocFilter['by'] = 'nothing'): DocFilter {
  return {
    by,
    docs: (start, end) => (passes ? allDocs(start, end) : new Uint32Array(0)),
    among: (docs) => (passes ? docs : docs.subarray(0, 0)),
    exact: true,
    share: +passes,
    tests: false,
  }
}

/** The order in which filters are asked: what has its documents, then what is fast to look at, the few first. */
export function inOrder(a: DocFilter, b: DocFilter): number {
  return +(a.by === 'column') - +(b.by === 'column') || +a.tests - +b.tests || a.share - b.share
}

/** What some conjuncts say leaves the others to be tested. */
export function allOf(parts: readonly (DocFilter | null)[]): DocFilter | null {
  const known = parts.filter((part) => part !== null).sort(inOrder)
  if (known.length === 0) return null
  return {
    ready: () => allReady(known),
    docs: (start, end) => known.slice(1).reduce((docs, part) => part.among(docs), known[0]!.docs(start, end)),
    among: (docs) => known.reduce((left, part) => part.among(left), docs),
    exact: known.length === parts.length && known.every(({ exact }) => exact),
    by: known[0]!.by,
    share: known.reduce((share, part) => share * part.share, 1),
    tests: known.some(({ tests }) => tests),
  }
}

export function anyOf(parts: readonly (DocFilter | null)[]): DocFilter | null {
  const known = parts.filter((part) => part !== null)
  if (known.length < parts.length) return null
  const sum = known.reduce((share, part) => share + part.share, 0)
  return {
    ready: () => allReady(known),
    docs: (start, end) =>
      known.reduce<Uint32Array>((docs, part) => union(docs, part.docs(start, end)), new Uint32Array(0)),
    among: (docs) => known.reduce<Uint32Array>((found, part) => union(found, part.among(docs)), new Uint32Array(0)),
    exact: known.every(({ exact }) => exact),
    by: known[0]!.by,
    share: known.some(({ share }) => share === 1) ? 1 : Math.min(MOST, sum),
    tests: known.some(({ tests }) => tests),
  }
}

async function allReady(parts: readonly DocFilter[]): Promise<void> {
  await Promise.all(parts.map((part) => part.ready?.()))
}
