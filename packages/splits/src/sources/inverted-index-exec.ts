import {
  BoolVector,
  PrimitiveVector,
  RecordBatch,
  type BatchStream,
  type ExecutionPlan,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { TopScores } from '@volley/tantivy'
import { Bool, Field, Float64, Schema } from 'apache-arrow'
import { addressFields, addressVectors } from './address.ts'
import { matchingDocs } from './matching-docs.ts'
import { aboutSplit, unitsOf, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import { SplitSource } from './split-source.ts'
import { prepareText } from './text-query.ts'
import { streamOf } from './unit-stream.ts'
import { lowerBound } from '../filters/doc-lists.ts'
import { aliveOnly, scoreAll } from './doc-selection.ts'

/** A Bool column that says whether a document matches a predicate which does not filter. */
export interface Mark {
  readonly name: string
  readonly predicate: TextPredicate
}

export interface InvertedIndexOptions {
  /** Every row matches all of them; none is every live document. */
  readonly filters: readonly TextPredicate[]
  readonly marks: readonly Mark[]
  /** Adds `_score` (Float64): BM25 of `filters`, with the split's own statistics. */
  readonly scored: boolean
  /** Each unit gives only its best k by (score descending, doc id): what a global top k needs of it. */
  readonly topK: number | null
}

interface Matches {
  readonly docs: Uint32Array
  readonly scores: Float64Array | null
}

/** The best documents of each segment that a source has been asked for in a task. */
const bestOf = new WeakMap<TaskContext, Map<InvertedIndexExec, Map<string, Promise<Matches>>>>()

/** `inv`: the documents that match, by the inverted index. Columns: address, `_score` where asked for, marks. */
export class InvertedIndexExec extends SplitSource {
  override readonly kind = 'InvertedIndexExec'
  override readonly schema: Schema
  readonly options: InvertedIndexOptions

  constructor(table: ScanTable, options: InvertedIndexOptions) {
    super(table)
    this.options = options
    this.schema = new Schema([
      ...addressFields,
      ...(options.scored ? [new Field('_score', new Float64(), false)] : []),
      ...options.marks.map((mark) => new Field(mark.name, new Bool(), false)),
    ])
  }

  protected override withTable(table: ScanTable): SplitSource {
    return new InvertedIndexExec(table, this.options)
  }

  withTopK(topK: number): InvertedIndexExec {
    return new InvertedIndexExec(this.table, { ...this.options, topK })
  }

  /** The same documents, with their address only. */
  withoutColumns(): InvertedIndexExec {
    return new InvertedIndexExec(this.table, { ...this.options, marks: [], scored: false })
  }

  /** Live documents of a unit that match, ascending. */
  docsOf(unit: DocUnit, context: TaskContext): Uint32Array | Promise<Uint32Array> {
    const found = matchingDocs(unit, this.table, this.options.filters, context)
    return found instanceof Promise ? found.then((docs) => this.counted(docs, context)) : this.counted(found, context)
  }

  private counted(docs: Uint32Array, context: TaskContext): Uint32Array {
    context.metricsOf(this as ExecutionPlan).add('docs_matched', docs.length)
    return docs
  }

  override details(): readonly (readonly [string, string])[] {
    const { filters, marks, scored, topK } = this.options
    return [
      ...this.tableDetails(),
      ['query', filters.length === 0 ? '*' : `[${filters.join(', ')}]`],
      ...(marks.length > 0 ? [['marks', `[${marks.map((mark) => String(mark.predicate)).join(', ')}]`] as const] : []),
      ...(scored ? [['score', 'bm25'] as const] : []),
      ...(topK === null ? [] : [['top_k', String(topK)] as const]),
    ]
  }

  override get rowsRead(): number {
    return this.statistics.rows?.value ?? this.documents
  }

  override get statistics(): Statistics {
    return this.rowStatistics(this.options.filters.length === 0 ? 1 : 0.1, 16, null)
  }

  protected override executePartition(partition: number, context: TaskContext): BatchStream {
    return streamOf(this, context, this.batches(partition, context))
  }

  private async *batches(partition: number, context: TaskContext): AsyncGenerator<RecordBatch, void, void> {
    const metrics = context.metricsOf(this as ExecutionPlan)
    for await (const unit of unitsOf(this.table.layout, partition, context)) {
      context.throwIfCancelled()
      const { docs, scores } = await aboutSplit(unit, () => this.matches(unit, context))
      metrics.add('docs_matched', docs.length)
      if (docs.length === 0) continue
      const marks = await aboutSplit(unit, () =>
        Promise.all(this.options.marks.map((mark) => this.markBits(unit, mark, context))),
      )
      for (let at = 0; at < docs.length; at += context.batchSize) {
        yield this.batch(unit, context, docs.subarray(at, at + context.batchSize), scores?.subarray(at) ?? null, marks)
      }
    }
  }

  private batch(
    unit: DocUnit,
    context: TaskContext,
    docs: Uint32Array,
    scores: Float64Array | null,
    marks: readonly Uint8Array[],
  ): RecordBatch {
    const region = context.region()
    const count = docs.length
    const ids = region.u32(count)
    ids.set(docs)
    const columns = addressVectors(region, unit.split.splitId, unit.segment.ord, ids)
    if (scores !== null) {
      const values = region.f64(count)
      values.set(scores.subarray(0, count))
      columns.push(new PrimitiveVector(new Float64(), count, null, values))
    }
    for (const mark of marks) {
      const bits = region.bitmap(count, false)
      for (let i = 0; i < count; i++) {
        const doc = docs[i]! - unit.start
        bits[i >>> 3]! |= ((mark[doc >>> 3]! >>> (doc & 7)) & 1) << (i & 7)
      }
      columns.push(new BoolVector(new Bool(), count, null, bits))
    }
    return new RecordBatch(this.schema, columns, count, null, region)
  }

  /** Live documents of the unit that match, ascending, with their scores where the source gives any. */
  private async matches(unit: DocUnit, context: TaskContext): Promise<Matches> {
    const { filters, scored, topK } = this.options
    const { segment, start, end } = unit
    if (scored && topK !== null) {
      const { docs, scores } = await this.topOf(unit, topK, context)
      const [from, to] = [lowerBound(docs, start), lowerBound(docs, end)]
      return { docs: docs.subarray(from, to), scores: scores!.subarray(from, to) }
    }
    const prepared = await prepareText(unit, this.table, filters, scored, context)
    if (!scored) return { docs: aliveOnly(prepared.docs(start, end), segment.alive), scores: null }
    const result = scoreAll(prepared.scorer(), segment.alive, start, end)
    context.metricsOf(this).add('docs_scored', result.docs.length)
    return result
  }

  /** The best of a whole segment, for all units that are parts of it. */
  private topOf(unit: DocUnit, k: number, context: TaskContext): Promise<Matches> {
    let bySegment = bestOf.get(context)
    if (bySegment === undefined) bestOf.set(context, (bySegment = new Map()))
    const key = `${unit.split.splitId}/${unit.segment.ord}`
    let best = bySegment.get(this)?.get(key)
    if (best === undefined) {
      best = this.collectTop(unit, k, context)
      bySegment.set(this, (bySegment.get(this) ?? new Map<string, Promise<Matches>>()).set(key, best))
    }
    return best
  }

  /** Blocks of postings that cannot hold one of the best are skipped where the query allows it. */
  private async collectTop(unit: DocUnit, k: number, context: TaskContext): Promise<Matches> {
    const prepared = await prepareText(unit, this.table, this.options.filters, true, context)
    const top = new TopScores(k)
    prepared.collectTop(top, unit.segment.alive)
    context.metricsOf(this).add('docs_scored', top.scored)
    const best = top.finish().sort((a, b) => a.doc - b.doc)
    return { docs: Uint32Array.from(best, ({ doc }) => doc), scores: Float64Array.from(best, ({ score }) => score) }
  }

  /** One bit per document of the unit, from its start. */
  private async markBits(unit: DocUnit, mark: Mark, context: TaskContext): Promise<Uint8Array> {
    const prepared = await prepareText(unit, this.table, [mark.predicate], false, context)
    const bits = new Uint8Array((unit.end - unit.start + 7) >>> 3)
    for (const doc of prepared.docs(unit.start, unit.end)) {
      const i = doc - unit.start
      bits[i >>> 3]! |= 1 << (i & 7)
    }
    return bits
  }
}
