import type { TaskContext } from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { TopScores, type PreparedQuery } from '@volley/tantivy'
import { lowerBound } from '../filters/doc-lists.ts'
import { aboutSplit, layoutParts, type DocUnit, type SplitUnits } from './opened-layout.ts'
import { ScoreThreshold } from './shared-threshold.ts'
import type { SplitSource } from './split-source.ts'
import { ScoredText } from './text-query.ts'

/** Splits that are opened, with what their dictionaries say, at a time. */
const OPENING = 16
/** Segments whose postings are read ahead. */
const AHEAD = 2

/** Documents of a unit, ascending, with their scores. */
interface ScoredDocs {
  readonly unit: DocUnit
  readonly docs: Uint32Array
  readonly scores: Float64Array
}

/** A unit, its place among those of the partition, and what it is searched for. */
interface Candidate {
  readonly unit: DocUnit
  readonly place: number
  readonly text: ScoredText
  readonly maxScore: number
}

/**
 * The documents among which the best k of a partition by score are, in address order. Segments that promise the highest
 * scores are searched first; what cannot reach the k-th score that is known, of any partition or task, is left out: blocks
 * of postings by their bounds, and the postings of whole segments by the statistics of their split.
 */
export async function bestByScore(
  source: SplitSource,
  k: number,
  query: readonly TextPredicate[],
  parts: readonly SplitUnits[],
  context: TaskContext,
): Promise<ScoredDocs[]> {
  const search = new ScoreSearch(source, k, query, context)
  const candidates = await candidatesOf(source, query, parts, context)
  candidates.sort((a, b) => b.maxScore - a.maxScore || a.place - b.place)
  const found: (ScoredDocs & { readonly place: number })[] = []
  for (const [i, candidate] of candidates.entries()) {
    context.throwIfCancelled()
    for (const next of candidates.slice(i + 1, i + 1 + AHEAD)) search.read(next)
    found.push({ ...(await search.unit(candidate)), place: candidate.place })
  }
  return found
    .sort((a, b) => a.place - b.place)
    .map((each) => search.within(each))
    .filter(({ docs }) => docs.length > 0)
}

/** Opens the splits of a partition, some at a time. */
async function candidatesOf(
  { table }: SplitSource,
  query: readonly TextPredicate[],
  parts: readonly SplitUnits[],
  context: TaskContext,
): Promise<Candidate[]> {
  const bySplit: Candidate[][] = []
  const open = async (part: SplitUnits): Promise<Candidate[]> => {
    const units = await part.open()
    const [first] = units
    if (first === undefined) return []
    const text = await aboutSplit(first, () => ScoredText.of(first.index, part.split, table, query))
    return units.map((unit) => ({ unit, place: 0, text, maxScore: text.maxScore }))
  }
  for (let at = 0; at < parts.length; at += OPENING) {
    context.throwIfCancelled()
    bySplit.push(...(await Promise.all(parts.slice(at, at + OPENING).map(open))))
  }
  return bySplit.flat().map((candidate, place) => ({ ...candidate, place }))
}

/** The best documents of what a task has of each segment, of those that a source has been asked for. */
const segments = new WeakMap<TaskContext, Map<SplitSource, Map<string, Promise<Best>>>>()

type Best = Omit<ScoredDocs, 'unit'>

const NOTHING: Best = { docs: new Uint32Array(0), scores: new Float64Array(0) }

class ScoreSearch {
  readonly #source: SplitSource
  readonly #k: number
  readonly #context: TaskContext
  readonly #threshold: ScoreThreshold
  readonly #bySegment: Map<string, Promise<Best>>
  readonly #prepared: Map<Candidate, Promise<PreparedQuery>> = new Map()

  constructor(source: SplitSource, k: number, query: readonly TextPredicate[], context: TaskContext) {
    this.#source = source
    this.#k = k
    this.#context = context
    this.#threshold = new ScoreThreshold(source, k, query, context)
    let bySource = segments.get(context)
    if (bySource === undefined) segments.set(context, (bySource = new Map()))
    this.#bySegment = bySource.get(source) ?? new Map<string, Promise<Best>>()
    bySource.set(source, this.#bySegment)
  }

  /** Begins to read what a segment is searched by, if it counts by now. */
  read(candidate: Candidate): void {
    if (this.#isBehind(candidate) || this.#bySegment.has(keyOf(candidate.unit))) return
    // What fails is thrown to who waits for it in its turn.
    this.#preparedOf(candidate).catch(() => {})
  }

  /** The best of a unit, of those of all units of its segment in the task. */
  async unit(candidate: Candidate): Promise<ScoredDocs> {
    const { unit } = candidate
    const key = keyOf(unit)
    let best = this.#bySegment.get(key)
    if (best === undefined) this.#bySegment.set(key, (best = this.#segment(candidate)))
    const { docs, scores } = await best
    const [from, to] = [lowerBound(docs, unit.start), lowerBound(docs, unit.end)]
    return { unit, docs: docs.subarray(from, to), scores: scores.subarray(from, to) }
  }

  /** What is not behind what is known by now. */
  within<T extends ScoredDocs>(found: T): ScoredDocs {
    const { unit, docs, scores } = found
    const { least } = this.#threshold
    const kept = Uint32Array.from(docs.keys()).filter((i) => scores[i]! >= least)
    if (kept.length === docs.length) return found
    return { unit, docs: kept.map((i) => docs[i]!), scores: Float64Array.from(kept, (i) => scores[i]!) }
  }

  async #segment(candidate: Candidate): Promise<Best> {
    const metrics = this.#context.metricsOf(this.#source)
    if (this.#isBehind(candidate)) {
      metrics.add('segments_skipped', 1)
      if (this.#threshold.isFromOthers) metrics.add('segments_skipped_by_others', 1)
      this.#prepared.delete(candidate)
      return NOTHING
    }
    const { unit } = candidate
    const prepared = await aboutSplit(unit, () => this.#preparedOf(candidate))
    this.#prepared.delete(candidate)
    const top = new TopScores(this.#k)
    top.raiseThreshold(this.#threshold.least)
    prepared.collectTop(top, unit.segment.alive, await this.#spanOf(unit))
    metrics.add('docs_scored', top.scored)
    const best = top.finish()
    this.#threshold.add(best.map(({ score }) => score))
    best.sort((a, b) => a.doc - b.doc)
    return { docs: Uint32Array.from(best, ({ doc }) => doc), scores: Float64Array.from(best, ({ score }) => score) }
  }

  /** The documents that units of a segment have in this task: they are searched once, together. */
  async #spanOf(unit: DocUnit): Promise<{ readonly start: number; readonly end: number }> {
    let { start, end } = unit
    if (start === 0 && end === unit.segment.maxDoc) return unit
    const parts = await layoutParts(this.#source.table.layout, this.#context)
    for (const part of parts.flat()) {
      if (part.split.splitId !== unit.split.splitId) continue
      for (const other of await part.open()) {
        if (other.segment.ord !== unit.segment.ord) continue
        start = Math.min(start, other.start)
        end = Math.max(end, other.end)
      }
    }
    return { start, end }
  }

  #isBehind({ maxScore }: Candidate): boolean {
    return maxScore === -Infinity || maxScore < this.#threshold.least
  }

  #preparedOf(candidate: Candidate): Promise<PreparedQuery> {
    let prepared = this.#prepared.get(candidate)
    if (prepared === undefined) this.#prepared.set(candidate, (prepared = candidate.text.prepare(candidate.unit)))
    return prepared
  }
}

function keyOf({ split, segment }: DocUnit): string {
  return `${split.splitId}/${segment.ord}`
}
