import { SqlState, VolleyError } from '@volley/core'
import type { AstColumnDefinition, AstName, AstStatement } from './ast.ts'
import { convertColumns } from './convert-definition.ts'
import { convertQuery } from './convert-query.ts'
import { positionAt } from './guard.ts'
import { parseRaw } from './sqlparser.ts'

const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([A-Za-z_]*)\$[\s\S]*?\$\1\$|[\p{L}_][\p{L}\p{N}_$]*|\d[\w.]*|[\s\S]/uy

interface Token {
  readonly text: string
  readonly start: number
  readonly end: number
}

function tokens(sql: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(sql); match !== null; match = TOKEN.exec(sql)) {
    const text = match[0]
    if (/^(?:\s|--|\/\*)/.test(text)) continue
    found.push({ text, start: match.index, end: match.index + text.length })
  }
  return found
}

/** Whether a text may hold statements about files, which are read here and not by the parser. */
export function mayNameFiles(sql: string): boolean {
  return /\b(?:external\s+table|copy)\b/i.test(sql)
}

/**
 * Reads `CREATE EXTERNAL TABLE` and `COPY` with DataFusion's clauses (STORED AS, OPTIONS, ...); gives other statements to `rest`,
 * each with blanks before it, so that positions stay.
 *
 * @throws VolleyError 42601
 */
export async function parseWithFiles(
  sql: string,
  rest: (text: string) => Promise<AstStatement[]>,
): Promise<AstStatement[]> {
  const statements: AstStatement[] = []
  let piece: Token[] = []
  const finish = async (): Promise<void> => {
    const first = piece[0]
    if (first === undefined) return
    const reader = new Reader(sql, piece)
    piece = []
    const file = await reader.statement()
    if (file !== null) statements.push(file)
    else {
      const blank = sql.slice(0, first.start).replaceAll(/[^\n]/g, ' ')
      statements.push(...(await rest(blank + sql.slice(first.start, reader.end))))
    }
  }
  for (const token of tokens(sql)) {
    if (token.text === ';') await finish()
    else piece.push(token)
  }
  await finish()
  return statements
}

class Reader {
  readonly #sql: string
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(sql: string, all: readonly Token[]) {
    this.#sql = sql
    this.#tokens = all
  }

  get end(): number {
    return this.#tokens.at(-1)!.end
  }

  async statement(): Promise<AstStatement | null> {
    if (this.#take('copy')) return this.#copy()
    if (!this.#take('create')) return null
    const orReplace = this.#take('or') && this.#take('replace')
    this.#take('unbounded')
    if (!this.#take('external')) {
      this.#at = 0
      return null
    }
    this.#expect('table')
    const ifNotExists = this.#take('if') && this.#take('not') && this.#take('exists')
    return this.#externalTable(orReplace, ifNotExists)
  }

  async #externalTable(orReplace: boolean, ifNotExists: boolean): Promise<AstStatement> {
    const at = positionAt(this.#sql, this.#peek()?.start ?? this.end)
    const name = this.#name()
    let columns: readonly AstColumnDefinition[] = []
    if (this.#peek()?.text === '(') {
      const inner = this.#parenthesized().replace(/,\s*$/, '')
      if (inner.trim() !== '') {
        const [raw] = await parseRaw(`CREATE TABLE t (${inner})`)
        columns = convertColumns(raw.CreateTable).columns
      }
    }
    const { format, location, options } = this.#clauses()
    if (location === null) throw this.#error('LOCATION is missing')
    return { kind: 'create_external_table', name, orReplace, ifNotExists, columns, format, location, options, at }
  }

  async #copy(): Promise<AstStatement> {
    const at = positionAt(this.#sql, this.#tokens[0]!.start)
    let query = null
    let table: AstName[] | null = null
    if (this.#peek()?.text === '(') {
      const [raw] = await parseRaw(this.#parenthesized())
      if (raw?.Query === undefined) throw this.#error('COPY takes a table or a query')
      query = convertQuery(raw.Query)
    } else table = this.#name()
    const direction = this.#take('to') ? 'to' : 'from'
    if (direction === 'from') this.#expect('from')
    if (direction === 'from' && query !== null) throw this.#error('COPY FROM takes a table')
    const location = this.#string()
    const { format, options } = this.#clauses()
    return { kind: 'copy', direction, table, query, location, format, options, at }
  }

  #clauses(): { format: string | null; location: string | null; options: ReadonlyMap<string, string> } {
    let format: string | null = null
    let location: string | null = null
    const options = new Map<string, string>()
    for (let token = this.#peek(); token !== undefined; token = this.#peek()) {
      if (this.#take('stored')) {
        this.#expect('as')
        format = this.#next().text.toLowerCase()
      } else if (this.#take('location')) location = this.#string()
      else if (this.#take('options')) this.#options(options)
      else if (this.#take('partitioned')) {
        this.#expect('by')
        options.set('partitioned_by', this.#parenthesized())
      } else if (this.#take('with')) {
        if (this.#take('order')) this.#parenthesized()
        else if (this.#take('header')) {
          this.#take('row')
          options.set('header', 'true')
        } else this.#options(options)
      } else if (token.text === '(') this.#options(options)
      else if (this.#take('delimiter')) options.set('delimiter', this.#string())
      else if (this.#take('compression')) {
        this.#expect('type')
        options.set('compression', this.#next().text.toLowerCase())
      } else if (direct.has(token.text.toLowerCase())) options.set(this.#next().text.toLowerCase(), 'true')
      else throw this.#error(`unexpected "${token.text}"`)
    }
    return { format: format ?? options.get('format')?.toLowerCase() ?? null, location, options }
  }

  /** `( 'key' 'value', key value, flag )`. */
  #options(options: Map<string, string>): void {
    this.#expect('(')
    while (!this.#take(')')) {
      let key = unquoted(this.#next().text)
      while (this.#take('.')) key += `.${unquoted(this.#next().text)}`
      let value = 'true'
      if (![',', ')'].includes(this.#peek()?.text ?? ')')) {
        this.#take('=')
        value = unquoted(this.#next().text)
        if (value === '-') value += this.#next().text
      }
      options.set(key.toLowerCase(), value)
      if (!this.#take(',') && this.#peek()?.text !== ')') throw this.#error('"," or ")" expected')
    }
  }

  #name(): AstName[] {
    const parts: AstName[] = []
    do {
      const token = this.#next()
      const quoted = token.text.startsWith('"')
      if (!quoted && !/^[\p{L}_]/u.test(token.text)) throw this.#error(`"${token.text}" is not a name`)
      parts.push({ value: unquoted(token.text), quoted, at: positionAt(this.#sql, token.start) })
    } while (this.#take('.'))
    return parts
  }

  #string(): string {
    const token = this.#next()
    if (!token.text.startsWith("'")) throw this.#error(`a string expected, found "${token.text}"`)
    return unquoted(token.text)
  }

  /** What is between the next parentheses. */
  #parenthesized(): string {
    const open = this.#peek()
    this.#expect('(')
    for (let depth = 1; depth > 0;) {
      const { text, start } = this.#next()
      if (text === '(') depth++
      else if (text === ')' && --depth === 0) return this.#sql.slice(open!.end, start)
    }
    return ''
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at]
  }

  #next(): Token {
    const token = this.#tokens[this.#at++]
    if (token === undefined) throw this.#error('unexpected end of the statement')
    return token
  }

  #take(word: string): boolean {
    if (this.#peek()?.text.toLowerCase() !== word) return false
    this.#at++
    return true
  }

  #expect(word: string): void {
    if (!this.#take(word)) throw this.#error(`${word.toUpperCase()} expected`)
  }

  #error(message: string): VolleyError {
    const start = (this.#tokens[this.#at] ?? this.#tokens.at(-1))!.start
    return new VolleyError(`syntax error: ${message}`, {
      code: SqlState.syntaxError,
      position: positionAt(this.#sql, start),
    })
  }
}

/** Options of COPY that stand alone. */
const direct = new Set(['csv', 'header'])

function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text
}
