import type { Estimate, ExecutionPlan, Expr, FunctionRegistry } from '@volley/core'
import type { DataType } from 'apache-arrow'
import type { ScanColumn } from '../logical/logical-plan.ts'

/**
 * A text predicate of one table, as data: what to search, not how. `match`: every token of `text` is a token of the
 * field's value. `phrase`: the tokens stand next to each other in order. `query`: `text` in the index's query language,
 * with `field` as its default field (null: the index's default search fields).
 */
export class TextPredicate {
  readonly form: 'match' | 'phrase' | 'query'
  /** Column name. */
  readonly field: string | null
  /** Steps into a JSON column. */
  readonly path: readonly string[]
  readonly text: string

  constructor(form: 'match' | 'phrase' | 'query', field: string | null, path: readonly string[], text: string) {
    this.form = form
    this.field = field
    this.path = path
    this.text = text
  }

  get key(): string {
    return JSON.stringify([this.form, this.field, this.path, this.text])
  }

  toString(): string {
    const field = this.field === null ? '' : [this.field, ...this.path.map((step) => `'${step}'`)].join('->')
    const text = `'${this.text.replaceAll("'", "''")}'`
    return this.form === 'query' ? `${field || '*'} @@ ${text}` : `${this.form}(${field}, ${text})`
  }
}

export interface TableColumn {
  readonly name: string
  readonly type: DataType
  readonly nullable: boolean
  /** Part of `SELECT *`. */
  readonly visible: boolean
  /** Has a value that SELECT can show; false for a field that is only indexed. */
  readonly selectable: boolean
  /** Can be named in match, phrase and @@. */
  readonly searchable: boolean
  /** What DESCRIBE says of it, such as `fast, indexed (default), stored`. */
  readonly comment?: string
  /** What INSERT puts where no value is given; NULL without one. */
  readonly defaultValue?: Expr
}

export interface ScanRequest {
  /** Output columns, in order. */
  readonly outputs: readonly {
    readonly name: string
    readonly type: DataType
    readonly nullable: boolean
    readonly source: ScanColumn
  }[]
  /** Over the outputs, as ColumnExpr; all accepted by `supportsFilter`. */
  readonly filters: readonly Expr[]
  readonly textFilters: readonly TextPredicate[]
  /** Any this many rows are enough. */
  readonly fetch: number | null
  readonly settings: Settings
  /** Tasks in this process will read it in slices: a leaf of rows that they can reach is `Distributable`. */
  readonly dealt?: boolean
}

/** Least and greatest value of a column of whole numbers (dates: days), or bounds of them. */
export interface ValueRange {
  readonly min: number
  readonly max: number
}

/**
 * A table as the planner sees it, bound to one snapshot for the whole statement. Everything it accepts it evaluates
 * exactly, whatever its parts are made of.
 */
export interface TableProvider {
  readonly name: string
  readonly columns: readonly TableColumn[]
  readonly rows: Estimate | null
  readonly bytes: Estimate | null
  /** Whether JSON paths can be asked for as scan columns. */
  readonly supportsPaths: boolean
  readonly supportsText: boolean
  /** Columns that tell rows apart, none of them NULL; a GROUP BY of them all groups single rows. */
  readonly primaryKey?: readonly string[]
  /**
   * The columns that say where a row is, most significant first, and what all tables that deal the same rows to the same
   * partitions in that order name alike.
   */
  readonly rowAddress?: { readonly layout: string; readonly columns: readonly string[] }
  /** Bounds of a column's values where they are known without reading it, and it holds integers or dates. */
  columnRange?(name: string): ValueRange | null
  /** Whether the scan evaluates this predicate exactly; `column` tells what each ColumnRef in it stands for. */
  supportsFilter(predicate: Expr, column: (id: number) => ScanColumn | null): boolean
  /**
   * Throws when a text predicate cannot be evaluated on this table (an unknown field, one that is not indexed, a syntax error in a query).
   */
  checkText(predicate: TextPredicate): void
  /** The physical plan of a scan. `settings` has target_partitions. */
  scan(request: ScanRequest): ExecutionPlan
}

/** Where names of tables and table functions lead. Implementations list each index once per statement. */
export interface Catalog {
  /** Finds a table by its name as written (unquoted names arrive in lower case), or null. */
  table(name: string): Promise<TableProvider | null>
  /** A table function, such as `inverted_index('logs', 'message:timeout')`; null when there is no such function. */
  tableFunction(
    name: string,
    args: readonly (string | number | bigint | boolean | null)[],
  ): Promise<TableProvider | null>
  /** All table names, for SHOW TABLES, information_schema and "did you mean". */
  tableNames(): Promise<readonly string[]>
}

/** Settings of a session, as SET knows them. */
export interface Settings {
  get(name: string): string | undefined
  readonly targetPartitions: number
  readonly batchSize: number
  /** Whether the rule is on; every rule is on unless `rules.<name>` is `off`. */
  ruleEnabled(name: string): boolean
}

export interface PlanningContext {
  readonly catalog: Catalog
  readonly functions: FunctionRegistry
  readonly settings: Settings
  /** Now, in nanoseconds since the epoch, the same for the whole statement. */
  readonly now: bigint
}
