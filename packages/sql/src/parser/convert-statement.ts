import { SqlState, VolleyError } from '@volley/core'
import type { AstName, AstStatement } from './ast.ts'
import { convertCreateTable, convertCreateView, convertInsert } from './convert-definition.ts'
import { convertExpr } from './convert-expr.ts'
import { convertQuery } from './convert-query.ts'
import { convertType } from './convert-type.ts'
import { name, names, positionOf, unsupported, variant } from './raw.ts'
import type { Raw } from './sqlparser.ts'

/** Converts one statement of the parser's output. */
export function convertStatement(raw: Raw): AstStatement {
  const [tag, node] = variant(raw)
  switch (tag) {
    case 'Query':
      return convertQueryStatement(node)
    case 'Explain':
      return convertExplain(node, raw)
    case 'ExplainTable':
      return { kind: 'describe', table: names(node.table_name), at: positionOf(node.table_name) }
    case 'ShowColumns':
      return { kind: 'describe', table: names(node.show_options?.show_in?.parent_name ?? []), at: positionOf(node) }
    case 'Set':
      return convertSet(node, raw)
    case 'Reset': {
      const [form, parameter] = variant(node.reset)
      return { kind: 'reset', name: form === 'ConfigurationParameter' ? setting(names(parameter)) : 'all' }
    }
    case 'ShowVariable':
      return { kind: 'show', name: setting(node.variable.map(name)) }
    case 'ShowTables':
      if (node.show_options?.filter_position !== undefined && node.show_options.filter_position !== null)
        throw unsupported('SHOW TABLES with a filter', raw)
      return { kind: 'show_tables' }
    case 'ShowCreate':
      return { kind: 'show_create', name: names(node.obj_name), at: positionOf(node) }
    case 'CreateTable':
      return convertCreateTable(node, raw)
    case 'CreateView':
      return convertCreateView(node, raw)
    case 'Drop': {
      const what = String(node.object_type).toLowerCase()
      if (what !== 'table' && what !== 'view') throw unsupported(`DROP ${what.toUpperCase()}`, raw)
      return { kind: 'drop', what, names: node.names.map(names), ifExists: node.if_exists === true }
    }
    case 'Insert':
      return convertInsert(node, raw)
    case 'Prepare':
      return {
        kind: 'prepare',
        name: name(node.name),
        types: node.data_types.map(convertType),
        statement: convertStatement(node.statement),
      }
    case 'Execute':
      return { kind: 'execute', name: names(node.name).at(-1)!, args: node.parameters.map(convertExpr) }
    case 'Deallocate': {
      const prepared = name(node.name)
      return { kind: 'deallocate', name: !prepared.quoted && /^all$/i.test(prepared.value) ? null : prepared }
    }
  }
  throw unsupported(tag.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toUpperCase(), raw)
}

function setting(parts: readonly AstName[]): string {
  const text = parts.map((part) => (part.quoted ? part.value : part.value.toLowerCase())).join('.')
  return text === 'time.zone' || text === 'time zone' ? 'timezone' : text
}

/** A query; or, with INTO, the table that it makes. */
function convertQueryStatement(node: Raw): AstStatement {
  const into = node.body?.Select?.into
  if (into === undefined || into === null) return { kind: 'query', query: convertQuery(node) }
  const query = convertQuery({ ...node, body: { Select: { ...node.body.Select, into: null } } })
  const table = names(into.name)
  const at = positionOf(into.name)
  return {
    kind: 'create_table',
    name: table,
    orReplace: false,
    ifNotExists: false,
    columns: [],
    primaryKey: [],
    query,
    at,
  }
}

function convertExplain(node: Raw, raw: Raw): AstStatement {
  let analyze = node.analyze === true
  let verbose = node.verbose === true
  let estimate = false
  let format: string = variant(node.format)[1] ?? variant(node.format)[0] ?? ''
  for (const option of node.options ?? []) {
    const key = String(option.name.value).toLowerCase()
    const value = option.arg === undefined || option.arg === null ? null : optionText(option.arg)
    const on = value === null || !/^(false|off|0)$/.test(value)
    if (key === 'analyze') analyze = on
    else if (key === 'verbose') verbose = on
    else if (key === 'estimate') estimate = on
    else if (key === 'format') format = value ?? ''
    else throw invalid(`EXPLAIN option "${key}" does not exist: use ANALYZE, VERBOSE, ESTIMATE or FORMAT`, option)
  }
  format = String(format).toLowerCase()
  if (format === '' || format === 'text' || format === 'indent') format = 'tree'
  if (format !== 'tree' && format !== 'json')
    throw invalid(`EXPLAIN format "${format}" does not exist: use tree or json`, raw)
  const statement = convertStatement(node.statement)
  if (node.describe_alias === 'Describe' && statement.kind === 'query')
    return { kind: 'describe_query', query: statement.query }
  if (statement.kind !== 'query') throw unsupported('EXPLAIN of a statement that is not a query', raw)
  if (estimate && (analyze || verbose))
    throw invalid('EXPLAIN (ESTIMATE) runs nothing and shows no plan: leave out ANALYZE and VERBOSE', raw)
  return { kind: 'explain', statement, analyze, verbose, estimate, format }
}

function optionText(raw: Raw): string {
  const expr = convertExpr(raw)
  if (expr.kind === 'name')
    return expr.parts
      .map((part) => part.value)
      .join('.')
      .toLowerCase()
  if (expr.kind === 'string' || expr.kind === 'number') return expr.text.toLowerCase()
  if (expr.kind === 'boolean') return String(expr.value)
  throw unsupported('this option value', raw)
}

function convertSet(node: Raw, raw: Raw): AstStatement {
  const [form, payload] = variant(node)
  if (form === 'SetTimeZone') return { kind: 'set', name: 'timezone', value: settingValue(payload.value) }
  if (form !== 'SingleAssignment') throw unsupported('this form of SET', raw)
  const key = setting(names(payload.variable))
  const values: (string | number | boolean)[] = payload.values.map(settingValue)
  if (values.length === 1) {
    const only = payload.values[0]
    if (String(only.Identifier?.value).toLowerCase() === 'default') return { kind: 'reset', name: key }
    return { kind: 'set', name: key, value: values[0]! }
  }
  return { kind: 'set', name: key, value: values.join(', ') }
}

function settingValue(raw: Raw): string | number | boolean {
  const expr = convertExpr(raw)
  switch (expr.kind) {
    case 'name':
      return expr.parts.map((part) => (part.quoted ? part.value : part.value.toLowerCase())).join('.')
    case 'string':
      return expr.text
    case 'boolean':
      return expr.value
    case 'number':
      return numberOrText(expr.text)
    case 'unary':
      if (expr.op === '-' && expr.operand.kind === 'number') return numberOrText(`-${expr.operand.text}`)
  }
  throw invalid('a setting takes a number, a word or a string', raw)
}

function numberOrText(text: string): string | number {
  const value = Number(text)
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? text : value
}

function invalid(message: string, raw: Raw): VolleyError {
  const position = positionOf(raw)
  return new VolleyError(message, { code: SqlState.invalidParameterValue, ...(position === null ? {} : { position }) })
}
