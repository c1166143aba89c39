/** How a clause counts: it must match, may match, or must not match. */
export type Occur = 'must' | 'should' | 'mustNot'

export interface Literal {
  readonly kind: 'literal'
  readonly field: string | null
  readonly phrase: string
  readonly slop: number
  readonly prefix: boolean
}

/** `*` is an open bound: null. */
export type Bound = { readonly text: string; readonly inclusive: boolean } | null

/** A query as it was written, before fields and types are known. */
export type UserInputAst =
  | Literal
  | { readonly kind: 'all' }
  | { readonly kind: 'exists'; readonly field: string }
  | { readonly kind: 'range'; readonly field: string | null; readonly lower: Bound; readonly upper: Bound }
  | { readonly kind: 'set'; readonly field: string | null; readonly elements: readonly string[] }
  | { readonly kind: 'regex'; readonly field: string | null; readonly pattern: string }
  | { readonly kind: 'boost'; readonly query: UserInputAst; readonly boost: number }
  | { readonly kind: 'clause'; readonly clauses: readonly Clause[] }

/** A clause with its sign, or null where none was written. */
export type Clause = readonly [Occur | null, UserInputAst]

/** Gives a field to the parts that name none. */
export function withDefaultField(ast: UserInputAst, field: string): UserInputAst {
  switch (ast.kind) {
    case 'literal':
    case 'regex':
    case 'range':
    case 'set':
      return ast.field === null ? { ...ast, field } : ast
    case 'all':
      return { kind: 'exists', field }
    case 'exists':
      return ast
    case 'boost':
      return { ...ast, query: withDefaultField(ast.query, field) }
    case 'clause':
      return { kind: 'clause', clauses: ast.clauses.map(([occur, part]) => [occur, withDefaultField(part, field)]) }
  }
}

/** Removes repeated clauses, and clauses of a single unsigned clause. */
export function rewrite(ast: UserInputAst): UserInputAst {
  if (ast.kind !== 'clause') return ast
  const seen = new Set<string>()
  const clauses: Clause[] = []
  for (const [occur, part] of ast.clauses) {
    const clause: Clause = [occur, rewrite(part)]
    const key = JSON.stringify(clause)
    if (seen.has(key)) continue
    seen.add(key)
    const inner = clause[1]
    clauses.push(occur === null && inner.kind === 'clause' && inner.clauses.length === 1 ? inner.clauses[0]! : clause)
  }
  return { kind: 'clause', clauses }
}
