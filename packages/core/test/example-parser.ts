import {
  callFunction,
  castScalar,
  DATE,
  decimalType,
  FLOAT64,
  INT32,
  INT64,
  INTERVAL,
  JSON_TYPE,
  literal,
  LiteralExpr,
  NULL,
  TIME,
  timestampType,
  UTF8,
  type Expr,
  type FunctionRegistry,
} from '../src/index.ts'

const TOKEN = /\s*(\|\||!?~\*?|[A-Za-z_][A-Za-z_0-9]*|\d+\.\d+|\d+|'(?:[^']|'')*'|[(),[\]-])/y
const TYPED = new Map([
  ['TIMESTAMP', timestampType(2)],
  ['DATE', DATE],
  ['TIME', TIME],
  ['INTERVAL', INTERVAL],
  ['JSON', JSON_TYPE],
])

/** Reads the little SQL that examples of functions are written in: literals, calls, ARRAY[...] and ||. */
export class ExampleParser {
  readonly #tokens: string[] = []
  readonly #functions: FunctionRegistry
  #at = 0

  constructor(sql: string, functions: FunctionRegistry) {
    this.#functions = functions
    TOKEN.lastIndex = 0
    while (TOKEN.lastIndex < sql.length) {
      const at = TOKEN.lastIndex
      const match = TOKEN.exec(sql)
      if (match === null) throw new Error(`cannot read ${sql.slice(at)}`)
      this.#tokens.push(match[1]!)
    }
  }

  parse(): Expr {
    let expr = this.#primary()
    for (;;) {
      const operator = ['||', '~', '~*', '!~', '!~*'].find((each) => this.#take(each))
      if (operator === undefined) break
      expr = this.#call(operator, [expr, this.#primary()])
    }
    if (this.#at < this.#tokens.length) throw new Error(`unexpected ${this.#tokens[this.#at]}`)
    return expr
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false
    this.#at++
    return true
  }

  #call(name: string, args: readonly Expr[]): Expr {
    const fn = this.#functions.scalar(name)
    if (fn === undefined) throw new Error(`no function ${name}`)
    const call = callFunction(fn, args)
    if (call === null) throw new Error(`no form of ${name}(${args.map((arg) => arg.type).join(', ')})`)
    return call
  }

  #primary(): Expr {
    const token = this.#tokens[this.#at++]!
    if (token.startsWith("'")) return literal(unquote(token))
    if (token === '-') return this.#number(`-${this.#tokens[this.#at++]}`)
    if (/^\d/.test(token)) return this.#number(token)
    if (token === 'NULL') return new LiteralExpr(NULL, null)
    if (token === 'TRUE' || token === 'FALSE') return literal(token === 'TRUE')
    if (token === 'ARRAY') return this.#call('make_array', this.#list('[', ']'))
    const type = TYPED.get(token)
    if (type !== undefined) return new LiteralExpr(type, castScalar(unquote(this.#tokens[this.#at++]!), UTF8, type))
    return this.#call(token, this.#list('(', ')'))
  }

  #list(open: string, close: string): Expr[] {
    if (!this.#take(open)) throw new Error(`${open} is missing`)
    const items: Expr[] = []
    while (!this.#take(close)) {
      items.push(this.#primary())
      this.#take(',')
    }
    return items
  }

  #number(text: string): Expr {
    if (!text.includes('.')) {
      const value = BigInt(text)
      return BigInt.asIntN(32, value) === value ? new LiteralExpr(INT32, Number(value)) : new LiteralExpr(INT64, value)
    }
    if (text.length > 30) return new LiteralExpr(FLOAT64, Number(text))
    const [whole, fraction] = text.replace('-', '').split('.') as [string, string]
    return new LiteralExpr(decimalType(whole.length + fraction.length, fraction.length), BigInt(text.replace('.', '')))
  }
}

function unquote(token: string): string {
  return token.slice(1, -1).replaceAll("''", "'")
}
