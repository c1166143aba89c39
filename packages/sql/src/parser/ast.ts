import type { DataType } from 'apache-arrow'

/** 1-based line and column, in code points. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** An identifier as written: unquoted ones fold to lower case where they are looked up. */
export interface AstName {
  readonly value: string
  readonly quoted: boolean
  readonly at: Position | null
}

interface Node {
  readonly at: Position | null
}

export type AstBinaryOperator =
  | 'AND'
  | 'OR'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | '||'
  | '->'
  | '->>'
  | '#>'
  | '#>>'
  | '@@'
  | '@>'
  | '<@'
  | '&&'
  | '~'
  | '~*'
  | '!~'
  | '!~*'
  | '&'
  | '|'
  | '#'
  | '<<'
  | '>>'
  | 'AT TIME ZONE'
  | 'IS DISTINCT FROM'
  | 'IS NOT DISTINCT FROM'

export type AstExpr =
  | (Node & { readonly kind: 'name'; readonly parts: readonly AstName[] })
  | (Node & { readonly kind: 'number'; readonly text: string })
  | (Node & { readonly kind: 'string'; readonly text: string })
  | (Node & { readonly kind: 'bytes'; readonly hex: string })
  | (Node & { readonly kind: 'boolean'; readonly value: boolean })
  | (Node & { readonly kind: 'null' })
  | (Node & { readonly kind: 'placeholder'; readonly name: string })
  /** `TIMESTAMP '…'`, `DATE '…'`: a constant of a named type. */
  | (Node & { readonly kind: 'typed'; readonly type: DataType; readonly text: string })
  /** `fields` is `HOUR` or `DAY TO SECOND`, null without a qualifier. */
  | (Node & { readonly kind: 'interval'; readonly value: AstExpr; readonly fields: string | null })
  | (Node & { readonly kind: 'unary'; readonly op: 'NOT' | '-' | '+' | '~'; readonly operand: AstExpr })
  | (Node & {
      readonly kind: 'binary'
      readonly op: AstBinaryOperator
      readonly left: AstExpr
      readonly right: AstExpr
    })
  | (Node & {
      readonly kind: 'is'
      readonly test: 'null' | 'true' | 'false' | 'unknown'
      readonly negated: boolean
      readonly operand: AstExpr
    })
  | (Node & {
      readonly kind: 'between'
      /** The bounds are taken in either order. */
      readonly symmetric: boolean
      readonly negated: boolean
      readonly operand: AstExpr
      readonly low: AstExpr
      readonly high: AstExpr
    })
  | (Node & {
      readonly kind: 'in_list'
      readonly negated: boolean
      readonly operand: AstExpr
      readonly list: readonly AstExpr[]
    })
  | (Node & {
      readonly kind: 'in_query'
      readonly negated: boolean
      readonly operand: AstExpr
      readonly query: AstQuery
    })
  | (Node & {
      readonly kind: 'like'
      readonly form: 'like' | 'ilike' | 'similar'
      readonly negated: boolean
      readonly operand: AstExpr
      readonly pattern: AstExpr
      readonly escape: string | null
    })
  /** `operand op ANY|ALL (right)`. */
  | (Node & {
      readonly kind: 'quantified'
      readonly op: AstBinaryOperator
      readonly all: boolean
      readonly operand: AstExpr
      readonly right: AstExpr
    })
  | (Node & { readonly kind: 'exists'; readonly negated: boolean; readonly query: AstQuery })
  | (Node & { readonly kind: 'subquery'; readonly query: AstQuery })
  | (Node & {
      readonly kind: 'cast'
      readonly operand: AstExpr
      readonly type: DataType
      /** `timestamp` without a number of digits. */
      readonly bareTimestamp?: boolean
      readonly safe: boolean
    })
  | (Node & {
      readonly kind: 'case'
      readonly operand: AstExpr | null
      readonly branches: readonly { readonly when: AstExpr; readonly then: AstExpr }[]
      readonly otherwise: AstExpr | null
    })
  | AstCall
  | (Node & { readonly kind: 'array'; readonly elements: readonly AstExpr[] })
  | (Node & { readonly kind: 'tuple'; readonly elements: readonly AstExpr[] })
  | (Node & { readonly kind: 'subscript'; readonly operand: AstExpr; readonly index: AstExpr })
  | (Node & {
      readonly kind: 'slice'
      readonly operand: AstExpr
      readonly low: AstExpr | null
      readonly high: AstExpr | null
    })

export interface AstCall extends Node {
  readonly kind: 'call'
  readonly name: readonly AstName[]
  readonly args: readonly AstArgument[]
  readonly distinct: boolean
  readonly orderBy: readonly AstOrderItem[]
  readonly withinGroup: readonly AstOrderItem[]
  readonly filter: AstExpr | null
  readonly over: AstWindow | null
  readonly ignoreNulls: boolean
}

export type AstArgument = AstExpr | (Node & { readonly kind: 'star'; readonly qualifier: readonly AstName[] })

export interface AstOrderItem {
  readonly expr: AstExpr
  readonly descending: boolean
  /** Null where the statement does not say. */
  readonly nullsFirst: boolean | null
}

export interface AstFrameBound {
  readonly kind: 'unbounded_preceding' | 'preceding' | 'current_row' | 'following' | 'unbounded_following'
  readonly offset: AstExpr | null
}

export interface AstWindow extends Node {
  /** Another window that this one is or extends. */
  readonly base: AstName | null
  readonly partitionBy: readonly AstExpr[]
  readonly orderBy: readonly AstOrderItem[]
  readonly frame: {
    readonly units: 'rows' | 'range' | 'groups'
    readonly start: AstFrameBound
    readonly end: AstFrameBound
    readonly exclude: 'no_others' | 'current_row' | 'group' | 'ties'
  } | null
}

export interface AstQuery extends Node {
  readonly recursive: boolean
  readonly ctes: readonly AstCte[]
  readonly body: AstBody
  readonly orderBy: readonly AstOrderItem[]
  readonly limit: AstExpr | null
  readonly offset: AstExpr | null
}

export interface AstCte {
  readonly name: AstName
  readonly columns: readonly AstName[]
  readonly query: AstQuery
}

export type AstBody = AstSelect | AstSetOperation | AstValues | AstNestedQuery

export interface AstNestedQuery extends Node {
  readonly kind: 'query'
  readonly query: AstQuery
}

export interface AstSetOperation extends Node {
  readonly kind: 'set_operation'
  readonly op: 'UNION' | 'INTERSECT' | 'EXCEPT'
  readonly all: boolean
  readonly byName: boolean
  readonly left: AstBody
  readonly right: AstBody
}

export interface AstValues extends Node {
  readonly kind: 'values'
  readonly rows: readonly (readonly AstExpr[])[]
}

export interface AstSelect extends Node {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly distinctOn: readonly AstExpr[]
  readonly items: readonly AstSelectItem[]
  readonly from: readonly AstTable[]
  readonly where: AstExpr | null
  readonly groupBy: 'all' | readonly AstGroup[]
  readonly having: AstExpr | null
  readonly qualify: AstExpr | null
  readonly windows: readonly { readonly name: AstName; readonly window: AstWindow }[]
}

export type AstGroup =
  | { readonly kind: 'expr'; readonly expr: AstExpr }
  /** Each element is one or more expressions that come and go together. */
  | { readonly kind: 'rollup' | 'cube' | 'sets'; readonly sets: readonly (readonly AstExpr[])[] }

export type AstSelectItem =
  | { readonly kind: 'expr'; readonly expr: AstExpr; readonly alias: AstName | null }
  | (Node & {
      readonly kind: 'wildcard'
      readonly qualifier: readonly AstName[]
      readonly exclude: readonly AstName[]
      readonly replace: readonly { readonly expr: AstExpr; readonly name: AstName }[]
      readonly rename: readonly { readonly from: AstName; readonly to: AstName }[]
    })

export interface AstAlias {
  readonly name: AstName
  readonly columns: readonly AstName[]
}

export type AstJoinType = 'inner' | 'left' | 'right' | 'full' | 'left_semi' | 'left_anti' | 'right_semi' | 'right_anti'

export type AstJoinCondition =
  | { readonly kind: 'on'; readonly expr: AstExpr }
  | { readonly kind: 'using'; readonly columns: readonly AstName[] }
  | { readonly kind: 'natural' }
  | { readonly kind: 'none' }

export type AstTable =
  | (Node & { readonly kind: 'table'; readonly name: readonly AstName[]; readonly alias: AstAlias | null })
  | (Node & {
      readonly kind: 'function'
      readonly name: readonly AstName[]
      readonly args: readonly AstExpr[]
      readonly alias: AstAlias | null
    })
  | (Node & {
      readonly kind: 'unnest'
      /** What the table and its first column are called without an alias. */
      readonly name: string
      readonly lists: readonly AstExpr[]
      /** A last column counts the rows from 1. */
      readonly ordinality: boolean
      readonly alias: AstAlias | null
    })
  | (Node & {
      readonly kind: 'derived'
      readonly query: AstQuery
      readonly lateral: boolean
      /** Its rows are values, beside what orders them: other columns are an error. */
      readonly columnCount?: number
      readonly alias: AstAlias | null
    })
  | (Node & {
      readonly kind: 'join'
      readonly type: AstJoinType
      readonly left: AstTable
      readonly right: AstTable
      readonly condition: AstJoinCondition
      readonly alias: AstAlias | null
    })

/** One statement of the text. */
export type AstStatement =
  | { readonly kind: 'query'; readonly query: AstQuery }
  | {
      readonly kind: 'explain'
      readonly statement: AstStatement
      readonly analyze: boolean
      readonly verbose: boolean
      /** What would be read is wanted, not the plan. */
      readonly estimate: boolean
      readonly format: 'tree' | 'json'
    }
  | { readonly kind: 'set'; readonly name: string; readonly value: string | number | boolean }
  | { readonly kind: 'reset'; readonly name: string }
  | { readonly kind: 'show'; readonly name: string }
  | { readonly kind: 'show_tables' }
  | { readonly kind: 'describe'; readonly table: readonly AstName[]; readonly at: Position | null }
  | { readonly kind: 'describe_query'; readonly query: AstQuery }
  | { readonly kind: 'show_create'; readonly name: readonly AstName[]; readonly at: Position | null }
  | AstCreateTable
  | AstCreateView
  | AstCreateExternalTable
  | {
      readonly kind: 'drop'
      readonly what: 'table' | 'view'
      readonly names: readonly (readonly AstName[])[]
      readonly ifExists: boolean
    }
  | AstInsert
  | {
      readonly kind: 'prepare'
      readonly name: AstName
      readonly types: readonly DataType[]
      readonly statement: AstStatement
    }
  | { readonly kind: 'execute'; readonly name: AstName; readonly args: readonly AstExpr[] }
  /** `name` is null for all. */
  | { readonly kind: 'deallocate'; readonly name: AstName | null }
  | AstCopy

export interface AstColumnDefinition {
  readonly name: AstName
  readonly type: DataType
  readonly nullable: boolean
  readonly defaultValue: AstExpr | null
}

interface Created {
  readonly name: readonly AstName[]
  readonly orReplace: boolean
  readonly ifNotExists: boolean
  readonly at: Position | null
}

export interface AstCreateTable extends Created {
  readonly kind: 'create_table'
  readonly columns: readonly AstColumnDefinition[]
  readonly primaryKey: readonly AstName[]
  readonly query: AstQuery | null
}

export interface AstCreateView extends Created {
  readonly kind: 'create_view'
  readonly columns: readonly AstName[]
  readonly query: AstQuery
}

/** Options of a file are keys in lower case, such as `format.has_header`. */
export interface AstCreateExternalTable extends Created {
  readonly kind: 'create_external_table'
  readonly columns: readonly AstColumnDefinition[]
  readonly format: string | null
  readonly location: string
  readonly options: ReadonlyMap<string, string>
}

export interface AstInsert extends Node {
  readonly kind: 'insert'
  readonly table: readonly AstName[]
  readonly columns: readonly AstName[]
  /** Null for DEFAULT VALUES. */
  readonly query: AstQuery | null
  readonly overwrite: boolean
}

export interface AstCopy extends Node {
  readonly kind: 'copy'
  readonly direction: 'to' | 'from'
  readonly table: readonly AstName[] | null
  readonly query: AstQuery | null
  readonly location: string
  readonly format: string | null
  readonly options: ReadonlyMap<string, string>
}
