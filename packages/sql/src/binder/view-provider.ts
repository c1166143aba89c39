import { internalError, type ExecutionPlan } from '@volley/core'
import type { LogicalColumn, TableColumn, TableProvider } from '@volley/planner'
import type { AstQuery } from '../parser/ast.ts'

/** A view: a query under a name, bound again wherever it is used. */
export class ViewProvider implements TableProvider {
  readonly name: string
  readonly query: AstQuery
  /** As they were when the view was made. */
  readonly columns: readonly TableColumn[]
  readonly rows = null
  readonly bytes = null
  readonly supportsPaths = false
  readonly supportsText = false

  constructor(name: string, query: AstQuery, columns: readonly LogicalColumn[], names: readonly string[]) {
    this.name = name
    this.query = query
    this.columns = columns.map((column, i) => ({
      name: names[i] ?? column.name,
      type: column.type,
      nullable: column.nullable,
      visible: true,
      selectable: true,
      searchable: false,
    }))
  }

  supportsFilter(): boolean {
    return false
  }

  checkText(): void {
    throw internalError('a view is not searched itself')
  }

  scan(): ExecutionPlan {
    throw internalError(`view ${this.name} was not expanded`)
  }
}
