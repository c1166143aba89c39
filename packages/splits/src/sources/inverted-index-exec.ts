import {
  PrimitiveVector,
  RecordBatch,
  type BatchStream,
  type ExecutionPlan,
  type Statistics,
  type TaskContext,
} from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import { Bool, Field, Float64, Schema } from 'apache-arrow'
import { addressFields, addressVectors } from './address.ts'
import { bestByScore } from './best-scores.ts'
import { matchingDocs } from './matching-docs.ts'
import { aboutSplit, layoutParts, unitsOf, type DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import { SplitSource } from './split-source.ts'
import { prepareText } from './text-query.ts'
import { markBits, markVector } from './text-marks.ts'
import { streamOf } from './unit-stream.ts'
import { scoreAll } from './doc-selection.ts'

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
  /** Each partition gives only its best k by score, and what ties with them: what a global top k needs of it. */
  readonly topK: number | null
}

interface Matches {
  readonly docs: Uint32Array
  readonly scores: Float64Array | null
}

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
    const { scored, topK, filters } = this.options
    if (scored && topK !== null) {
      const parts = (await layoutParts(this.table.layout, context))[partition]!
      for (const { unit, docs, scores } of await bestByScore(this, topK, filters, parts, context)) {
        yield* this.batchesOf(unit, { docs, scores }, context)
      }
      return
    }
    const metrics = context.metricsOf(this as ExecutionPlan)
    for await (const unit of unitsOf(this.table.layout, partition, context)) {
      context.throwIfCancelled()
      const matches = await aboutSplit(unit, () => this.matches(unit, context))
      metrics.add('docs_matched', matches.docs.length)
      yield* this.batchesOf(unit, matches, context)
    }
  }

  private async *batchesOf(
    unit: DocUnit,
    { docs, scores }: Matches,
    context: TaskContext,
  ): AsyncGenerator<RecordBatch, void, void> {
    if (docs.length === 0) return
    const marks = await aboutSplit(unit, () =>
      Promise.all(this.options.marks.map(({ predicate }) => markBits(unit, this.table, predicate, context))),
    )
    for (let at = 0; at < docs.length; at += context.batchSize) {
      yield this.batch(unit, context, docs.subarray(at, at + context.batchSize), scores?.subarray(at) ?? null, marks)
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
    for (const bits of marks) columns.push(markVector(bits, unit.start, docs, region))
    return new RecordBatch(this.schema, columns, count, null, region)
  }

  /** Live documents of the unit that match, ascending, with their scores where the source gives any. */
  private async matches(unit: DocUnit, context: TaskContext): Promise<Matches> {
    const { filters, scored } = this.options
    if (!scored) return { docs: await matchingDocs(unit, this.table, filters, context), scores: null }
    const { segment, start, end } = unit
    const prepared = await prepareText(unit, this.table, filters, true, context)
    const result = scoreAll(prepared.scorer(), segment.alive, start, end)
    context.metricsOf(this).add('docs_scored', result.docs.length)
    return result
  }
}
