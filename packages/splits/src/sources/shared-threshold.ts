import { exprKey, hintBoard, typeKey, type HintBoard, type TaskContext } from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { WordThreshold } from './word-threshold.ts'
import type { ColumnSource, TopRows } from './column-source.ts'
import type { SplitSource } from './split-source.ts'

/** The k-th row of a source that is known: of its partitions in this task, and of its other tasks. */
export class SharedThreshold {
  readonly #own: WordThreshold
  /** A row that k rows are not behind. */
  #bound: Uint32Array | null = null
  readonly #board: HintBoard | null
  readonly #key: string
  #published: Uint32Array | null = null
  #bytes: Uint8Array | null = null
  #others: Uint32Array | null = null

  /** Of the best `k` rows by tuples of `width` words; `key` names the source among those of the query. */
  constructor(k: number, width: number, key: string, context: TaskContext) {
    this.#own = new WordThreshold(k, width)
    this.#board = width > 0 && context.hasService(hintBoard) ? context.service(hintBoard) : null
    this.#key = key
  }

  /** Words of a row that k rows are not behind; null while nothing is known of that. */
  get last(): Uint32Array | null {
    const own = this.#ownLast
    const others = this.#fromOthers()
    return own === null || (others !== null && compareWords(others, own) < 0) ? others : own
  }

  /** Whether the bound is one that another task has found. */
  get isFromOthers(): boolean {
    const others = this.#fromOthers()
    const own = this.#ownLast
    return others !== null && (own === null || compareWords(others, own) < 0)
  }

  /** Adds tuples in order, of rows that were not added before. */
  add(tuples: Uint32Array): void {
    this.#own.add(tuples)
    this.#publish()
  }

  /** Sets the words of a row that k rows are not behind. */
  lower(bound: Uint32Array): void {
    if (bound.length === 0 || (this.#bound !== null && compareWords(bound, this.#bound) >= 0)) return
    this.#bound = bound.slice()
    this.#publish()
  }

  get #ownLast(): Uint32Array | null {
    return this.#bound ?? this.#own.last
  }

  #publish(): void {
    const last = this.#ownLast
    if (this.#board === null || last === null) return
    if (this.#published !== null && compareWords(last, this.#published) >= 0) return
    this.#published = last.slice()
    this.#board.publish(this.#key, bytesOf(last))
  }

  #fromOthers(): Uint32Array | null {
    const bytes = this.#board?.least(this.#key) ?? null
    if (bytes !== this.#bytes) {
      this.#bytes = bytes
      this.#others = bytes && wordsOf(bytes)
    }
    return this.#others
  }
}

const sources = new WeakMap<TaskContext, Map<SplitSource, SharedThreshold>>()

/** What all partitions of a source in a task share. */
function sharedBy(source: SplitSource, context: TaskContext, make: () => SharedThreshold): SharedThreshold {
  let known = sources.get(context)
  if (known === undefined) sources.set(context, (known = new Map()))
  let threshold = known.get(source)
  if (threshold === undefined) known.set(source, (threshold = make()))
  return threshold
}

/** The threshold of the first rows by columns. */
export function thresholdOf(source: ColumnSource, top: TopRows, width: number, context: TaskContext): SharedThreshold {
  return sharedBy(source, context, () => new SharedThreshold(top.k, width, keyOf(source, top), context))
}

/** The least score that counts of a source of the best by score. */
export class ScoreThreshold {
  readonly #words: SharedThreshold

  /** `query` names what is scored. */
  constructor(source: SplitSource, k: number, query: readonly TextPredicate[], context: TaskContext) {
    const key = JSON.stringify([tableKey(source), 'score', k, query])
    this.#words = sharedBy(source, context, () => new SharedThreshold(k, 1, key, context))
  }

  /** A score that k documents reach; -Infinity while nothing is known of that. */
  get least(): number {
    const word = this.#words.last?.[0]
    return word === undefined ? -Infinity : scoreOf(word)
  }

  /** Whether the bound is one that another task has found. */
  get isFromOthers(): boolean {
    return this.#words.isFromOthers
  }

  /** Adds f32 scores, the best first, of documents that were not added before. */
  add(scores: readonly number[]): void {
    this.#words.add(Uint32Array.from(scores, wordOf))
  }
}

const bits = new DataView(new ArrayBuffer(4))

/** An f32 as a word that orders the other way round. */
function wordOf(score: number): number {
  bits.setFloat32(0, score)
  const word = bits.getUint32(0)
  return word >>> 31 === 0 ? word ^ 0x7f_ff_ff_ff : word
}

function scoreOf(word: number): number {
  bits.setUint32(0, word >>> 31 === 0 ? word ^ 0x7f_ff_ff_ff : word)
  return bits.getFloat32(0)
}

function tableKey({ table: { layout } }: SplitSource): string {
  return layout.parentId ?? layout.layoutId
}

/** Names a source in a query: the same for all its tasks, and for no source that gives other rows. */
function keyOf(source: ColumnSource, top: TopRows): string {
  const { options } = source
  return JSON.stringify([
    tableKey(source),
    top,
    options.columns.map(({ source, type }) => [source, typeKey(type)]),
    options.filters.map(exprKey),
    options.query,
    (options.runtime ?? []).map(({ id, expr }) => [id, exprKey(expr)]),
  ])
}

/** As far as both go; of two that are alike so far, the one that goes farther says more, and comes first. */
function compareWords(a: Uint32Array, b: Uint32Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return b.length - a.length
}

/** High bytes first, so that bytes order as the words do. */
function bytesOf(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  words.forEach((word, i) => view.setUint32(i * 4, word))
  return bytes
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Uint32Array.from({ length: bytes.length >>> 2 }, (_, i) => view.getUint32(i * 4))
}
