import type {
  AstArgument,
  AstBinaryOperator,
  AstCall,
  AstExpr,
  AstFrameBound,
  AstName,
  AstOrderItem,
  AstQuery,
  AstSelect,
  AstSelectItem,
  AstWindow,
  Position,
} from './ast.ts'
import { SqlState } from '@volley/core'
import { sqlError } from '../binder/errors.ts'
import { convertQuery } from './convert-query.ts'
import { convertType, isBareTimestamp, lengthOf } from './convert-type.ts'
import { exclusionOf, type Exclusion } from './unknown-syntax.ts'
import { call } from './plain-call.ts'
import { climb, Precedence, type ExprItem } from './precedence.ts'
import { name, names, positionOf, unsupported, variant } from './raw.ts'
import type { Raw } from './sqlparser.ts'

const BINARY: Readonly<Record<string, readonly [AstBinaryOperator, number]>> = {
  Or: ['OR', Precedence.or],
  And: ['AND', Precedence.and],
  Eq: ['=', Precedence.comparison],
  NotEq: ['<>', Precedence.comparison],
  Lt: ['<', Precedence.comparison],
  LtEq: ['<=', Precedence.comparison],
  Gt: ['>', Precedence.comparison],
  GtEq: ['>=', Precedence.comparison],
  Spaceship: ['IS NOT DISTINCT FROM', Precedence.comparison],
  Plus: ['+', Precedence.sum],
  Minus: ['-', Precedence.sum],
  Multiply: ['*', Precedence.product],
  Divide: ['/', Precedence.product],
  Modulo: ['%', Precedence.product],
  BitwiseXor: ['^', Precedence.power],
  PGExp: ['^', Precedence.power],
  StringConcat: ['||', Precedence.other],
  Arrow: ['->', Precedence.other],
  LongArrow: ['->>', Precedence.other],
  HashArrow: ['#>', Precedence.other],
  HashLongArrow: ['#>>', Precedence.other],
  AtAt: ['@@', Precedence.other],
  AtArrow: ['@>', Precedence.other],
  ArrowAt: ['<@', Precedence.other],
  PGOverlap: ['&&', Precedence.other],
  PGRegexMatch: ['~', Precedence.other],
  PGRegexIMatch: ['~*', Precedence.other],
  PGRegexNotMatch: ['!~', Precedence.other],
  PGRegexNotIMatch: ['!~*', Precedence.other],
  BitwiseAnd: ['&', Precedence.other],
  BitwiseOr: ['|', Precedence.other],
  PGBitwiseXor: ['#', Precedence.other],
  PGBitwiseShiftLeft: ['<<', Precedence.other],
  PGBitwiseShiftRight: ['>>', Precedence.other],
}

const LIKE_OPERATORS: Readonly<Record<string, readonly ['like' | 'ilike', boolean]>> = {
  PGLikeMatch: ['like', false],
  PGILikeMatch: ['ilike', false],
  PGNotLikeMatch: ['like', true],
  PGNotILikeMatch: ['ilike', true],
}

/** Prefix operators that are functions of another name. */
const PREFIX_FUNCTIONS: Readonly<Record<string, string>> = { PGAbs: 'abs', PGSquareRoot: 'sqrt', PGCubeRoot: 'cbrt' }
/** What the parser makes of the operator that stands for SYMMETRIC. */
const SYMMETRIC_TAG = 'PGPrefixFactorial'
const SYMMETRIC: ExprItem = {
  kind: 'prefix',
  power: Precedence.other,
  build: (operand) => {
    throw sqlError(SqlState.syntaxError, 'SYMMETRIC belongs behind BETWEEN', operand.at)
  },
}

const TESTS: Readonly<Record<string, readonly ['null' | 'true' | 'false' | 'unknown', boolean]>> = {
  IsNull: ['null', false],
  IsNotNull: ['null', true],
  IsTrue: ['true', false],
  IsNotTrue: ['true', true],
  IsFalse: ['false', false],
  IsNotFalse: ['false', true],
  IsUnknown: ['unknown', false],
  IsNotUnknown: ['unknown', true],
}

/** Converts an expression, with operators bound as PostgreSQL binds them. */
export function convertExpr(raw: Raw): AstExpr {
  const items: ExprItem[] = []
  flatten(raw, items)
  return items.length === 1 && items[0]!.kind === 'atom' ? items[0]!.expr : climb(items)
}

function optional(raw: Raw): AstExpr | null {
  return raw === undefined || raw === null ? null : convertExpr(raw)
}

/** Writes operands and operators in the order of the text; what is between delimiters is one operand. */
function flatten(raw: Raw, items: ExprItem[]): void {
  const [tag, node] = variant(raw)
  const test = Object.hasOwn(TESTS, tag) ? TESTS[tag] : undefined
  if (test !== undefined) {
    flatten(node, items)
    const [kind, negated] = test
    items.push({
      kind: 'postfix',
      power: Precedence.is,
      build: (operand) => ({ kind: 'is', test: kind, negated, operand, at: operand.at }),
    })
    return
  }
  switch (tag) {
    case 'BinaryOp':
      return flattenBinary(raw, node, items)
    case 'UnaryOp': {
      const ops: Readonly<Record<string, 'NOT' | '-' | '+' | '~'>> = {
        Not: 'NOT',
        Minus: '-',
        Plus: '+',
        BitwiseNot: '~',
        PGBitwiseNot: '~',
      }
      const tagOfOp = variant(node.op)[0]
      const named = PREFIX_FUNCTIONS[tagOfOp]
      if (named !== undefined) {
        const build = (operand: AstExpr): AstExpr => call(named, [operand], operand.at)
        items.push({ kind: 'prefix', power: Precedence.other, build })
        return flatten(node.expr, items)
      }
      if (tagOfOp === SYMMETRIC_TAG) {
        items.push(SYMMETRIC)
        return flatten(node.expr, items)
      }
      const op = ops[tagOfOp]
      if (op === undefined) throw unsupported(`the operator ${variant(node.op)[0]}`, raw)
      const power = op === 'NOT' ? Precedence.not : op === '~' ? Precedence.other : Precedence.sign
      items.push({ kind: 'prefix', power, build: (operand) => ({ kind: 'unary', op, operand, at: operand.at }) })
      return flatten(node.expr, items)
    }
    case 'IsDistinctFrom':
    case 'IsNotDistinctFrom': {
      const op = tag === 'IsDistinctFrom' ? 'IS DISTINCT FROM' : 'IS NOT DISTINCT FROM'
      flatten(node[0], items)
      items.push({
        kind: 'infix',
        power: Precedence.is,
        build: (left, right) => ({ kind: 'binary', op, left, right, at: left.at }),
      })
      return flatten(node[1], items)
    }
    case 'Like':
    case 'ILike':
    case 'SimilarTo': {
      if (node.any === true) throw unsupported('LIKE ANY', raw)
      const escapeValue =
        node.escape_char === undefined || node.escape_char === null
          ? null
          : variant(node.escape_char.value ?? node.escape_char)[1]
      const escape = escapeValue === null ? null : String(escapeValue)
      const form = tag === 'Like' ? 'like' : tag === 'ILike' ? 'ilike' : 'similar'
      const negated = node.negated === true
      flatten(node.expr, items)
      items.push({
        kind: 'infix',
        power: Precedence.range,
        build: (operand, pattern) => ({ kind: 'like', form, negated, operand, pattern, escape, at: operand.at }),
      })
      return flatten(node.pattern, items)
    }
    case 'Between': {
      const bound: ExprItem[] = []
      flatten(node.low, bound)
      const symmetric = bound[0] === SYMMETRIC
      const low = climb(symmetric ? bound.slice(1) : bound)
      const negated = node.negated === true
      flatten(node.expr, items)
      items.push({
        kind: 'infix',
        power: Precedence.range,
        build: (operand, high) => ({ kind: 'between', negated, symmetric, operand, low, high, at: operand.at }),
      })
      return flatten(node.high, items)
    }
    case 'InList': {
      const list = node.list.map(convertExpr)
      const negated = node.negated === true
      flatten(node.expr, items)
      items.push({
        kind: 'postfix',
        power: Precedence.range,
        build: (operand) => ({ kind: 'in_list', operand, list, negated, at: operand.at }),
      })
      return
    }
    case 'InSubquery': {
      const query = convertQuery(node.subquery)
      const negated = node.negated === true
      flatten(node.expr, items)
      items.push({
        kind: 'postfix',
        power: Precedence.range,
        build: (operand) => ({ kind: 'in_query', operand, query, negated, at: operand.at }),
      })
      return
    }
    case 'AnyOp':
    case 'AllOp': {
      const known = BINARY[variant(node.compare_op)[0]]
      if (known === undefined) throw unsupported(`${variant(node.compare_op)[0]} ANY`, raw)
      const right = convertExpr(node.right)
      const [op, power] = known
      flatten(node.left, items)
      items.push({
        kind: 'postfix',
        power,
        build: (operand) => ({ kind: 'quantified', op, all: tag === 'AllOp', operand, right, at: operand.at }),
      })
      return
    }
    case 'AtTimeZone':
      flatten(node.timestamp, items)
      items.push({
        kind: 'infix',
        power: Precedence.zone,
        build: (left, right) => ({ kind: 'binary', op: 'AT TIME ZONE', left, right, at: left.at }),
      })
      return flatten(node.time_zone, items)
    case 'Collate': {
      const collation = names(node.collation)
        .map((part) => part.value)
        .join('.')
      if (!/^(C|POSIX|default|ucs_basic)$/i.test(collation)) throw unsupported(`the collation "${collation}"`, raw)
      return flatten(node.expr, items)
    }
    case 'Cast':
      if (node.kind === 'DoubleColon') {
        const type = convertType(node.data_type)
        const bareTimestamp = isBareTimestamp(node.data_type)
        flatten(node.expr, items)
        items.push({
          kind: 'postfix',
          power: Precedence.cast,
          build: (operand) =>
            shortened(
              { kind: 'cast', operand, type, bareTimestamp, safe: false, at: operand.at },
              lengthOf(node.data_type),
            ),
        })
        return
      }
  }
  items.push({ kind: 'atom', expr: convertAtom(raw, tag, node) })
}

function flattenBinary(raw: Raw, node: Raw, items: ExprItem[]): void {
  const tag = variant(node.op)[0]
  const like = Object.hasOwn(LIKE_OPERATORS, tag) ? LIKE_OPERATORS[tag] : undefined
  const known = Object.hasOwn(BINARY, tag) ? BINARY[tag] : undefined
  flatten(node.left, items)
  if (like !== undefined) {
    const [form, negated] = like
    items.push({
      kind: 'infix',
      power: Precedence.other,
      build: (operand, pattern) => ({ kind: 'like', form, negated, operand, pattern, escape: null, at: operand.at }),
    })
  } else if (known !== undefined) {
    const [op, power] = known
    items.push({ kind: 'infix', power, build: (left, right) => ({ kind: 'binary', op, left, right, at: left.at }) })
  } else throw unsupported(`the operator ${tag}`, raw)
  flatten(node.right, items)
}

function convertAtom(raw: Raw, tag: string, node: Raw): AstExpr {
  switch (tag) {
    case 'Nested':
      return convertExpr(node)
    case 'Identifier': {
      const part = name(node)
      return { kind: 'name', parts: [part], at: part.at }
    }
    case 'CompoundIdentifier': {
      const parts: AstName[] = node.map(name)
      return { kind: 'name', parts, at: parts[0]?.at ?? null }
    }
    case 'Value':
      return convertValue(node.value, positionOf(node), node)
    case 'TypedString': {
      const value = convertValue(node.value.value, null, node)
      if (value.kind !== 'string') throw unsupported('a typed literal that is not a string', raw)
      return { kind: 'typed', type: convertType(node.data_type), text: value.text, at: positionOf(node) }
    }
    case 'Interval': {
      const fields = [node.leading_field, node.last_field]
        .filter((field) => field !== undefined && field !== null)
        .map((field) => variant(field)[0])
      return {
        kind: 'interval',
        value: convertExpr(node.value),
        fields: fields.length === 0 ? null : fields.join(' TO ').toUpperCase(),
        at: positionOf(node),
      }
    }
    case 'Cast':
      if (node.format !== undefined && node.format !== null) throw unsupported('CAST with FORMAT', raw)
      return shortened(
        {
          kind: 'cast',
          operand: convertExpr(node.expr),
          type: convertType(node.data_type),
          bareTimestamp: isBareTimestamp(node.data_type),
          safe: node.kind !== 'Cast',
          at: positionOf(raw),
        },
        lengthOf(node.data_type),
      )
    case 'Case':
      return {
        kind: 'case',
        operand: optional(node.operand),
        branches: node.conditions.map((branch: Raw) => ({
          when: convertExpr(branch.condition),
          then: convertExpr(branch.result),
        })),
        otherwise: optional(node.else_result),
        at: positionOf(raw),
      }
    case 'Exists':
      return { kind: 'exists', query: convertQuery(node.subquery), negated: node.negated === true, at: positionOf(raw) }
    case 'Subquery':
      return { kind: 'subquery', query: convertQuery(node), at: positionOf(raw) }
    case 'Tuple':
      return { kind: 'tuple', elements: node.map(convertExpr), at: positionOf(raw) }
    case 'Array':
      return { kind: 'array', elements: node.elem.map(convertExpr), at: positionOf(raw) }
    case 'CompoundFieldAccess':
      return convertAccess(raw, node)
    case 'Function':
      return convertCall(raw, node)
    case 'Struct':
      return convertStruct(node, positionOf(raw))
    case 'Dictionary': {
      const at = positionOf(raw)
      const args = node.flatMap((field: Raw): AstExpr[] => [
        { kind: 'string', text: String(field.key.value), at },
        convertExpr(field.value),
      ])
      return call('named_struct', args, at)
    }
    case 'Map': {
      const at = positionOf(raw)
      const args = node.entries.flatMap((entry: Raw): AstExpr[] => [convertExpr(entry.key), convertExpr(entry.value)])
      return call('make_map', args, at)
    }
    case 'Named':
      return convertExpr(node.expr)
    case 'Extract': {
      const [form, custom] = variant(node.field)
      const field = form === 'Custom' ? custom.value : form === 'Week' && custom !== undefined ? custom.value : form
      const at = positionOf(raw)
      return call('extract', [{ kind: 'string', text: String(field).toLowerCase(), at }, convertExpr(node.expr)], at)
    }
    case 'Ceil':
    case 'Floor': {
      const [form, field] = variant(node.field)
      if (form !== 'DateTimeField' || field !== 'NoDateTime')
        throw unsupported(`${tag.toUpperCase()} with a scale or a field`, raw)
      return call(tag.toLowerCase(), [convertExpr(node.expr)], positionOf(raw))
    }
    case 'Position':
      return call('strpos', [convertExpr(node.in), convertExpr(node.expr)], positionOf(raw))
    case 'Substring': {
      const at = positionOf(raw)
      const from = optional(node.substring_from) ?? ({ kind: 'number', text: '1', at } as const)
      const length = optional(node.substring_for)
      return call('substring', [convertExpr(node.expr), from, ...(length === null ? [] : [length])], at)
    }
    case 'Trim': {
      const sides: Readonly<Record<string, string>> = { Leading: 'ltrim', Trailing: 'rtrim' }
      const what = optional(node.trim_what) ?? optional(node.trim_characters?.[0])
      return call(
        sides[variant(node.trim_where)[0]] ?? 'btrim',
        [convertExpr(node.expr), ...(what === null ? [] : [what])],
        positionOf(raw),
      )
    }
    case 'Overlay': {
      const length = optional(node.overlay_for)
      const args = [node.expr, node.overlay_what, node.overlay_from].map(convertExpr)
      return call('overlay', length === null ? args : [...args, length], positionOf(raw))
    }
  }
  throw unsupported(tag === '' ? 'this expression' : `the expression ${tag}`, raw)
}

/** A cast to `varchar(n)` cuts the text, as in PostgreSQL. */
function shortened(cast: AstExpr, length: number | null): AstExpr {
  return length === null ? cast : call('left', [cast, { kind: 'number', text: String(length), at: cast.at }], cast.at)
}

/** `struct(1, 'a')`, and with names `struct(1 AS x)`. */
function convertStruct(node: Raw, at: Position | null): AstExpr {
  const values: Raw[] = node.values
  if (!values.some((value) => value.Named !== undefined)) return call('struct', values.map(convertExpr), at)
  const args = values.flatMap((value, i): AstExpr[] => [
    { kind: 'string', text: value.Named === undefined ? `c${i}` : String(value.Named.name.value), at },
    convertExpr(value),
  ])
  return call('named_struct', args, at)
}

function convertValue(raw: Raw, at: Position | null, node: Raw): AstExpr {
  const [tag, payload] = variant(raw)
  switch (tag) {
    case 'Number':
      return { kind: 'number', text: String(payload[0]).replaceAll('_', ''), at }
    case 'SingleQuotedString':
    case 'EscapedStringLiteral':
    case 'UnicodeStringLiteral':
    case 'NationalStringLiteral':
    case 'TripleSingleQuotedString':
      return { kind: 'string', text: payload, at }
    case 'DollarQuotedString':
      return { kind: 'string', text: payload.value, at }
    case 'HexStringLiteral': {
      // Both x'1F' and 0x1F arrive here; only the length of the text tells them apart.
      const length = node.span === undefined ? 0 : node.span.end.column - node.span.start.column
      if (length === payload.length + 2) return { kind: 'number', text: BigInt(`0x${payload}`).toString(), at }
      return { kind: 'bytes', hex: payload, at }
    }
    case 'Boolean':
      return { kind: 'boolean', value: payload === true, at }
    case 'Null':
      return { kind: 'null', at }
    case 'Placeholder':
      return { kind: 'placeholder', name: String(payload), at }
  }
  throw unsupported(`the literal ${tag}`, node)
}

function convertAccess(raw: Raw, node: Raw): AstExpr {
  let operand = convertExpr(node.root)
  for (const access of node.access_chain) {
    const [tag, payload] = variant(access)
    if (tag === 'Dot') {
      const [form, part] = variant(payload)
      if (form !== 'Identifier') throw unsupported('access to a field of a value', raw)
      const field = name(part)
      if (operand.kind === 'name') operand = { ...operand, parts: [...operand.parts, field] }
      else {
        const key: AstExpr = {
          kind: 'string',
          text: field.quoted ? field.value : field.value.toLowerCase(),
          at: field.at,
        }
        operand = { kind: 'subscript', operand, index: key, at: operand.at }
      }
      continue
    }
    const [form, subscript] = variant(payload)
    if (form === 'Index') operand = { kind: 'subscript', operand, index: convertExpr(subscript.index), at: operand.at }
    else if (form === 'Slice' && (subscript.stride === undefined || subscript.stride === null))
      operand = {
        kind: 'slice',
        operand,
        low: optional(subscript.lower_bound),
        high: optional(subscript.upper_bound),
        at: operand.at,
      }
    else throw unsupported('a slice with a step', raw)
  }
  return operand
}

/** `ARRAY(SELECT x ...)`: the list of the rows in the query's order, empty where there are none. */
function arrayOf(query: AstQuery, at: Position | null): AstExpr {
  const named = (value: string): AstName => ({ value, quoted: false, at })
  const ref = (value: string): AstExpr => ({ kind: 'name', parts: [named(value)], at })
  const { body } = query
  const own = body.kind === 'select' && !body.distinct && body.items.length === 1 ? body.items[0]! : null
  const alias = own?.kind === 'expr' ? own.alias : null
  // What the rows are ordered by comes out beside them, because a list keeps no order but its own.
  const keys: AstSelectItem[] = []
  const orderBy = query.orderBy.map((key): AstOrderItem => {
    const { expr } = key
    const isOutput =
      own === null ||
      expr.kind === 'number' ||
      (expr.kind === 'name' && expr.parts.length === 1 && expr.parts[0]!.value === alias?.value)
    if (isOutput) return { ...key, expr: ref('item') }
    const name = `key_${keys.length}`
    keys.push({ kind: 'expr', expr, alias: named(name) })
    return { ...key, expr: ref(name) }
  })
  const inner: AstQuery =
    keys.length === 0 ? query : { ...query, body: { ...(body as AstSelect), items: [own!, ...keys] } }
  const columns = ['item', ...keys.map((_, i) => `key_${i}`)].map(named)
  const items: AstCall = { ...call('array_agg', [ref('item')], at), orderBy }
  const outer: AstSelect = {
    kind: 'select',
    distinct: false,
    distinctOn: [],
    items: [{ kind: 'expr', expr: items, alias: null }],
    from: [
      {
        kind: 'derived',
        query: inner,
        lateral: false,
        columnCount: columns.length,
        alias: { name: named('items'), columns },
        at,
      },
    ],
    where: null,
    groupBy: [],
    having: null,
    qualify: null,
    windows: [],
    at,
  }
  const list: AstQuery = { recursive: false, ctes: [], body: outer, orderBy: [], limit: null, offset: null, at }
  const empty: AstExpr = { kind: 'array', elements: [], at }
  return call('coalesce', [{ kind: 'subquery', query: list, at }, empty], at)
}

function convertCall(raw: Raw, node: Raw): AstExpr {
  const at = positionOf(node.name)
  const [form, list] = variant(node.args)
  if (form === 'Subquery') {
    const [own, ...others] = names(node.name)
    if (own?.value.toLowerCase() === 'array' && others.length === 0) return arrayOf(convertQuery(list), at)
    throw unsupported('a query as an argument', raw)
  }
  if (variant(node.parameters)[0] !== 'None') throw unsupported('a call with parameters', raw)
  let orderBy: AstOrderItem[] = []
  let ignoreNulls = node.null_treatment === 'IgnoreNulls'
  for (const clause of list?.clauses ?? []) {
    const [tag, payload] = variant(clause)
    if (tag === 'OrderBy') orderBy = payload.map(convertOrderItem)
    else if (tag === 'IgnoreOrRespectNulls') ignoreNulls = payload === 'IgnoreNulls'
    else throw unsupported(`${tag} inside a call`, raw)
  }
  const [overForm, over] = variant(node.over)
  const window =
    overForm === 'WindowSpec'
      ? convertWindow(over, at)
      : overForm === 'NamedWindow'
        ? { base: name(over), partitionBy: [], orderBy: [], frame: null, at }
        : null
  return {
    kind: 'call',
    name: names(node.name),
    args: (list?.args ?? []).map((arg: Raw) => convertArgument(arg, raw)),
    distinct: list?.duplicate_treatment === 'Distinct',
    orderBy,
    withinGroup: (node.within_group ?? []).map(convertOrderItem),
    filter: optional(node.filter),
    over: window,
    ignoreNulls,
    at,
  }
}

function convertArgument(raw: Raw, whole: Raw): AstArgument {
  const [tag, payload] = variant(raw)
  if (tag !== 'Unnamed') throw unsupported('a named argument', whole)
  const [form, value] = variant(payload)
  if (form === 'Expr') return convertExpr(value)
  return { kind: 'star', qualifier: form === 'QualifiedWildcard' ? names(value) : [], at: positionOf(whole) }
}

/** Arguments of a table function. */
export function convertArguments(raw: Raw): AstExpr[] {
  return raw.map((arg: Raw) => {
    const converted = convertArgument(arg, raw)
    if (converted.kind === 'star') throw unsupported('* as an argument', raw)
    return converted
  })
}

export function convertOrderItem(raw: Raw): AstOrderItem {
  if (raw.with_fill !== undefined && raw.with_fill !== null) throw unsupported('WITH FILL', raw)
  return {
    expr: convertExpr(raw.expr),
    descending: raw.options?.asc === false,
    nullsFirst: raw.options?.nulls_first ?? null,
  }
}

export function convertWindow(raw: Raw, at: Position | null): AstWindow {
  const frame = raw.window_frame
  const { exclude, orderBy } = withoutExclusion((raw.order_by ?? []).map(convertOrderItem))
  return {
    base: raw.window_name === undefined || raw.window_name === null ? null : name(raw.window_name),
    partitionBy: (raw.partition_by ?? []).map(convertExpr),
    orderBy,
    frame:
      frame === undefined || frame === null
        ? null
        : {
            units: String(frame.units).toLowerCase() as 'rows' | 'range' | 'groups',
            start: convertBound(frame.start_bound),
            end:
              frame.end_bound === undefined || frame.end_bound === null
                ? { kind: 'current_row', offset: null }
                : convertBound(frame.end_bound),
            exclude,
          },
    at,
  }
}

/** Takes out the mark that stands for a frame's EXCLUDE. */
function withoutExclusion(items: readonly AstOrderItem[]): {
  readonly orderBy: readonly AstOrderItem[]
  readonly exclude: Exclusion
} {
  const last = items.at(-1)?.expr
  const exclude = last?.kind === 'string' ? exclusionOf(last.text) : null
  return exclude === null ? { orderBy: items, exclude: 'no_others' } : { orderBy: items.slice(0, -1), exclude }
}

function convertBound(raw: Raw): AstFrameBound {
  const [tag, payload] = variant(raw)
  if (tag === 'CurrentRow') return { kind: 'current_row', offset: null }
  const side = tag === 'Preceding' ? 'preceding' : 'following'
  const offset = optional(payload)
  return offset === null ? { kind: `unbounded_${side}`, offset: null } : { kind: side, offset }
}
