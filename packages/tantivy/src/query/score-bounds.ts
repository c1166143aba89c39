import { FIELD_NORMS } from '../postings/fieldnorms.ts'
import type { PostingsList } from '../postings/postings-list.ts'
import { B, type Bm25Weight, K1 } from './bm25.ts'

/** More than what rounding to f32 can add to a score. */
const SLACK = 1 + 4e-6
/** A frequency in block-max data that stands for any. */
const ANY_FREQ = 255

/** Upper bounds of the scores of a term: in each block of its postings, and in all. */
export interface ScoreBounds {
  readonly blocks: Float64Array
  readonly max: number
}

/**
 * Bounds of a term with a positive weight; null for other weights.
 *
 * Block-max data name the document of a block that scores highest under the average length of the segment (section 5.4),
 * `segmentAverage`. Scores use the average over all segments, under which another document may score higher: its length
 * weighs less by the ratio of the averages at most, so the bound takes the named document's length down by that ratio. Where
 * the averages are one, the bound is the named document's score itself: blocks of equal scores need not be read.
 * Block-max data of fields without norms are not used: tantivy writes zeros there.
 */
export function scoreBounds(
  postings: PostingsList,
  norms: Uint8Array | null,
  weight: Bm25Weight,
  segmentAverage: number,
): ScoreBounds | null {
  const of = [weight.weight, weight.average, segmentAverage] as const
  const last = known.get(postings)
  if (last !== undefined && last.norms === norms && last.of.every((part, i) => part === of[i])) return last.bounds
  const bounds = computeBounds(postings, norms, weight, segmentAverage)
  known.set(postings, { norms, of, bounds })
  return bounds
}

/** What was computed last for a list. */
const known = new WeakMap<
  PostingsList,
  { readonly norms: Uint8Array | null; readonly of: readonly number[]; readonly bounds: ScoreBounds | null }
>()

function computeBounds(
  postings: PostingsList,
  norms: Uint8Array | null,
  weight: Bm25Weight,
  segmentAverage: number,
): ScoreBounds | null {
  if (!(weight.weight > 0) || !(segmentAverage > 0) || !(weight.average > 0)) return null
  const { numBlocks, numFullBlocks } = postings
  const blocks = new Float64Array(numBlocks)
  if (norms === null || !postings.hasFreqs) {
    const most = norms === null ? 1 : 0
    blocks.fill(postings.hasFreqs ? weight.weight * SLACK : weight.score(most, 1) * SLACK)
    return { blocks, max: blocks[0]! }
  }
  const ratio = Math.min(1, segmentAverage / weight.average)
  const exact = segmentAverage === weight.average
  const lengths = new Float64Array(256)
  for (let code = 0; code < 256; code += 1) {
    lengths[code] = ratio * K1 * (1 - B + (B * FIELD_NORMS[code]!) / segmentAverage)
  }
  const most = weight.weight * SLACK
  let max = 0
  for (let block = 0; block < numFullBlocks; block += 1) {
    const freq = postings.blockMaxFreqs[block]!
    const known = freq > 0 && freq < ANY_FREQ
    const code = postings.blockMaxNorms[block]!
    let bound = most
    if (known) bound = exact ? weight.score(code, freq) : (most * freq) / (freq + lengths[code]!)
    blocks[block] = bound
    if (bound > max) max = bound
  }
  if (numBlocks > numFullBlocks) {
    const bound = tailBound(postings, norms, weight) * SLACK
    blocks[numFullBlocks] = bound
    if (bound > max) max = bound
  }
  return { blocks, max }
}

function tailBound(postings: PostingsList, norms: Uint8Array, weight: Bm25Weight): number {
  const docs = new Uint32Array(postings.blockLength(postings.numFullBlocks))
  const freqs = new Uint32Array(docs.length)
  postings.readDocs(postings.numFullBlocks, docs)
  postings.readFreqs(postings.numFullBlocks, freqs)
  let max = 0
  for (let i = 0; i < docs.length; i += 1) {
    const score = weight.score(norms[docs[i]!]!, freqs[i]!)
    if (score > max) max = score
  }
  return max
}
