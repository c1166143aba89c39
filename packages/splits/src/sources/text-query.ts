import { internalError, type TaskContext } from '@volley/core'
import type { TextPredicate } from '@volley/planner'
import {
  AllQuery,
  BooleanQuery,
  prepare,
  statisticsOf,
  type PreparedQuery,
  type Query,
  type ScoreStatistics,
} from '@volley/tantivy'
import type { DocMapping } from '../mapping/doc-mapping.ts'
import type { SplitRef } from '../layout/layout.ts'
import type { DocUnit } from './opened-layout.ts'
import type { ScanTable } from './scan-table.ts'
import type { SplitIndex } from '../opener/split-index-opener.ts'
import { buildQuery, checkQuery } from '../query-language/build-query.ts'
import { parseQuickwitQuery } from '../query-language/parse.ts'
import type { QueryAst } from '../query-language/query-ast.ts'
import { matchAst, phraseAst, queryFieldName } from '../query-language/text-queries.ts'

/** The conjunction of text predicates as a query of one split, by the split's own schema and tokenizers. */
export function textQuery(predicates: readonly TextPredicate[], split: SplitIndex, mapping: DocMapping): Query {
  const queries = predicates.map((predicate) => buildQuery(astOf(predicate, mapping), split, mapping))
  if (queries.length === 0) return new AllQuery()
  return queries.length === 1 ? queries[0]! : new BooleanQuery({ must: queries })
}

const shared = new WeakMap<TaskContext, Map<string, Promise<PreparedQuery>>>()

/** A conjunction of text predicates over the segment of a unit, ready to be run. Units of one segment share it. */
export function prepareText(
  unit: DocUnit,
  table: ScanTable,
  predicates: readonly TextPredicate[],
  scoring: boolean,
  context: TaskContext,
): Promise<PreparedQuery> {
  // What only one unit needs goes with it.
  if (unit.start === 0 && unit.end === unit.segment.maxDoc) return prepareUnit(unit, table, predicates, scoring)
  let known = shared.get(context)
  if (known === undefined) shared.set(context, (known = new Map()))
  const asked = predicates.map(({ form, field, path, text }) => [form, field, path, text])
  const key = JSON.stringify([unit.split.indexUri, unit.split.splitId, unit.segment.ord, scoring, asked])
  let prepared = known.get(key)
  if (prepared === undefined) known.set(key, (prepared = prepareUnit(unit, table, predicates, scoring)))
  return prepared
}

async function prepareUnit(
  unit: DocUnit,
  table: ScanTable,
  predicates: readonly TextPredicate[],
  scoring: boolean,
): Promise<PreparedQuery> {
  if (scoring) return (await ScoredText.of(unit.index, unit.split, table, predicates)).prepare(unit)
  const query = textQuery(predicates, unit.index, table.index(unit.split.indexId).mapping)
  return prepare(query, unit.segment, { scoring })
}

/** A conjunction of text predicates over a split, with the statistics of its scores. */
export class ScoredText {
  readonly #query: Query
  readonly #statistics: ScoreStatistics

  private constructor(query: Query, statistics: ScoreStatistics) {
    this.#query = query
    this.#statistics = statistics
  }

  /** Reads the dictionaries of the split, and no postings. */
  static async of(
    index: SplitIndex,
    split: SplitRef,
    table: ScanTable,
    predicates: readonly TextPredicate[],
  ): Promise<ScoredText> {
    const query = textQuery(predicates, index, table.index(split.indexId).mapping)
    return new ScoredText(query, await statisticsOf(index.index, query))
  }

  /** What no score exceeds; -Infinity where no document matches. */
  get maxScore(): number {
    return this.#query.maxScore?.(this.#statistics, 1) ?? Infinity
  }

  prepare(unit: DocUnit): Promise<PreparedQuery> {
    return prepare(this.#query, unit.segment, { scoring: true, statistics: this.#statistics })
  }
}

/**
 * Checks a text predicate against the current mapping.
 *
 * @throws VolleyError for a syntax error, an unknown field, or one that cannot be searched so.
 */
export function checkTextPredicate(predicate: TextPredicate, mapping: DocMapping): void {
  checkQuery(astOf(predicate, mapping), mapping)
}

function astOf({ form, field, path, text }: TextPredicate, mapping: DocMapping): QueryAst {
  if (form === 'query') {
    const defaults = field === null ? mapping.defaultSearchFields : [queryFieldName(mapping, field, path)]
    return parseQuickwitQuery(text, defaults)
  }
  if (field === null) throw internalError(`${form} without a field`)
  return (form === 'match' ? matchAst : phraseAst)(mapping, field, path, text)
}
