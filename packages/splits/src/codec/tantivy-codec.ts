import type { DecodeContext, EncodeContext, NodeCodec } from '@volley/codec'
import { SqlState, VolleyError, type AggregateCall, type ExecutionPlan } from '@volley/core'
import { TextPredicate } from '@volley/planner'
import { volley } from '../generated/messages.js'
import { Layout, type SplitRef } from '../layout/layout.ts'
import { parseScannedIndex } from '../provider/scanned-index.ts'
import type { ColumnSource, ColumnSourceOptions } from '../sources/column-source.ts'
import { DocumentExec } from '../sources/document-exec.ts'
import { DocumentFetchExec } from '../sources/document-fetch-exec.ts'
import { FastFieldExec } from '../sources/fast-field-exec.ts'
import { InvertedIndexExec } from '../sources/inverted-index-exec.ts'
import type { TopKey } from '../sources/key-words.ts'
import type { RuntimeFilter } from '../sources/runtime-filters.ts'
import { ScanTable } from '../sources/scan-table.ts'
import type { SourceColumn } from '../sources/segment-columns.ts'
import { TantivyAggregateExec } from '../sources/tantivy-aggregate-exec.ts'

const messages = volley.splits

/** Codecs of the nodes that read splits, for a PlanCodec. */
export const tantivyCodecs: readonly NodeCodec[] = [
  {
    kind: 'InvertedIndexExec',
    encode: (node) => messages.InvertedIndex.encode(invertedToWire(node as InvertedIndexExec)).finish(),
    decode: (payload) => invertedFromWire(read(messages.InvertedIndex, payload)),
  },
  {
    kind: 'FastFieldExec',
    encode: (node, context) => messages.ColumnSource.encode(columnSourceToWire(node as ColumnSource, context)).finish(),
    decode: (payload, _children, context) => fastFieldFromWire(read(messages.ColumnSource, payload), context),
  },
  {
    kind: 'DocumentExec',
    encode: (node, context) => messages.ColumnSource.encode(columnSourceToWire(node as ColumnSource, context)).finish(),
    decode(payload, _children, context) {
      const wire = read(messages.ColumnSource, payload)
      return new DocumentExec(tableFromWire(wire.table), optionsFromWire(wire, context))
    },
  },
  {
    kind: 'DocumentFetchExec',
    encode(node, context) {
      const { table, columns, address, givesPadded } = node as DocumentFetchExec
      const wire = {
        table: tableToWire(table),
        columns: columns.map((column) => columnToWire(column, context)),
        address: [...address],
        leavesPadded: !givesPadded,
      }
      return messages.DocumentFetch.encode(wire).finish()
    },
    decode(payload, [input], context): ExecutionPlan {
      const wire = read(messages.DocumentFetch, payload)
      const address = [...(wire.address ?? [])]
      const width = required(input, 'input').schema.fields.length
      if (address.length !== 3 || address.some((at) => at >= width)) throw malformed('an address of no column')
      const columns = (wire.columns ?? []).map((column) => columnFromWire(column, context))
      return new DocumentFetchExec(input!, tableFromWire(wire.table), columns, address, wire.leavesPadded !== true)
    },
  },
  {
    kind: 'TantivyAggregateExec',
    encode(node, context) {
      const { fields, inverted, groups, groupingSets, calls, schema, gives } = node as TantivyAggregateExec
      const wire = {
        fields: columnSourceToWire(fields, context),
        inverted: inverted === null ? null : invertedToWire(inverted),
        groups: context.encodeExprs(groups),
        hasSets: groupingSets !== null,
        sets: (groupingSets ?? []).map((set) => ({ groups: [...set] })),
        calls: calls.map((call) => context.encodeAggregate(call)),
        schema: context.encodeSchema(schema),
        givesResults: gives === 'results',
      }
      return messages.TantivyAggregate.encode(wire).finish()
    },
    decode(payload, _children, context): ExecutionPlan {
      const wire = read(messages.TantivyAggregate, payload)
      const fields = fastFieldFromWire(required(wire.fields, 'fields'), context)
      const inverted = wire.inverted ? invertedFromWire(wire.inverted) : null
      const groups = context.decodeExprs(wire.groups ?? [])
      const sets = (wire.sets ?? []).map((set) => [...(set.groups ?? [])])
      if (sets.some((set) => set.some((at) => at >= groups.length))) throw malformed('a grouping set of no group')
      const calls: AggregateCall[] = (wire.calls ?? []).map((handle) => context.decodeAggregate(handle))
      const schema = context.decodeSchema(wire.schema ?? 0)
      const gives = wire.givesResults === true ? 'results' : 'states'
      return new TantivyAggregateExec(fields, inverted, groups, wire.hasSets ? sets : null, calls, schema, gives)
    },
  },
]

const tables = new WeakMap<ScanTable, volley.splits.ITable>()

/** Made once for all nodes that read the table. */
function tableToWire(table: ScanTable): volley.splits.ITable {
  let wire = tables.get(table)
  if (wire === undefined) tables.set(table, (wire = newTableToWire(table)))
  return wire
}

function newTableToWire({ name, indexes, layout, pruned }: ScanTable): volley.splits.ITable {
  const position = new Map(indexes.map((index, i) => [index.indexId, i]))
  return {
    name,
    indexes: indexes.map(({ indexId, mappingJson }) => ({ indexId, mappingJson })),
    layoutId: layout.layoutId,
    parentLayoutId: layout.parentId ?? '',
    partitions: layout.partitions,
    pruned,
    sliceIndex: layout.slice?.index ?? 0,
    sliceCount: layout.slice?.count ?? 0,
    splits: layout.splits.map((split) => ({
      index: position.get(split.indexId)!,
      indexUri: split.indexUri,
      splitId: split.splitId,
      footerStart: split.footerStart,
      footerEnd: split.footerEnd,
      numDocs: split.numDocs,
      docMappingUid: split.docMappingUid,
      firstSecond: split.timeRange?.start ?? null,
      lastSecond: split.timeRange?.end ?? null,
    })),
  }
}

function tableFromWire(wire: volley.splits.ITable | null | undefined): ScanTable {
  const table = required(wire, 'table')
  const indexes = (table.indexes ?? []).map((index) => parseScannedIndex(index.indexId ?? '', index.mappingJson ?? ''))
  const splits = (table.splits ?? []).map((split): SplitRef => {
    const index = required(indexes[split.index ?? 0], 'index of a split')
    return {
      indexId: index.indexId,
      indexUri: split.indexUri ?? '',
      splitId: split.splitId ?? '',
      footerStart: Number(split.footerStart ?? 0),
      footerEnd: Number(split.footerEnd ?? 0),
      numDocs: Number(split.numDocs ?? 0),
      docMappingUid: split.docMappingUid ?? '',
      timeRange: split.firstSecond == null ? null : { start: Number(split.firstSecond), end: Number(split.lastSecond) },
    }
  })
  const count = table.sliceCount ?? 0
  const slice = count === 0 ? null : { index: table.sliceIndex ?? 0, count }
  if (slice !== null && slice.index >= count) throw malformed(`slice ${slice.index} of ${count}`)
  const parent = table.parentLayoutId || null
  const layout = Layout.restore(table.layoutId ?? '', splits, table.partitions ?? 1, parent, slice)
  return new ScanTable(table.name ?? '', indexes, layout, table.pruned ?? 0)
}

function predicateToWire({ form, field, path, text }: TextPredicate): volley.splits.ITextPredicate {
  return { form, field, path: [...path], text }
}

function predicateFromWire(wire: volley.splits.ITextPredicate | null | undefined): TextPredicate {
  const { form, field, path, text } = required(wire, 'text predicate')
  if (form !== 'match' && form !== 'phrase' && form !== 'query') throw malformed(`text predicate ${form}`)
  return new TextPredicate(form, field ?? null, path ?? [], text ?? '')
}

function invertedToWire({ table, options }: InvertedIndexExec): volley.splits.IInvertedIndex {
  return {
    table: tableToWire(table),
    filters: options.filters.map(predicateToWire),
    marks: options.marks.map(({ name, predicate }) => ({ name, predicate: predicateToWire(predicate) })),
    scored: options.scored,
    topK: options.topK,
  }
}

function invertedFromWire(wire: volley.splits.IInvertedIndex): InvertedIndexExec {
  return new InvertedIndexExec(tableFromWire(wire.table), {
    filters: (wire.filters ?? []).map(predicateFromWire),
    marks: (wire.marks ?? []).map((mark) => ({ name: mark.name ?? '', predicate: predicateFromWire(mark.predicate) })),
    scored: wire.scored ?? false,
    topK: wire.topK ?? null,
  })
}

function columnToWire(column: SourceColumn, context: EncodeContext): volley.splits.IColumn {
  const { source } = column
  const path = source.kind === 'path' ? source.path : []
  return {
    name: column.name,
    type: context.encodeType(column.type),
    nullable: column.nullable,
    ...(source.kind === 'mark' ? { mark: predicateToWire(source.predicate) } : { source: source.name }),
    isPath: source.kind === 'path',
    path: path.map((step) => (typeof step === 'string' ? { key: step } : { element: step })),
    text: source.kind === 'path' && source.text,
  }
}

function sourceFromWire(
  wire: volley.splits.IColumn,
  name: string,
  path: readonly (string | number)[],
): SourceColumn['source'] {
  if (wire.mark != null) return { kind: 'mark', predicate: predicateFromWire(wire.mark) }
  return wire.isPath === true ? { kind: 'path', name, path, text: wire.text ?? false } : { kind: 'column', name }
}

function columnFromWire(wire: volley.splits.IColumn, context: DecodeContext): SourceColumn {
  const name = wire.source ?? ''
  const path = (wire.path ?? []).map((step) => step.key ?? step.element ?? '')
  return {
    name: wire.name ?? '',
    type: context.decodeType(wire.type ?? 0),
    nullable: wire.nullable ?? false,
    source: sourceFromWire(wire, name, path),
  }
}

function columnSourceToWire({ table, options }: ColumnSource, context: EncodeContext): volley.splits.IColumnSource {
  return {
    table: tableToWire(table),
    columns: options.columns.map((column) => columnToWire(column, context)),
    filters: context.encodeExprs(options.filters),
    query: options.query.map(predicateToWire),
    runtime: (options.runtime ?? []).map((filter) => runtimeToWire(filter, context)),
    top: options.top === null ? null : { k: options.top.k, keys: [...options.top.keys] },
    fetch: options.fetch,
  }
}

function optionsFromWire(wire: volley.splits.IColumnSource, context: DecodeContext): ColumnSourceOptions {
  const width = wire.columns?.length ?? 0
  const runtime = (wire.runtime ?? []).map((filter) => runtimeFromWire(filter, context))
  return {
    columns: (wire.columns ?? []).map((column) => columnFromWire(column, context)),
    filters: context.decodeExprs(wire.filters ?? []),
    query: (wire.query ?? []).map(predicateFromWire),
    ...(runtime.length > 0 ? { runtime } : {}),
    top: wire.top ? { k: wire.top.k ?? 0, keys: (wire.top.keys ?? []).map((key) => topKeyFromWire(key, width)) } : null,
    fetch: wire.fetch == null ? null : Number(wire.fetch),
  }
}

function runtimeToWire({ id, expr, tags }: RuntimeFilter, context: EncodeContext): volley.splits.IRuntimeFilter {
  const own = [...(tags ?? [])].map(([splitId, values]) => ({ splitId, values: [...values] }))
  return { id, expr: context.encodeExpr(expr), tags: own }
}

function runtimeFromWire({ id, expr, tags }: volley.splits.IRuntimeFilter, context: DecodeContext): RuntimeFilter {
  const own = new Map((tags ?? []).map(({ splitId, values }) => [splitId ?? '', values ?? []]))
  return { id: id ?? 0, expr: context.decodeExpr(expr ?? 0), ...(own.size === 0 ? {} : { tags: own }) }
}

function topKeyFromWire(wire: volley.splits.ITopKey, width: number): TopKey {
  const column = wire.column ?? 0
  if (column >= width) throw malformed('a key of no column')
  return { column, descending: wire.descending ?? false, nullsFirst: wire.nullsFirst ?? false }
}

function fastFieldFromWire(wire: volley.splits.IColumnSource, context: DecodeContext): FastFieldExec {
  return new FastFieldExec(tableFromWire(wire.table), optionsFromWire(wire, context))
}

function read<T>(message: { decode(bytes: Uint8Array): T }, payload: Uint8Array): T {
  try {
    return message.decode(payload)
  } catch (error) {
    throw malformed((error as Error).message)
  }
}

function required<T>(value: T | null | undefined, what: string): T {
  if (value == null) throw malformed(`without ${what}`)
  return value
}

function malformed(what: string): VolleyError {
  return new VolleyError(`a plan node that reads splits is malformed: ${what}`, { code: SqlState.protocolViolation })
}
