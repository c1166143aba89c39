import { AllQuery, BooleanQuery, ConstScoreQuery, EmptyQuery, type Query } from '@volley/tantivy'

/** Clauses on their way to a query; a `filter` clause must match and does not score. */
export interface ClauseGroup {
  readonly kind: 'group'
  readonly must: readonly ClauseTree[]
  readonly filter: readonly ClauseTree[]
  readonly should: readonly ClauseTree[]
  readonly mustNot: readonly ClauseTree[]
  readonly minimumShouldMatch: number | null
}

/** A query as it is put together: what surely matches all or nothing is known, so that groups can be simplified. */
export type ClauseTree =
  | { readonly kind: 'all' }
  | { readonly kind: 'none' }
  | { readonly kind: 'query'; readonly query: Query }
  | ClauseGroup

export const ALL: ClauseTree = { kind: 'all' }
export const NONE: ClauseTree = { kind: 'none' }

export function leafOf(query: Query): ClauseTree {
  return { kind: 'query', query }
}

export function groupOf(clauses: Partial<Omit<ClauseGroup, 'kind'>>): ClauseGroup {
  return { kind: 'group', must: [], filter: [], should: [], mustNot: [], minimumShouldMatch: null, ...clauses }
}

export function anyOf(trees: readonly ClauseTree[]): ClauseTree {
  return groupOf({ should: trees })
}

export function allOf(trees: readonly ClauseTree[]): ClauseTree {
  return groupOf({ must: trees })
}

/** The query of a tree, simplified as Quickwit does: a group without clauses is all documents. */
export function queryOf(tree: ClauseTree): Query {
  return toQuery(simplify(tree))
}

function toQuery(tree: ClauseTree): Query {
  switch (tree.kind) {
    case 'all':
      return new AllQuery()
    case 'none':
      return new EmptyQuery()
    case 'query':
      return tree.query
    case 'group': {
      const filters = tree.filter.map((child) => new ConstScoreQuery(toQuery(child), 0))
      // Where nothing is required, one clause of those offered is, even if none was asked for.
      const minimum =
        tree.minimumShouldMatch === 0 && tree.must.length + filters.length === 0 ? 1 : tree.minimumShouldMatch
      return new BooleanQuery({
        must: [...tree.must.map(toQuery), ...filters],
        should: tree.should.map(toQuery),
        mustNot: tree.mustNot.map(toQuery),
        ...(minimum !== null && { minimumShouldMatch: minimum }),
      })
    }
  }
}

function simplify(tree: ClauseTree): ClauseTree {
  if (tree.kind !== 'group') return tree
  const minimum = tree.minimumShouldMatch
  const mustNot = tree.mustNot.map(simplify)
  const must: ClauseTree[] = []
  const filter: ClauseTree[] = []
  // A group that only requires dissolves into the group that requires it.
  for (const child of tree.must.map(simplify)) {
    if (!onlyRequires(child)) must.push(child)
    else {
      must.push(...child.must)
      filter.push(...child.filter)
      mustNot.push(...child.mustNot)
    }
  }
  for (const child of tree.filter.map(simplify)) {
    if (!onlyRequires(child)) filter.push(child)
    else {
      filter.push(...child.must, ...child.filter)
      mustNot.push(...child.mustNot)
    }
  }
  const should = tree.should
    .map(simplify)
    .flatMap((child) => (minimum === null && child.kind === 'group' && onlyOffers(child) ? child.should : [child]))
  const clauses = must.length + filter.length + should.length + mustNot.length
  if (clauses === 0 && (minimum ?? 0) === 0) return ALL
  if ([...must, ...filter].some(isNone) || mustNot.some(isAll)) return NONE

  const asked = without(must, isAll)
  const filters = without(filter, isAll)
  const offered = minimum === null ? without(should, isNone) : should
  const excluded = without(mustNot, isNone)
  const required = must.length + filter.length > 0
  if (!required && should.length > 0 && minimum === null) {
    if (offered.length === 0) return NONE
  }
  if (!required && should.length === 0) {
    if ((minimum ?? 0) > 0) return NONE
    return excluded.length === 0 ? ALL : { ...tree, must: [ALL], filter: [], should: [], mustNot: excluded }
  }
  // Something has to be required still where all that was required matches everything.
  const kept = required && asked.length + filters.length === 0 ? [ALL] : asked
  if (minimum === null && filters.length + excluded.length === 0 && kept.length + offered.length === 1) {
    return kept[0] ?? offered[0]!
  }
  return groupOf({ must: kept, filter: filters, should: offered, mustNot: excluded, minimumShouldMatch: minimum })
}

function onlyRequires(tree: ClauseTree): tree is ClauseGroup {
  return tree.kind === 'group' && tree.should.length === 0 && tree.minimumShouldMatch === null
}

function onlyOffers({ must, filter, mustNot, minimumShouldMatch }: ClauseGroup): boolean {
  return must.length + filter.length + mustNot.length === 0 && minimumShouldMatch === null
}

function isAll({ kind }: ClauseTree): boolean {
  return kind === 'all'
}

function isNone({ kind }: ClauseTree): boolean {
  return kind === 'none'
}

function without(trees: readonly ClauseTree[], test: (tree: ClauseTree) => boolean): ClauseTree[] {
  return trees.filter((tree) => !test(tree))
}
