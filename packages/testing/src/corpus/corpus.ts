import type { SampleDocument } from './sample-document.ts'
import type { MappingAge } from './sample-mapping.ts'

/** One document and where it lies. */
export interface PlacedDocument {
  readonly document: SampleDocument
  readonly split: number
  readonly segment: number
  /** Written, then marked as deleted. */
  readonly deleted: boolean
}

/** Documents dealt into splits and segments. */
export interface Corpus {
  readonly placed: readonly PlacedDocument[]
  /** Of each split; `current` beyond its end. */
  readonly ages: readonly MappingAge[]
}

/** The documents that a query may see. */
export function liveDocuments(corpus: Corpus): SampleDocument[] {
  return corpus.placed.filter(({ deleted }) => !deleted).map(({ document }) => document)
}

/** The same documents, dead ones included, dealt by another rule. */
export function dealAgain(
  corpus: Corpus,
  place: (position: number) => { readonly split: number; readonly segment: number },
): Corpus {
  return { ages: corpus.ages, placed: corpus.placed.map((placed, i) => ({ ...placed, ...place(i) })) }
}
