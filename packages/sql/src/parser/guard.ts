import { SqlState, VolleyError } from '@volley/core'

/** Longest statement text, in UTF-16 units. */
const MAX_SQL_LENGTH = 1 << 20
/** Deepest expression tree: the parser's WebAssembly stack ends between 550 and 700 levels, and does not recover. */
const MAX_DEPTH = 400
/** What a parenthesis or a subquery adds to the depth. */
const LEVEL_COST = 4
/** What a CASE adds to it: the parser loses what stands behind 50 of them inside each other, without a word. */
const CASE_COST = 9

/** A token of SQL text, roughly: comments of `/*` are cut into theirs. */
export const TOKEN: RegExp =
  /\s+|--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[-+*/%<>=!@#~&|^:?]+|[\s\S]/uy

/** Words JOIN and LATERAL in one FROM: beyond, it joins more tables than are planned, and parsing alone would take seconds. */
const MAX_JOIN_WORDS = 400

const LOGICAL = new Set(['and', 'or'])
const SET_OPERATORS = new Set(['union', 'intersect', 'except', 'minus'])
const CLAUSES = new Set([
  'select',
  'from',
  'where',
  'on',
  'group',
  'having',
  'order',
  'limit',
  'when',
  'then',
  'else',
  'qualify',
  'join',
])
const OPERATORS = new Set([
  'not',
  'is',
  'like',
  'ilike',
  'similar',
  'rlike',
  'regexp',
  'between',
  'in',
  'interval',
  'collate',
  'at',
])
const STACKED = new Set(['explain', 'prepare', 'describe', 'desc'])

class Level {
  opener = ''
  joins = 0
  sets = 0
  logical = 0
  run = 0
  deepestRun = 0

  get depth(): number {
    return (this.opener === 'case' ? CASE_COST : LEVEL_COST) + this.sets + this.logical + this.deepestRun
  }

  operator(weight: number): void {
    this.run += weight
    if (this.run > this.deepestRun) this.deepestRun = this.run
  }

  countJoins(word: string): void {
    if (word === 'join' || word === 'lateral') this.joins++
    else if (word === 'select') this.joins = 0
  }

  clause(): void {
    this.logical = 0
    this.run = 0
    this.deepestRun = 0
  }
}

/**
 * Refuses text that the parser could not survive: too long, or nested or chained too deep. Works on tokens alone and errs
 * on the safe side; lists of any length pass.
 *
 * @throws VolleyError 54001
 */
export function checkComplexity(sql: string): void {
  if (sql.length > MAX_SQL_LENGTH) {
    throw new VolleyError(`a statement of ${sql.length} characters is too long: the limit is ${MAX_SQL_LENGTH}`, {
      code: SqlState.statementTooComplex,
    })
  }
  const levels: Level[] = [new Level()]
  let closedDepth = 0
  let depth = LEVEL_COST
  const open = (opener: string): void => {
    closedDepth += levels.at(-1)!.depth
    const level = new Level()
    level.opener = opener
    levels.push(level)
  }
  const close = (): void => {
    if (levels.length === 1) return
    levels.pop()
    closedDepth -= levels.at(-1)!.depth
  }
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const token = match[0]
    const first = token.charCodeAt(0)
    if (token.startsWith('--') || first <= 32) continue
    if (token.startsWith('/*')) {
      TOKEN.lastIndex = endOfComment(sql, match.index)
      continue
    }
    const level = levels.at(-1)!
    if (token === '(' || token === '[' || token === '{') {
      // A subscript or an array type is one level of a chain, too.
      if (token === '[') level.operator(1)
      open(token)
    } else if (token === ')' || token === ']' || token === '}') {
      while (levels.length > 1 && levels.at(-1)!.opener === 'case') close()
      close()
    } else if (token === ',' || token === ';') {
      level.clause()
      if (token === ';') level.sets = 0
    } else if (/^[\p{L}_]/u.test(token)) {
      const word = token.toLowerCase()
      if (word === 'case') open('case')
      else if (word === 'end' && level.opener === 'case') close()
      else if (LOGICAL.has(word)) {
        level.logical++
        level.run = 0
      } else if (SET_OPERATORS.has(word)) {
        level.clause()
        level.sets++
      } else if (STACKED.has(word)) level.sets += LEVEL_COST
      else if (CLAUSES.has(word)) level.clause()
      else if (OPERATORS.has(word)) level.operator(1)
      level.countJoins(word)
      if (level.joins > MAX_JOIN_WORDS) {
        throw new VolleyError(`the statement is too complex: it joins more than ${MAX_JOIN_WORDS / 2} tables`, {
          code: SqlState.statementTooComplex,
          position: positionAt(sql, match.index),
        })
      }
    } else if (/^[-+*/%<>=!@#~&|^:?]/.test(token)) {
      level.operator(token.length > 3 ? token.length : 1)
    }
    depth = closedDepth + levels.at(-1)!.depth
    if (depth > MAX_DEPTH) {
      throw new VolleyError(
        'the statement is too complex: its expressions nest or chain too deep; use IN (...) for long lists of values',
        {
          code: SqlState.statementTooComplex,
          position: positionAt(sql, match.index),
        },
      )
    }
  }
}

function endOfComment(sql: string, start: number): number {
  const mark = /\/\*|\*\//g
  mark.lastIndex = start
  let open = 0
  for (let match = mark.exec(sql); match !== null; match = mark.exec(sql)) {
    open += match[0] === '/*' ? 1 : -1
    if (open === 0) return mark.lastIndex
  }
  return sql.length
}

/** Line and column of an offset into the text. */
export function positionAt(sql: string, offset: number): { line: number; column: number } {
  const before = sql.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: Array.from(before.slice(lineStart)).length + 1 }
}

/** Runs a step over a tree; a tree that the stack of this thread cannot hold is the statement's fault. */
export async function withinStack<T>(step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new VolleyError('the statement is too complex: it nests too deep', {
      code: SqlState.statementTooComplex,
      cause: error,
    })
  }
}
