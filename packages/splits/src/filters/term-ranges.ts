import { ColumnExpr, ComparisonExpr, InListExpr, LiteralExpr, mirroredOperator, type Expr } from '@volley/core'
import type { ColumnDictionary } from '@volley/tantivy'
import type { Range } from './range-filter.ts'

const encoder = new TextEncoder()

/** A plan that is run again asks the same of the same dictionaries. */
const known = new WeakMap<Expr, WeakMap<ColumnDictionary, readonly Range[] | null>>()

/**
 * Ordinals of the terms that a comparison of a text column with literals accepts, or IN, as disjoint ascending ranges; null
 * for other predicates.
 */
export async function termRanges(predicate: Expr, dictionary: ColumnDictionary): Promise<readonly Range[] | null> {
  let byDictionary = known.get(predicate)
  if (byDictionary === undefined) known.set(predicate, (byDictionary = new WeakMap()))
  let ranges = byDictionary.get(dictionary)
  if (ranges === undefined) byDictionary.set(dictionary, (ranges = await findRanges(predicate, dictionary)))
  return ranges
}

async function findRanges(predicate: Expr, dictionary: ColumnDictionary): Promise<readonly Range[] | null> {
  if (predicate instanceof InListExpr) return listed(predicate, dictionary)
  if (!(predicate instanceof ComparisonExpr)) return null
  const { left, right } = predicate
  const flips = !(left instanceof ColumnExpr)
  const [column, literal] = flips ? [right, left] : [left, right]
  if (!(column instanceof ColumnExpr) || !(literal instanceof LiteralExpr)) return null
  if (typeof literal.value !== 'string') return null
  const op = flips ? mirroredOperator(predicate.op) : predicate.op
  const from = await dictionary.lowerBound(encoder.encode(literal.value))
  const behind = from + +((await dictionary.ordOf(encoder.encode(literal.value))) >= 0)
  const last = dictionary.numTerms
  switch (op) {
    case '=':
      return runs([[from, behind]])
    case '<>':
      return runs([
        [0, from],
        [behind, last],
      ])
    case '<':
      return runs([[0, from]])
    case '<=':
      return runs([[0, behind]])
    case '>':
      return runs([[behind, last]])
    case '>=':
      return runs([[from, last]])
    default:
      return null
  }
}

async function listed({ child, list, negated }: InListExpr, dictionary: ColumnDictionary): Promise<Range[] | null> {
  if (!(child instanceof ColumnExpr)) return null
  const texts: string[] = []
  for (const item of list) {
    if (!(item instanceof LiteralExpr)) return null
    if (typeof item.value === 'string') texts.push(item.value)
    else if (item.value !== null) return null
    // What is not in a list that has NULL is unknown.
    else if (negated) return []
  }
  const found = await Promise.all(texts.map((text) => dictionary.ordOf(encoder.encode(text))))
  const ordinals = [...new Set(found)].filter((ordinal) => ordinal >= 0).sort((a, b) => a - b)
  if (!negated) return runs(ordinals.map((ordinal) => [ordinal, ordinal + 1]))
  const starts = [0, ...ordinals.map((ordinal) => ordinal + 1)]
  const ends = [...ordinals, dictionary.numTerms]
  return runs(starts.map((start, i) => [start, ends[i]!]))
}

/** Runs of ordinals with their ends (exclusive) as ranges, without the empty ones; runs side by side are one. */
function runs(list: readonly (readonly [from: number, end: number])[]): Range[] {
  const found: Range[] = []
  for (const [from, end] of list) {
    if (from >= end) continue
    const last = found.at(-1)
    if (last !== undefined && last[1] === BigInt(from) - 1n) found[found.length - 1] = [last[0], BigInt(end) - 1n]
    else found.push([BigInt(from), BigInt(end) - 1n])
  }
  return found
}
