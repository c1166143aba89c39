import { PlanCodec } from '@volley/codec'
import {
  ColumnExpr,
  ComparisonExpr,
  defaultFunctions,
  DocIdJoinExec,
  formatPlan,
  LiteralExpr,
  RecordBatch,
  scalarAt,
  TaskContext,
  typeKey,
  type ExecutionPlan,
  type ScalarValue,
} from '@volley/core'
import { Arena } from '@volley/kernels'
import { FileBackedMetastore } from '@volley/metastore'
import { SessionSettings, TextPredicate, type ScanColumn, type TableProvider } from '@volley/planner'
import { nodeStoreResolver } from '@volley/storage/node'
import { Utf8 } from 'apache-arrow'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  DocumentExec,
  FastFieldExec,
  InvertedIndexExec,
  QuickwitCatalog,
  splitOpener,
  SplitIndexOpener,
  tantivyCodecs,
  type SplitRef,
} from '../src/index.ts'
import { fixtures } from './support.ts'

const uri = `file://${fixtures}/demo/indexes`
const resolver = nodeStoreResolver()
// The fixture's metastore names a placeholder root.
const opener = new SplitIndexOpener({ resolver })
const atFixture = (ref: SplitRef): SplitRef => ({ ...ref, indexUri: `${uri}/${ref.indexId}` })
const openAtFixture = {
  open: (ref: SplitRef, signal?: AbortSignal) => opener.open(atFixture(ref), signal),
  opened: (ref: SplitRef) => opener.opened(atFixture(ref)),
} as SplitIndexOpener

let arena: Arena
let logs: TableProvider

beforeEach(async () => {
  arena = new Arena({ reserveBytes: 256 << 20, poison: true })
  logs = (await new QuickwitCatalog(FileBackedMetastore.open(uri, resolver)).table('logs'))!
})

afterEach(() => expect(arena.liveBlocks).toBe(0))

function scan(
  names: readonly (string | [string, ScanColumn])[],
  options: { text?: readonly TextPredicate[]; partitions?: number } = {},
): ExecutionPlan {
  const outputs = names.map((entry) => {
    const [name, source]: [string, ScanColumn] =
      typeof entry === 'string' ? [entry, { kind: 'column', name: entry }] : entry
    const column = logs.columns.find((candidate) => candidate.name === name)
    return { name, type: column?.type ?? new Utf8(), nullable: true, source }
  })
  const settings = new SessionSettings({ cores: options.partitions ?? 3 })
  return logs.scan({ outputs, filters: [], textFilters: options.text ?? [], fetch: null, settings })
}

function context(batchSize = 4096): TaskContext {
  return new TaskContext({ queryId: 'q', arena, batchSize }).provide(splitOpener, openAtFixture)
}

async function rows(plan: ExecutionPlan, task = context()): Promise<ScalarValue[][]> {
  const result: ScalarValue[][] = []
  for (let partition = 0; partition < plan.partitioning.count; partition++) {
    const stream = plan.execute(partition, task)
    try {
      for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
        for (let k = 0; k < batch.numRows; k++) {
          const row = batch.selection === null ? k : batch.selection[k]!
          result.push(batch.columns.map((column) => scalarAt(column, row)))
        }
      }
    } finally {
      await stream.close()
    }
  }
  return result
}

const sorted = (list: readonly (readonly ScalarValue[])[]) => list.map((row) => row.map(String).join('|')).sort()

describe('sources of a layout', () => {
  test('give the same rows for any partitions and batch size', async () => {
    const expected = sorted(await rows(scan(['service', 'timestamp', 'trace_id'], { partitions: 1 })))
    expect(expected).toHaveLength(7209)
    for (const [partitions, batchSize] of [
      [2, 4096],
      [7, 100],
      [16, 4096],
    ] as const) {
      expect(
        sorted(await rows(scan(['service', 'timestamp', 'trace_id'], { partitions }), context(batchSize))),
      ).toEqual(expected)
    }
  })

  test('a fast field has the value of the stored document, at its precision', async () => {
    const plan = scan(['service', 'timestamp'])
    const stored = new DocumentExec((plan.children[0] as FastFieldExec).table, {
      columns: [
        {
          name: 'service',
          type: new Utf8(),
          nullable: true,
          source: { kind: 'path', name: '_source', path: ['service'], text: true },
        },
        {
          name: 'timestamp',
          type: new Utf8(),
          nullable: true,
          source: { kind: 'path', name: '_source', path: ['timestamp'], text: true },
        },
      ],
      filters: [],
      query: [],
      top: null,
      fetch: null,
    })
    const fast = (await rows(plan)).map(([service, time]) => [service!, new Date(Number(time)).getTime()])
    const documents = (await rows(stored)).map((row) => [row[3]!, new Date(String(row[4])).getTime()])
    expect(fast).toEqual(documents)
  })

  test('a join by address looks the right side up', async () => {
    const text = [new TextPredicate('match', 'message', [], 'pool exhausted')]
    const plan = scan(['service', 'message'], { text })
    expect(formatPlan(plan).replaceAll(/layout=\w+/g, 'layout=L')).toMatchInlineSnapshot(`
      "ProjectionExec: exprs=[service, message]
        DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
          DocIdJoinExec: type=inner, on=[_split_id, _segment_ord, _doc_id]
            InvertedIndexExec: table=logs, splits=4, layout=L/3, query=[match(message, 'pool exhausted')]
            FastFieldExec: table=logs, splits=4, layout=L/3, fields=[service]
          DocumentExec: table=logs, splits=4, layout=L/3, fields=[message]"
    `)
    const found = await rows(plan)
    const all = await rows(scan(['service', 'message']))
    const expected = all.filter(
      ([, message]) => /\bpool\b/i.test(String(message)) && /\bexhausted\b/i.test(String(message)),
    )
    expect(expected.length).toBeGreaterThan(100)
    expect(sorted(found)).toEqual(sorted(expected))
  })

  test('a filter in the source, also in a looked-up one, keeps exactly its rows', async () => {
    const plan = scan(['service', 'level'])
    const table = (plan.children[0] as FastFieldExec).table
    const service = new ColumnExpr(3, 'service', new Utf8(), true)
    const filter = new ComparisonExpr('=', service, new LiteralExpr(new Utf8(), 'ledger'))
    const column = (name: string) => ({
      name,
      type: new Utf8(),
      nullable: true,
      source: { kind: 'column', name } as const,
    })
    const filtered = new FastFieldExec(table, {
      columns: [column('service'), column('level')],
      filters: [filter],
      query: [],
      top: null,
      fetch: null,
    })
    const expected = (await rows(plan)).filter(([name]) => name === 'ledger')
    expect(expected.length).toBeGreaterThan(100)
    expect(sorted((await rows(filtered)).map((row) => row.slice(3)))).toEqual(sorted(expected))
    const query = new TextPredicate('query', null, [], 'level:ERROR')
    const inverted = new InvertedIndexExec(table, { filters: [query], marks: [], scored: false, topK: null })
    const address = [0, 1, 2].map((i) => ({ left: i, right: i }))
    const joined = await rows(new DocIdJoinExec(inverted, filtered, 'inner', address))
    expect(sorted(joined.map((row) => row.slice(6)))).toEqual(sorted(expected.filter(([, level]) => level === 'ERROR')))
  })

  test('a top k of each unit holds the top k of all', async () => {
    const plan = scan(['trace_id', 'timestamp'])
    const source = plan.children[0] as FastFieldExec
    for (const [column, descending, nullsFirst] of [
      [1, true, true],
      [0, false, true],
      [0, true, false],
    ] as const) {
      const top = source.withOptions({ ...source.options, top: { k: 5, keys: [{ column, descending, nullsFirst }] } })
      const compare = (a: ScalarValue[], b: ScalarValue[]): number => {
        const [x, y] = [a[3 + column]!, b[3 + column]!]
        if (x === null || y === null) return x === y ? 0 : (x === null) === nullsFirst ? -1 : 1
        return (x < y ? -1 : x > y ? 1 : 0) * (descending ? -1 : 1)
      }
      const best = (list: ScalarValue[][]) =>
        list
          .sort(compare)
          .slice(0, 5)
          .map((row) => String(row[3 + column]))
      const kept = await rows(top)
      expect(kept.length).toBeLessThanOrEqual(5 * 4 * 3)
      expect(best(kept)).toEqual(best(await rows(source)))
    }
  })

  test('a mark says for every document what the filter would', async () => {
    const predicate = new TextPredicate('match', 'message', [], 'timeout')
    const marked = await rows(scan([['hit', { kind: 'mark', predicate }], 'message']))
    const hits = marked.filter(([hit]) => hit === true)
    expect(marked).toHaveLength(7209)
    expect(hits.length).toBeGreaterThan(10)
    expect(sorted(hits.map(([, message]) => [message!]))).toEqual(
      sorted(await rows(scan(['message'], { text: [predicate] }))),
    )
  })

  test('survive the wire', () => {
    const codec = new PlanCodec(defaultFunctions(), [...tantivyCodecs])
    const predicate = new TextPredicate('match', 'message', ['a', 'b.c'], "it's")
    const table = (scan(['service']).children[0] as FastFieldExec).table
    const columns = [
      { name: 'service', type: new Utf8(), nullable: true, source: { kind: 'column', name: 'service' } as const },
      {
        name: 'x',
        type: new Utf8(),
        nullable: false,
        source: { kind: 'path', name: 'attributes', path: ['a', 3, 'b'], text: true } as const,
      },
    ]
    const filter = new ComparisonExpr(
      '>=',
      new ColumnExpr(3, 'service', new Utf8(), true),
      new LiteralExpr(new Utf8(), 'l'),
    )
    const top = { k: 7, keys: [{ column: 1, descending: true, nullsFirst: false }] }
    const nodes: ExecutionPlan[] = [
      new InvertedIndexExec(table, { filters: [predicate], marks: [{ name: 'm', predicate }], scored: true, topK: 3 }),
      new InvertedIndexExec(table.forTask(new Set()), { filters: [], marks: [], scored: false, topK: null }),
      new FastFieldExec(table, { columns, filters: [filter], query: [predicate], top, fetch: null }),
      new DocumentExec(table, { columns, filters: [], query: [], top: null, fetch: 12 }),
    ]
    for (const node of nodes) {
      const decoded = codec.decodePlan(codec.encodePlan(node))
      expect(picture(decoded)).toEqual(picture(node))
    }
  })
})

/** Everything that a node is made of and that is sent, types as text. */
function picture(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return typeof value === 'bigint' ? `${value}n` : value
  if (value instanceof RecordBatch) return null
  if ('typeId' in value) return typeKey(value as Utf8)
  if (Array.isArray(value)) return value.map(picture)
  if (value instanceof Map) return [...value].map(picture)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'mapping' && key !== 'tags')
      .map(([key, entry]) => [key, picture(entry)]),
  )
}
