import type {
  AstAlias,
  AstBody,
  AstCte,
  AstExpr,
  AstGroup,
  AstJoinCondition,
  AstJoinType,
  AstName,
  AstQuery,
  AstSelect,
  AstSelectItem,
  AstTable,
  AstWindow,
} from './ast.ts'
import { convertArguments, convertExpr, convertOrderItem, convertWindow } from './convert-expr.ts'
import { call } from './plain-call.ts'
import { name, names, positionOf, unsupported, variant } from './raw.ts'
import type { Raw } from './sqlparser.ts'

function present(raw: Raw): boolean {
  return raw !== undefined && raw !== null && raw !== false && !(Array.isArray(raw) && raw.length === 0)
}

export function convertQuery(raw: Raw): AstQuery {
  for (const [key, what] of [
    ['for_clause', 'FOR'],
    ['settings', 'SETTINGS'],
    ['format_clause', 'FORMAT'],
    ['pipe_operators', '|>'],
    ['locks', 'FOR UPDATE'],
  ] as const) {
    if (present(raw[key])) throw unsupported(what, raw)
  }
  const { limit, offset } = convertLimit(raw)
  return {
    recursive: raw.with?.recursive === true,
    ctes: (raw.with?.cte_tables ?? []).map(convertCte),
    body: convertBody(raw.body),
    orderBy: convertOrderBy(raw.order_by, raw),
    limit,
    offset,
    at: positionOf(raw.body),
  }
}

function convertOrderBy(raw: Raw, whole: Raw): AstQuery['orderBy'] {
  if (!present(raw)) return []
  const [tag, items] = variant(raw.kind)
  if (tag !== 'Expressions') throw unsupported('ORDER BY ALL', whole)
  return items.map(convertOrderItem)
}

function convertLimit(raw: Raw): { limit: AstExpr | null; offset: AstExpr | null } {
  let limit: AstExpr | null = null
  let offset: AstExpr | null = null
  if (present(raw.limit_clause)) {
    const [tag, clause] = variant(raw.limit_clause)
    if (tag === 'OffsetCommaLimit') {
      limit = convertExpr(clause.limit)
      offset = convertExpr(clause.offset)
    } else {
      if (present(clause.limit_by)) throw unsupported('LIMIT BY', raw)
      if (present(clause.limit)) limit = convertExpr(clause.limit)
      if (present(clause.offset)) offset = convertExpr(clause.offset.value)
    }
  }
  if (present(raw.fetch)) {
    if (raw.fetch.with_ties === true || raw.fetch.percent === true) throw unsupported('FETCH WITH TIES or PERCENT', raw)
    limit = present(raw.fetch.quantity) ? convertExpr(raw.fetch.quantity) : { kind: 'number', text: '1', at: null }
  }
  return { limit, offset }
}

function convertCte(raw: Raw): AstCte {
  return {
    name: name(raw.alias.name),
    columns: (raw.alias.columns ?? []).map((column: Raw) => name(column.name)),
    query: convertQuery(raw.query),
  }
}

function convertBody(raw: Raw): AstBody {
  const [tag, node] = variant(raw)
  switch (tag) {
    case 'Select':
      return convertSelect(node)
    case 'Query':
      return { kind: 'query', query: convertQuery(node), at: positionOf(node) }
    case 'SetOperation': {
      const quantifier = String(node.set_quantifier)
      const op = ({ Union: 'UNION', Intersect: 'INTERSECT', Except: 'EXCEPT', Minus: 'EXCEPT' } as const)[
        node.op as 'Union' | 'Intersect' | 'Except' | 'Minus'
      ]
      return {
        kind: 'set_operation',
        op,
        all: quantifier.startsWith('All'),
        byName: quantifier.endsWith('ByName'),
        left: convertBody(node.left),
        right: convertBody(node.right),
        at: positionOf(node.left),
      }
    }
    case 'Values':
      return {
        kind: 'values',
        rows: node.rows.map((row: Raw) => (row.content ?? row).map(convertExpr)),
        at: positionOf(node),
      }
  }
  throw unsupported(`${tag} as a query`, raw)
}

function convertSelect(raw: Raw): AstSelect {
  for (const [key, what] of [
    ['top', 'TOP'],
    ['into', 'SELECT INTO'],
    ['lateral_views', 'LATERAL VIEW'],
    ['prewhere', 'PREWHERE'],
    ['connect_by', 'CONNECT BY'],
    ['cluster_by', 'CLUSTER BY'],
    ['distribute_by', 'DISTRIBUTE BY'],
    ['sort_by', 'SORT BY'],
    ['value_table_mode', 'SELECT AS VALUE'],
    ['exclude', 'EXCLUDE behind the list'],
  ] as const) {
    if (present(raw[key])) throw unsupported(what, raw)
  }
  const [distinct, distinctOn] = variant(raw.distinct)
  const items: AstSelectItem[] = raw.projection.map(convertItem)
  const at = positionOf(raw)
  return {
    kind: 'select',
    distinct: distinct === 'Distinct',
    distinctOn: distinct === 'On' ? distinctOn.map(convertExpr) : [],
    items:
      raw.flavor === 'FromFirstNoSelect'
        ? [{ kind: 'wildcard', qualifier: [], exclude: [], replace: [], rename: [], at }]
        : items,
    from: raw.from.map(convertTableWithJoins),
    where: present(raw.selection) ? convertExpr(raw.selection) : null,
    groupBy: convertGroupBy(raw.group_by, raw),
    having: present(raw.having) ? convertExpr(raw.having) : null,
    qualify: present(raw.qualify) ? convertExpr(raw.qualify) : null,
    windows: (raw.named_window ?? []).map(([key, definition]: Raw) => ({
      name: name(key),
      window: convertNamedWindow(definition),
    })),
    at,
  }
}

function convertNamedWindow(raw: Raw): AstWindow {
  const [tag, payload] = variant(raw)
  if (tag === 'NamedWindow')
    return { base: name(payload), partitionBy: [], orderBy: [], frame: null, at: positionOf(payload) }
  return convertWindow(payload, positionOf(payload))
}

function convertGroupBy(raw: Raw, whole: Raw): AstSelect['groupBy'] {
  const [tag, payload] = variant(raw)
  if (tag === 'All') {
    if (present(payload)) throw unsupported('GROUP BY ALL with modifiers', whole)
    return 'all'
  }
  const [exprs, modifiers] = payload
  if (present(modifiers)) throw unsupported('GROUP BY ... WITH', whole)
  return exprs.map((expr: Raw): AstGroup => {
    const [form, value] = variant(expr)
    const sets = (): AstExpr[][] => value.map((set: Raw) => set.map(convertExpr))
    if (form === 'Rollup') return { kind: 'rollup', sets: sets() }
    if (form === 'Cube') return { kind: 'cube', sets: sets() }
    if (form === 'GroupingSets') return { kind: 'sets', sets: sets() }
    if (form === 'Tuple' && value.length === 0) return { kind: 'sets', sets: [[]] }
    return { kind: 'expr', expr: convertExpr(expr) }
  })
}

function convertItem(raw: Raw): AstSelectItem {
  const [tag, node] = variant(raw)
  if (tag === 'UnnamedExpr') return { kind: 'expr', expr: convertExpr(node), alias: null }
  if (tag === 'ExprWithAlias') return { kind: 'expr', expr: convertExpr(node.expr), alias: name(node.alias) }
  if (tag === 'Wildcard') return wildcard([], node, raw)
  if (tag === 'QualifiedWildcard') {
    const [form, qualifier] = variant(node[0])
    if (form === 'ObjectName') return wildcard(names(qualifier), node[1], raw)
  }
  throw unsupported(`${tag} in SELECT`, raw)
}

function wildcard(qualifier: readonly AstName[], options: Raw, raw: Raw): AstSelectItem {
  if (present(options.opt_ilike)) throw unsupported('* ILIKE', raw)
  const exclude: AstName[] = []
  if (present(options.opt_exclude)) {
    const [form, payload] = variant(options.opt_exclude)
    for (const column of form === 'Single' ? [payload] : payload) exclude.push(joined(names(column)))
  }
  if (present(options.opt_except)) {
    exclude.push(name(options.opt_except.first_element), ...(options.opt_except.additional_elements ?? []).map(name))
  }
  const [renameForm, renames] = variant(options.opt_rename)
  return {
    kind: 'wildcard',
    qualifier,
    exclude,
    replace: (options.opt_replace?.items ?? []).map((item: Raw) => ({
      expr: convertExpr(item.expr),
      name: name(item.column_name),
    })),
    rename: (renameForm === 'Single' ? [renames] : renameForm === 'Multiple' ? renames : []).map((item: Raw) => ({
      from: name(item.ident),
      to: name(item.alias),
    })),
    at: positionOf(raw),
  }
}

function joined(parts: readonly AstName[]): AstName {
  if (parts.length === 1) return parts[0]!
  const value = parts.map((part) => (part.quoted ? part.value : part.value.toLowerCase())).join('.')
  return { value, quoted: true, at: parts[0]?.at ?? null }
}

function convertAlias(raw: Raw): AstAlias | null {
  if (!present(raw)) return null
  return { name: name(raw.name), columns: (raw.columns ?? []).map((column: Raw) => name(column.name)) }
}

function convertTableWithJoins(raw: Raw): AstTable {
  let left = convertFactor(raw.relation)
  for (const join of raw.joins ?? []) left = convertJoin(left, join)
  return left
}

const JOINS: Readonly<Record<string, AstJoinType>> = {
  Join: 'inner',
  Inner: 'inner',
  Left: 'left',
  LeftOuter: 'left',
  Right: 'right',
  RightOuter: 'right',
  FullOuter: 'full',
  CrossJoin: 'inner',
  Semi: 'left_semi',
  LeftSemi: 'left_semi',
  RightSemi: 'right_semi',
  Anti: 'left_anti',
  LeftAnti: 'left_anti',
  RightAnti: 'right_anti',
}

function convertJoin(left: AstTable, raw: Raw): AstTable {
  const [tag, constraint] = variant(raw.join_operator)
  const type = Object.hasOwn(JOINS, tag) ? JOINS[tag] : undefined
  if (type === undefined || raw.global === true) throw unsupported(`the join ${tag}`, raw)
  const condition = convertConstraint(constraint)
  if (condition.kind === 'none' && tag !== 'CrossJoin') throw unsupported('a join without ON, USING or NATURAL', raw)
  return { kind: 'join', type, left, right: convertFactor(raw.relation), condition, alias: null, at: left.at }
}

function convertConstraint(raw: Raw): AstJoinCondition {
  const [tag, payload] = variant(raw)
  if (tag === 'On') return { kind: 'on', expr: convertExpr(payload) }
  if (tag === 'Using') return { kind: 'using', columns: payload.map((column: Raw) => joined(names(column))) }
  if (tag === 'Natural') return { kind: 'natural' }
  return { kind: 'none' }
}

/** Functions of FROM whose rows are the items of the list that the function of the same name gives. */
const SERIES: ReadonlySet<string> = new Set(['generate_series', 'range'])

function isInteger(arg: AstExpr): boolean {
  if (arg.kind === 'unary') return arg.op === '-' && isInteger(arg.operand)
  return arg.kind === 'null' || (arg.kind === 'number' && /^\d+$/.test(arg.text))
}

/** A table function; a series of other things than written integers, or one that is counted, is a list. */
function convertFunction(raw: Raw, node: Raw, given: Raw): AstTable {
  const name = names(node.name)
  const args = convertArguments(given)
  const alias = convertAlias(node.alias)
  const at = positionOf(raw)
  const ordinality = node.with_ordinality === true
  const own = name.length === 1 ? name[0]!.value.toLowerCase() : ''
  if (own === 'unnest') return { kind: 'unnest', name: own, lists: args, ordinality, alias, at }
  if (SERIES.has(own) && (ordinality || !args.every(isInteger))) {
    return { kind: 'unnest', name: own, lists: [call(own, args, at)], ordinality, alias, at }
  }
  if (ordinality) throw unsupported(`WITH ORDINALITY of ${own}`, raw)
  return { kind: 'function', name, args, alias, at }
}

function convertFactor(raw: Raw): AstTable {
  const [tag, node] = variant(raw)
  const at = positionOf(raw)
  if (present(node?.sample)) throw unsupported('TABLESAMPLE', raw)
  switch (tag) {
    case 'Table':
      for (const key of ['with_hints', 'version', 'partitions', 'json_path', 'index_hints']) {
        if (present(node[key])) throw unsupported(`${key.replaceAll('_', ' ')} of a table`, raw)
      }
      if (node.args !== undefined && node.args !== null) return convertFunction(raw, node, node.args.args ?? [])
      if (node.with_ordinality === true) throw unsupported('WITH ORDINALITY of a table', raw)
      return { kind: 'table', name: names(node.name), alias: convertAlias(node.alias), at }
    case 'UNNEST':
      if (node.with_offset === true) throw unsupported('UNNEST WITH OFFSET', raw)
      return {
        kind: 'unnest',
        name: 'unnest',
        lists: node.array_exprs.map(convertExpr),
        ordinality: node.with_ordinality === true,
        alias: convertAlias(node.alias),
        at,
      }
    case 'Function':
      return convertFunction(raw, node, node.args)
    case 'TableFunction': {
      const call = convertExpr(node.expr)
      if (call.kind !== 'call') break
      const args = call.args.filter((arg): arg is AstExpr => arg.kind !== 'star')
      return { kind: 'function', name: call.name, args, alias: convertAlias(node.alias), at }
    }
    case 'Derived':
      return {
        kind: 'derived',
        query: convertQuery(node.subquery),
        lateral: node.lateral === true,
        alias: convertAlias(node.alias),
        at,
      }
    case 'NestedJoin': {
      const inner = convertTableWithJoins(node.table_with_joins)
      const alias = convertAlias(node.alias)
      if (alias === null) return inner
      if (inner.kind !== 'join') return { ...inner, alias }
      return { ...inner, alias }
    }
  }
  throw unsupported(`${tag} in FROM`, raw)
}
