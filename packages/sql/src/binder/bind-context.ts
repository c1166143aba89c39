import type { Expr } from '@volley/core'
import { SqlState, VolleyError } from '@volley/core'
import type { ColumnId, LogicalColumn, PlanningContext, TableProvider } from '@volley/planner'
import type { TableColumn } from '@volley/planner'
import type { DataType } from 'apache-arrow'
import type { AstExpr, AstName, Position } from '../parser/ast.ts'

/** A column of a base table, reached through a scan of the statement. */
export interface ScanField {
  readonly provider: TableProvider
  /** An output column of the scan. */
  readonly scan: ColumnId
  readonly column: TableColumn
}

/** Tables and table functions of a statement, each found once. */
export interface ResolvedTables {
  table(name: readonly AstName[]): TableProvider
  tableFunction(name: readonly AstName[], args: readonly AstExpr[]): TableProvider
}

/** A statement refers to no more tables than this, CTEs counted once for each use. */
const MAX_TABLES = 500

/** What lives as long as the binding of one statement. */
export class BindContext {
  readonly planning: PlanningContext
  readonly tables: ResolvedTables
  /** Scan outputs by id, also under the ids of their copies. */
  readonly fields: Map<ColumnId, ScanField> = new Map()
  readonly #positions = new WeakMap<Expr, Position>()
  readonly #untyped = new WeakSet<Expr>()
  readonly #workTables = new Map<string, number>()
  #lastId = 0
  #tableCount = 0

  constructor(planning: PlanningContext, tables: ResolvedTables) {
    this.planning = planning
    this.tables = tables
  }

  newId(): ColumnId {
    return ++this.#lastId
  }

  newColumn(name: string, type: DataType, nullable: boolean, qualifier: string | null = null): LogicalColumn {
    return { id: this.newId(), name, type, nullable, qualifier }
  }

  /** @throws VolleyError 54001 when CTEs have multiplied beyond measure */
  countTable(at: Position | null): void {
    if (++this.#tableCount <= MAX_TABLES) return
    throw new VolleyError(`the statement is too complex: it refers to more than ${MAX_TABLES} tables`, {
      code: SqlState.statementTooComplex,
      ...(at === null ? {} : { position: at }),
    })
  }

  /** A name for a recursive query that no other of this statement has. */
  workTableName(name: string): string {
    const count = (this.#workTables.get(name) ?? 0) + 1
    this.#workTables.set(name, count)
    return count === 1 ? name : `${name}#${count}`
  }

  /** Remembers where an expression stands in the text. */
  locate<E extends Expr>(expr: E, at: Position | null): E {
    if (at !== null && !this.#positions.has(expr)) this.#positions.set(expr, at)
    return expr
  }

  positionOf(expr: Expr): Position | null {
    return this.#positions.get(expr) ?? null
  }

  /** Marks a text literal that has no type of its own yet, and takes that of what it meets. */
  markUntyped<E extends Expr>(expr: E): E {
    this.#untyped.add(expr)
    return expr
  }

  isUntyped(expr: Expr): boolean {
    return this.#untyped.has(expr)
  }
}
