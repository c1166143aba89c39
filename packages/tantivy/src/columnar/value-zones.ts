import { concatWords } from '@volley/kernels'
import type { ColumnIndex } from './column-index.ts'
import type { U64Values } from './u64-values.ts'

/** Documents of a zone. */
export const ZONE_DOCS = 128
const ZONE_SHIFT = 7

/** Bounds of the values of the documents [ZONE_DOCS * k, ZONE_DOCS * (k + 1)), by k. */
export interface ValueZones {
  /** Documents of each that have a value. */
  readonly counts: Uint32Array
  /**
   * Four words of each: the low and the high half of the least value, and those of the greatest one, as order-preserving u64.
   * All ones and 0 where no document has a value.
   */
  readonly bounds: Uint32Array
}

/** The zones of a column with at most one value a document; null of others. */
export function valueZones({ numDocs, docs, starts }: ColumnIndex, values: U64Values): ValueZones | null {
  if (starts !== null) return null
  const zones = Math.ceil(numDocs / ZONE_DOCS)
  const firsts = new Uint32Array(zones + 1)
  for (let k = 0; k <= zones; k += 1) {
    const doc = Math.min(numDocs, k * ZONE_DOCS)
    firsts[k] = docs === null ? doc : docs.rank(doc)
  }
  const counts = new Uint32Array(zones)
  for (let k = 0; k < zones; k += 1) counts[k] = firsts[k + 1]! - firsts[k]!
  return { counts, bounds: values.boundRuns(firsts, counts) }
}

/** Runs of zones that are asked for documents cost as much as so many documents of a scan. */
const RUN_COST = 2048

/**
 * The documents of [start, end) with a value in [min, max], by `find` where a zone tells not by itself; null where zones say
 * too little for that to be worth it.
 */
export function docsByZones(
  zones: ValueZones,
  min: bigint,
  max: bigint,
  start: number,
  end: number,
  isFull: boolean,
  find: (start: number, end: number) => Uint32Array,
): Uint32Array | null {
  const first = Math.floor(start / ZONE_DOCS)
  const verdicts = new Uint8Array(Math.ceil(end / ZONE_DOCS) - first)
  judgeZones(zones, first, verdicts, min, max)
  // Documents without a value are in no range.
  if (!isFull) for (let k = 0; k < verdicts.length; k += 1) verdicts[k] = Math.min(verdicts[k]!, SOME)
  if (runsOf(verdicts) * RUN_COST > (end - start) / 2) return null
  const parts: Uint32Array[] = []
  for (let k = 0; k < verdicts.length;) {
    const verdict = verdicts[k]!
    let next = k + 1
    while (next < verdicts.length && verdicts[next] === verdict) next += 1
    const from = Math.max(start, (first + k) * ZONE_DOCS)
    const to = Math.min(end, (first + next) * ZONE_DOCS)
    if (verdict === SOME) parts.push(find(from, to))
    else if (verdict === ALL) parts.push(range(from, to))
    k = next
  }
  return concatWords(parts)
}

const NONE = 0
const SOME = 1
const ALL = 2

/**
 * Raises verdicts[k], for zone first + k, to 1 where the zone may have values in [min, max], and to 2 where it has no others.
 */
export function judgeZones(
  { bounds }: ValueZones,
  first: number,
  verdicts: Uint8Array,
  min: bigint,
  max: bigint,
): void {
  const [minLow, minHigh] = [Number(min & 0xffffffffn), Number(min >> 32n)]
  const [maxLow, maxHigh] = [Number(max & 0xffffffffn), Number(max >> 32n)]
  for (let k = 0; k < verdicts.length; k += 1) {
    const at = 4 * (first + k)
    const leastHigh = bounds[at + 1]!
    const mostHigh = bounds[at + 3]!
    if (mostHigh < minHigh || maxHigh < leastHigh) continue
    const leastLow = bounds[at]!
    const mostLow = bounds[at + 2]!
    if (isBelow(mostHigh, mostLow, minHigh, minLow) || isBelow(maxHigh, maxLow, leastHigh, leastLow)) continue
    const within = !isBelow(leastHigh, leastLow, minHigh, minLow) && !isBelow(maxHigh, maxLow, mostHigh, mostLow)
    verdicts[k] = within ? ALL : Math.max(verdicts[k]!, SOME)
  }
}

/** Lists of documents that are not worth judging zones for. */
const SHORT_LIST = 512

/** Those of ascending documents that are in zones that may have values in [min, max]; the same array where that is not worth it. */
export function docsInZones(zones: ValueZones, min: bigint, max: bigint, docs: Uint32Array): Uint32Array {
  if (docs.length < SHORT_LIST) return docs
  const first = Math.floor(docs[0]! / ZONE_DOCS)
  const verdicts = new Uint8Array(Math.floor(docs[docs.length - 1]! / ZONE_DOCS) + 1 - first)
  if (verdicts.length > docs.length) return docs
  judgeZones(zones, first, verdicts, min, max)
  let some = 0
  for (let k = 0; k < verdicts.length; k += 1) some += +(verdicts[k] !== NONE)
  if (some > verdicts.length / 2) return docs
  const out = new Uint32Array(docs.length)
  let count = 0
  for (let i = 0; i < docs.length; i += 1) {
    const doc = docs[i]!
    out[count] = doc
    count += +(verdicts[(doc >>> ZONE_SHIFT) - first] !== NONE)
  }
  return out.subarray(0, count)
}

/** Runs of alike zones, but for those that have nothing. */
function runsOf(verdicts: Uint8Array): number {
  let runs = 0
  let before = NONE
  for (let k = 0; k < verdicts.length; k += 1) {
    const verdict = verdicts[k]!
    runs += +(verdict !== before && verdict !== NONE)
    before = verdict
  }
  return runs
}

function isBelow(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low < otherLow)
}

function range(start: number, end: number): Uint32Array {
  const docs = new Uint32Array(end - start)
  for (let i = 0; i < docs.length; i += 1) docs[i] = start + i
  return docs
}
