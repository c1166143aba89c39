import { SqlState } from '@volley/core'
import type { ColumnId, LogicalColumn, LogicalPlan, TableProvider } from '@volley/planner'
import type { AstName, Position } from '../parser/ast.ts'
import type { ScanField } from './bind-context.ts'
import { sqlError } from './errors.ts'
import { didYouMean, fold } from './names.ts'

/** A column that a name can mean. */
export interface ScopeColumn {
  readonly name: string
  /** Null for a field that is only indexed: it can be searched, but has no value. */
  readonly column: LogicalColumn | null
  /** The table's field, where `column` is null. */
  readonly field: ScanField | null
  readonly inStar: boolean
  /** Joined by USING: found by the qualified name only. */
  readonly covered: boolean
}

/** A table of FROM under the name that it answers to. */
export interface Relation {
  readonly name: string
  /** Also with schema, as written. */
  readonly fullName: string
  readonly columns: readonly ScopeColumn[]
  /** The scan, when the relation is a base table. */
  readonly scan: { readonly provider: TableProvider; readonly scan: ColumnId } | null
  /** Rows of a function that gives one column: the name of the table means it, too. */
  readonly isValue?: boolean
}

/** What names mean in one SELECT; `parent` is the query around it. */
export class Scope {
  readonly relations: readonly Relation[]
  /** Columns merged by USING or NATURAL, which come first in `*`. */
  readonly merged: readonly ScopeColumn[]
  readonly parent: Scope | null

  constructor(relations: readonly Relation[], merged: readonly ScopeColumn[], parent: Scope | null) {
    this.relations = relations
    this.merged = merged
    this.parent = parent
  }

  withParent(parent: Scope | null): Scope {
    return new Scope(this.relations, this.merged, parent)
  }

  /** The columns of `*`, in order. */
  get star(): ScopeColumn[] {
    const rest = this.relations.flatMap((relation) =>
      relation.columns.filter((column) => column.inStar && !column.covered),
    )
    return [...this.merged.filter((column) => column.inStar), ...rest]
  }

  /** The scopes around this one, innermost first. */
  get enclosing(): Scope[] {
    return this.parent === null ? [] : [this.parent, ...this.parent.enclosing]
  }

  relation(name: string): Relation | null {
    return this.relations.find((relation) => relation.name === name || relation.fullName === name) ?? null
  }

  /**
   * Finds a column in this scope alone; null when there is none.
   *
   * @throws VolleyError 42702 when several columns have the name
   */
  find(parts: readonly AstName[]): ScopeColumn | null {
    const folded = parts.map(fold)
    for (let k = folded.length - 1; k > 0; k--) {
      const relation = this.relation(folded.slice(0, k).join('.'))
      const column = relation === null ? null : this.#only(namedIn(relation, folded.slice(k).join('.')), parts)
      if (column !== null) return column
    }
    const name = folded.join('.')
    const merged = this.merged.filter((column) => column.name === name)
    const visible = this.relations.flatMap((relation) => namedIn(relation, name).filter((column) => !column.covered))
    if (merged.length + visible.length > 0 || parts.length > 1) return this.#only([...merged, ...visible], parts)
    const values = this.relations.filter((relation) => relation.isValue === true && relation.name === name)
    return this.#only(
      values.flatMap((relation) => relation.columns),
      parts,
    )
  }

  #only(found: readonly ScopeColumn[], parts: readonly AstName[]): ScopeColumn | null {
    const first = found[0]
    if (first === undefined) return null
    if (found.every((column) => column === first || (column.column !== null && column.column.id === first.column?.id)))
      return first
    const name = parts.map(fold).join('.')
    const owners = this.relations.filter((relation) => relation.columns.some((column) => found.includes(column)))
    const hint =
      owners.length > 1 ? `name the table: ${owners.map((owner) => `${owner.name}.${name}`).join(' or ')}` : undefined
    throw sqlError(SqlState.ambiguousColumn, `column reference "${name}" is ambiguous`, parts[0]?.at ?? null, hint)
  }

  /** The error for a name that no scope knows. */
  undefinedColumn(parts: readonly AstName[], extra: Iterable<string> = []): Error {
    const at: Position | null = parts[0]?.at ?? null
    const folded = parts.map(fold)
    const name = folded.join('.')
    const qualifier = folded.slice(0, -1).join('.')
    const columns: string[] = []
    const relations: string[] = []
    for (const scope of [this, ...this.enclosing]) {
      for (const relation of scope.relations) {
        relations.push(relation.name)
        const prefix = relation.name === qualifier ? `${qualifier}.` : ''
        for (const column of relation.columns) columns.push(`${prefix}${column.name}`)
      }
    }
    if (
      parts.length > 1 &&
      !relations.includes(qualifier) &&
      !relations.some((relation) => columns.includes(`${relation}.${name}`))
    ) {
      const nearTable = didYouMean(qualifier, relations)
      if (nearTable !== '' || parts.length === 2) {
        const nearColumn = nearTable === '' ? didYouMean(name, columns) : nearTable
        if (nearTable !== '' || nearColumn === '') {
          return sqlError(SqlState.undefinedTable, `missing FROM-clause entry for table "${qualifier}"${nearTable}`, at)
        }
      }
    }
    return sqlError(
      SqlState.undefinedColumn,
      `column "${name}" does not exist${didYouMean(name, [...columns, ...extra])}`,
      at,
    )
  }
}

function namedIn(relation: Relation, name: string): ScopeColumn[] {
  return relation.columns.filter((column) => column.name === name)
}

/** The scope after a plan has changed the nullability of its columns. */
export function refreshed(scope: Scope, plan: LogicalPlan): Scope {
  const byId = new Map(plan.columns.map((column) => [column.id, column]))
  const fresh = (column: ScopeColumn): ScopeColumn => {
    const now = column.column === null ? undefined : byId.get(column.column.id)
    return now === undefined || now === column.column ? column : { ...column, column: now }
  }
  const relations = scope.relations.map((relation) => ({ ...relation, columns: relation.columns.map(fresh) }))
  return new Scope(relations, scope.merged.map(fresh), scope.parent)
}
