import {
  AggregateCall,
  ColumnExpr,
  NO_ROW,
  takeVector,
  transformExpr,
  typeName,
  UINT32,
  vectorOf,
  visitExpr,
  type Expr,
  type PrimitiveVector,
  type TaskContext,
  type Vector,
} from '@volley/core'
import type { Region } from '@volley/kernels'
import type { DataType } from 'apache-arrow'
import { addressFields } from './address.ts'
import { WHOLE_DICTIONARY, type OrdinalColumn } from './fast-column.ts'
import { markOrdinals, numberMarked } from './ordinal-lists.ts'
import type { SegmentColumns } from './segment-columns.ts'

/** Dictionaries of fewer terms are read to group by them. */
const SMALL_DICTIONARY = 4096
/** Those with this many terms a document, or more than are read at once, are not: ordinals are, and the groups' texts. */
const TERMS_PER_DOC = 2
/** Below this share of the terms, ordinals are sorted rather than marked in a list of all. */
const FEW = 1 / 32

/** Text columns of an aggregate that a segment counts by their ordinals. */
export interface ByOrdinals {
  /** By the position of a group. */
  readonly groups: ReadonlyMap<number, OrdinalColumn>
  /** By the position of a MIN or MAX. */
  readonly calls: ReadonlyMap<number, OrdinalColumn>
  /** Positions among the segment's columns. */
  readonly columns: readonly number[]
}

/**
 * Groups, and arguments of MIN and MAX, that are text columns with many terms for so many documents, which no filter that is
 * left and nothing else reads, but groups whose column is to be read by a dictionary of its own. The segment gives those
 * columns as ordinals from then on.
 */
export function byOrdinals(
  groups: readonly Expr[],
  calls: readonly AggregateCall[],
  filters: readonly Expr[],
  segment: SegmentColumns,
  docs: number,
  narrow: (column: OrdinalColumn) => boolean,
): ByOrdinals {
  const found = { groups: new Map<number, OrdinalColumn>(), calls: new Map<number, OrdinalColumn>() }
  const most = Math.max(SMALL_DICTIONARY, Math.min(docs * TERMS_PER_DOC, WHOLE_DICTIONARY))
  const columnOf = (expr: Expr, others: readonly Expr[]): OrdinalColumn | null => {
    if (!(expr instanceof ColumnExpr) || typeName(expr.type) !== 'Utf8' || expr.index < addressFields.length)
      return null
    if (others.some((other) => reads(other, expr.index))) return null
    const column = segment.ordinals(expr.index - addressFields.length)
    return column === null || column.numTerms <= most ? null : column
  }
  for (const [c, call] of calls.entries()) {
    if (!isExtreme(call)) continue
    const [argument] = call.args
    const rest = calls.filter((other) => !isExtreme(other) || String(other.args[0]) !== String(argument))
    const conditions = calls.flatMap(({ filter }) => (filter === null ? [] : [filter]))
    const others = [...filters, ...groups, ...conditions, ...rest.flatMap((other) => other.exprs)]
    const column = columnOf(argument!, others)
    if (column?.sorted === true) found.calls.set(c, column)
  }
  for (const [g, group] of groups.entries()) {
    const others = [...filters, ...groups.filter((_, other) => other !== g), ...calls.flatMap((call) => call.exprs)]
    const column = columnOf(group, others)
    // Other ordinals take states of the segment's own anyway.
    if (column !== null && (found.calls.size > 0 || !narrow(column))) found.groups.set(g, column)
  }
  const used = [
    ...[...found.groups.keys()].map((g) => groups[g]!),
    ...[...found.calls.keys()].map((c) => calls[c]!.args[0]!),
  ]
  const columns = used.map((expr) => (expr as ColumnExpr).index - addressFields.length)
  for (const i of columns) segment.useOrdinals(i)
  return { ...found, columns }
}

function isExtreme({ fn, args, holdsRows }: AggregateCall): boolean {
  return (fn.name === 'min' || fn.name === 'max') && args.length === 1 && !holdsRows
}

/** A column as the ordinals of its texts. */
export function asOrdinals(expr: Expr): Expr {
  return transformExpr(expr, (node) =>
    node instanceof ColumnExpr ? new ColumnExpr(node.index, node.name, UINT32, true) : node,
  )
}

/** MIN or MAX of ordinals. */
export function extremeOfOrdinals({ fn, args, filter }: AggregateCall): AggregateCall {
  return new AggregateCall(fn, args.map(asOrdinals), {
    distinct: false,
    filter,
    orderBy: [],
    type: UINT32,
    nullable: true,
    argTypes: [UINT32],
  })
}

export function reads(expr: Expr, index: number): boolean {
  let found = false
  visitExpr(expr, (node) => {
    if (node instanceof ColumnExpr && node.index === index) found = true
  })
  return found
}

/** Ordinals, some NULL, as texts; waits only for what is not in memory. */
export function textsOfOrdinals(
  ordinals: PrimitiveVector,
  column: OrdinalColumn,
  type: DataType,
  context: TaskContext,
  region: Region,
): Vector | Promise<Vector> {
  const { length } = ordinals
  const values = (ordinals.values as Uint32Array).subarray(0, length)
  const known = ordinals.validity === null ? column.knownTexts(values, region) : null
  return known ?? readTexts(ordinals, column, type, context, region)
}

async function readTexts(
  ordinals: PrimitiveVector,
  column: OrdinalColumn,
  type: DataType,
  context: TaskContext,
  region: Region,
): Promise<Vector> {
  const { length } = ordinals
  const { distinct, rows } = length < column.numTerms * FEW ? sorted(ordinals) : marked(ordinals, column.numTerms)
  if (distinct.length === 0)
    return vectorOf(
      type,
      Array.from({ length }, () => null),
      region,
    )
  context.throwIfCancelled()
  return takeVector(await column.textsOf(distinct, region), rows, length, region)
}

/** Groups of this share of the terms, or more, are put in the terms' order: their texts are then read one behind the other. */
const MUCH = 1 / 8

/**
 * The groups of a text column in the order of its terms, NULL behind them; null where they are few for its terms, or their
 * states are more to move than their texts are to find.
 */
export function orderOfOrdinals(
  key: Vector,
  column: OrdinalColumn | undefined,
  states: readonly Vector[],
): Uint32Array | null {
  if (column === undefined || key.length < column.numTerms * MUCH || states.length > 2) return null
  if (states.some(({ encoding }) => encoding !== 'primitive')) return null
  const ordinals = key as PrimitiveVector
  const values = ordinals.values as Uint32Array
  const groupOf = new Uint32Array(column.numTerms).fill(NO_ROW)
  let ofNull = NO_ROW
  for (let group = 0; group < key.length; group++) {
    if (ordinals.isValid(group)) groupOf[values[group]!] = group
    else ofNull = group
  }
  const order = new Uint32Array(key.length)
  let count = 0
  for (const group of groupOf) if (group !== NO_ROW) order[count++] = group
  if (ofNull !== NO_ROW) order[count] = ofNull
  return order
}

interface Distinct {
  /** Ascending. */
  readonly distinct: Uint32Array
  /** Where among them each row's is; `NO_ROW` for NULL. */
  readonly rows: Uint32Array
}

function marked(ordinals: PrimitiveVector, numTerms: number): Distinct {
  const values = ordinals.values as Uint32Array
  const { length } = ordinals
  // One place a term: where its text is among those that are read.
  const place = new Uint32Array(numTerms)
  markOrdinals(ordinals, length, place)
  const distinct = numberMarked(place, length)
  const rows = new Uint32Array(length)
  for (let i = 0; i < length; i++) rows[i] = ordinals.isValid(i) ? place[values[i]!]! : NO_ROW
  return { distinct, rows }
}

/** Values and rows sort together, as whole numbers of 53 bits. */
function sorted(ordinals: PrimitiveVector): Distinct {
  const values = ordinals.values as Uint32Array
  const { length } = ordinals
  const pairs = new Float64Array(length)
  let valid = 0
  for (let i = 0; i < length; i++) if (ordinals.isValid(i)) pairs[valid++] = values[i]! * length + i
  const ordered = pairs.subarray(0, valid).sort()
  const distinct = new Uint32Array(valid)
  const rows = new Uint32Array(length).fill(NO_ROW)
  let count = 0
  for (let k = 0; k < valid; k++) {
    const ordinal = Math.floor(ordered[k]! / length)
    if (count === 0 || distinct[count - 1] !== ordinal) distinct[count++] = ordinal
    rows[ordered[k]! - ordinal * length] = count - 1
  }
  return { distinct: distinct.subarray(0, count), rows }
}
