import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { FileBackedMetastore, parseJson, type JsonObject } from '@volley/metastore'
import { nodeStoreResolver } from '@volley/storage/node'
import {
  AggregationCollector,
  type AggregationPartial,
  finishAggregations,
  mergePartials,
  parseAggregations,
  prepare,
  prunePartial,
} from '@volley/tantivy'
import { describe, expect, test } from 'vitest'
import { DocMapping } from '../../src/mapping/doc-mapping.ts'
import { type SplitIndex, SplitIndexOpener } from '../../src/opener/split-index-opener.ts'
import { buildQuery } from '../../src/query-language/build-query.ts'
import { parseQuickwitQuery } from '../../src/query-language/parse.ts'
import type { BoundLiteral, QueryAst } from '../../src/query-language/query-ast.ts'
import { refOf } from '../support.ts'

const shared = process.env.VOLLEY_SHARED

interface Recorded {
  readonly name: string
  readonly path: string
  readonly status: number
  readonly body: { readonly query?: unknown; readonly aggs?: unknown } | null
  readonly answer: { readonly aggregations?: unknown }
}

function recorded(): Recorded[] {
  const folder = join(shared!, 'fixtures/quickwit-answers')
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && !file.startsWith('grpc-'))
    .map((file) => parseJson(readFileSync(join(folder, file), 'utf8'), file) as unknown as Recorded)
    .filter(({ status, body }) => status === 200 && body?.aggs !== undefined)
}

/** The few forms of queries that the recorded requests have. */
function astOf(query: unknown, mapping: DocMapping): QueryAst {
  if (query === undefined) return { type: 'match_all' }
  if (typeof query === 'string') return parseQuickwitQuery(query, mapping.defaultSearchFields)
  const [kind, value] = Object.entries(query as Record<string, Record<string, unknown>>)[0]!
  if (kind === 'bool') {
    const clauses = (key: string): QueryAst[] => ((value[key] ?? []) as unknown[]).map((each) => astOf(each, mapping))
    return { type: 'bool', filter: [...clauses('filter'), { type: 'match_all' }], must_not: clauses('must_not') }
  }
  const [field, operand] = Object.entries(value)[0]!
  if (kind === 'term') return { type: 'term', field, value: String(operand) }
  const { gte, lt, lte } = operand as Record<string, BoundLiteral>
  return {
    type: 'range',
    field,
    lower_bound: { Included: gte! },
    upper_bound: lt === undefined ? { Included: lte! } : { Excluded: lt },
  }
}

/** Where two results differ, floats by more than 1e-9, counts by more than a tolerance for them. */
function difference(actual: unknown, expected: unknown, path: string, tolerance: number = 0): string | null {
  if (typeof expected === 'number' || typeof expected === 'bigint') {
    const allowed = /(doc_count|_count|_bound)$/.test(path) ? tolerance : 0
    const near = Math.abs(Number(actual) - Number(expected)) <= 1e-9 * Math.max(1, Math.abs(Number(expected))) + allowed
    return actual !== null && near ? null : `${path}: ${String(actual)} instead of ${String(expected)}`
  }
  if (typeof expected !== 'object' || expected === null) {
    return actual === expected ? null : `${path}: ${String(actual)} instead of ${String(expected)}`
  }
  const within = tolerance + toleranceOf(expected as JsonObject)
  const keys = new Set([...Object.keys(expected), ...Object.keys(actual ?? {})])
  for (const key of keys) {
    const found = difference((actual as JsonObject)?.[key], (expected as JsonObject)[key], `${path}.${key}`, within)
    if (found !== null) return found
  }
  return null
}

/**
 * Which of several terms of one count a split cuts off is not determined, so that merged counts are not either: they may
 * differ by what was cut, of which the error bound tells the most.
 */
function toleranceOf(expected: JsonObject): number {
  const bound = Number(expected['doc_count_error_upper_bound'] ?? 0)
  return bound > 0 ? Math.max(1, Math.ceil(bound / 10)) : 0
}

interface Bucket {
  readonly key: unknown
  readonly doc_count: number
}

/** Orders buckets of equal counts by key, and leaves out the last ones, which a tie may have put there. */
function withoutTies(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(withoutTies)
  const entries = Object.entries(value).map(([key, member]) => [key, withoutTies(member)] as const)
  const object = Object.fromEntries(entries) as { buckets?: Bucket[]; sum_other_doc_count?: number }
  if (object.sum_other_doc_count === undefined || !Array.isArray(object.buckets)) return object
  const least = object.buckets.at(-1)?.doc_count
  const kept =
    object.sum_other_doc_count > 0 ? object.buckets.filter((each) => each.doc_count !== least) : object.buckets
  const byCount = kept.every((each, k) => k === 0 || kept[k - 1]!.doc_count >= each.doc_count)
  if (byCount && kept.length > 0) {
    kept.sort((a, b) => b.doc_count - a.doc_count || (String(a.key) < String(b.key) ? -1 : 1))
    object.buckets = kept
  }
  return object
}

describe.skipIf(shared === undefined)('aggregations of a real Quickwit (VOLLEY_SHARED names the folder)', () => {
  const resolver = nodeStoreResolver()
  const root = `file://${join(shared ?? '/', 'fixtures/quickwit/indexes')}`
  const metastore = FileBackedMetastore.open(root, resolver)
  const opener = new SplitIndexOpener({ resolver, allowedRoots: [root] })

  async function open(indexId: string): Promise<{ mapping: DocMapping; splits: SplitIndex[] }> {
    const { index, splits } = await metastore.snapshot({ indexId })
    const mapping = DocMapping.fromJson(index.docMapping, index.searchSettings)
    return { mapping, splits: await Promise.all(splits.map((each) => opener.open(refOf(each, `${root}/${indexId}`)))) }
  }

  test.each(shared === undefined ? [] : recorded().map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { path, body, answer }) => {
      const { mapping, splits } = await open(path.includes('_elastic') ? path.split('/')[4]! : path.split('/')[3]!)
      const request = parseAggregations(body!.aggs)
      const ast = astOf(body!.query, mapping)
      const partials: AggregationPartial[] = []
      for (const split of splits) {
        for (const segment of split.index.segments) {
          const collector = await AggregationCollector.forSegment(segment, request)
          if (ast.type === 'match_all') collector.collectAll()
          else {
            const prepared = await prepare(buildQuery(ast, split, mapping), segment, { scoring: false })
            const docs = prepared.docs(0, segment.maxDoc)
            collector.collect(docs.subarray(0, segment.alive?.filter(docs, docs.length) ?? docs.length))
          }
          partials.push(await collector.partial())
        }
      }
      const merged = prunePartial(structuredClone(partials).reduce(mergePartials), request)
      const result = finishAggregations(merged, request)
      expect(difference(withoutTies(result), withoutTies(answer.aggregations), '')).toBeNull()
    },
  )
})
