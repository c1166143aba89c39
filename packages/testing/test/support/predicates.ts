import fc from 'fast-check'
import type { SampleDocument } from '../../src/index.ts'
import { doubles, levels, signed, tags, times, unsigned, words } from './arbitrary-corpus.ts'

/** SQL's third truth value is null. */
type Truth = boolean | null

/** A condition as SQL, and what it is of one document. */
export interface Predicate {
  readonly sql: string
  readonly test: (document: SampleDocument) => Truth
  /** Whether it searches text. */
  readonly text: boolean
}

type Scalar = bigint | number | string | boolean

/** A scalar column: its SQL, its value, and the literals that it is compared with. */
export interface SampleColumn {
  readonly sql: string
  readonly value: (document: SampleDocument) => Scalar | null
  readonly literals: readonly Scalar[]
  readonly literal: (value: Scalar) => string
}

const plain = (value: Scalar): string => String(value)
const quoted = (value: Scalar): string => `'${String(value).replaceAll("'", "''")}'`
const double = (value: Scalar): string => `CAST('${Object.is(value, -0) ? '-0' : value}' AS double precision)`
const timestamp = (value: Scalar): string =>
  `TIMESTAMP '${new Date(Number(value)).toISOString().replace('T', ' ').replace('Z', '')}'`

export const columns: Readonly<Record<string, SampleColumn>> = {
  n: { sql: 'n', value: (d) => d.n, literals: signed, literal: plain },
  u: { sql: 'u', value: (d) => d.u, literals: unsigned, literal: plain },
  f: { sql: 'f', value: (d) => d.f, literals: doubles, literal: double },
  b: { sql: 'b', value: (d) => d.b, literals: [true, false], literal: plain },
  ts: { sql: 'ts', value: (d) => d.ts, literals: times, literal: timestamp },
  level: { sql: 'level', value: (d) => d.level, literals: [...levels, 'F', ''], literal: quoted },
  tag: { sql: 'tag', value: (d) => d.tag, literals: [...tags, 'tag'], literal: quoted },
  note: { sql: 'note', value: (d) => d.note, literals: ['', 'kept', "it's kept"], literal: quoted },
  inner: { sql: '"o.inner"', value: (d) => d.inner, literals: signed, literal: plain },
  host: {
    sql: "(attrs->>'host')",
    value: (d) => (d.attrs?.host ?? null) as string | null,
    literals: ['web-1', 'db'],
    literal: quoted,
  },
  code: {
    sql: "(attrs->>'code')",
    value: (d) => (d.attrs?.code === undefined ? null : String(d.attrs.code)),
    literals: ['200', '404', 'none'],
    literal: quoted,
  },
  extra: { sql: "(_dynamic->>'extra')", value: (d) => d.extra, literals: ['more', 'less'], literal: quoted },
}

/** PostgreSQL's order, text by UTF-8 bytes: negative, 0 or positive. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}

const operators: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

const anyColumn: fc.Arbitrary<SampleColumn> = fc.constantFrom(...Object.values(columns))

const comparison: fc.Arbitrary<Predicate> = fc
  .tuple(anyColumn, fc.constantFrom(...Object.keys(operators)), fc.nat(100))
  .map(([column, operator, pick]) => {
    const literal = column.literals[pick % column.literals.length]!
    return {
      sql: `${column.sql} ${operator} ${column.literal(literal)}`,
      text: false,
      test: (document) => {
        const value = column.value(document)
        return value === null ? null : operators[operator]!(compareScalars(value, literal))
      },
    }
  })

const acrossTypes: fc.Arbitrary<Predicate> = fc
  .tuple(fc.constantFrom('=', '<', '>='), fc.boolean())
  .map(([operator, inner]) => ({
    sql: `${inner ? '"o.inner"' : 'n'} ${operator} u`,
    text: false,
    test: ({ n, inner: o, u }) => {
      const left = inner ? o : n
      return left === null || u === null ? null : operators[operator]!(compareScalars(left, u))
    },
  }))

const nullTest: fc.Arbitrary<Predicate> = fc.tuple(anyColumn, fc.boolean()).map(([column, negated]) => ({
  sql: `${column.sql} IS ${negated ? 'NOT ' : ''}NULL`,
  text: false,
  test: (document) => (column.value(document) === null) !== negated,
}))

const membership: fc.Arbitrary<Predicate> = fc
  .tuple(anyColumn, fc.array(fc.nat(100), { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean())
  .map(([column, picks, negated, withNull]) => {
    const list = picks.map((pick) => column.literals[pick % column.literals.length]!)
    const items = [...list.map(column.literal), ...(withNull ? ['NULL'] : [])]
    return {
      sql: `${column.sql} ${negated ? 'NOT ' : ''}IN (${items.join(', ')})`,
      text: false,
      test: (document) => {
        const value = column.value(document)
        if (value === null) return null
        if (list.some((item) => compareScalars(value, item) === 0)) return !negated
        return withNull ? null : negated
      },
    }
  })

/** Maximal runs of letters and digits, in lower case: Quickwit's tokenizer `default`. */
export function tokensOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((token) => token !== '')
}

/** A search is a boolean that is never NULL: a document without the field does not match. */
const search: fc.Arbitrary<Predicate> = fc
  .tuple(fc.array(fc.constantFrom(...words, 'nowhere'), { minLength: 1, maxLength: 2 }), fc.boolean())
  .map(([list, phrase]) => {
    const text = list.join(' ')
    const wanted = tokensOf(text)
    return {
      sql: phrase ? `body @@ '"${text}"'` : `match(body, '${text}')`,
      text: true,
      test: ({ body }) => {
        const tokens = body === null ? [] : tokensOf(body)
        if (!phrase) return wanted.every((token) => tokens.includes(token))
        return tokens.some((_, at) => wanted.every((token, i) => tokens[at + i] === token))
      },
    }
  })

/** Searches of fields that are not cut into words, of lists, and of a JSON path. */
const rawSearch: fc.Arbitrary<Predicate> = fc
  .constantFrom<[string, string, (d: SampleDocument) => readonly unknown[]]>(
    ['level', 'ERROR', (d) => [d.level]],
    ['level', 'error', (d) => [d.level]],
    ['tag', 'tag-3', (d) => [d.tag]],
    ['labels', 'red', (d) => d.labels ?? []],
    ['labels', 'blue', (d) => d.labels ?? []],
    ["attrs->'host'", 'web-1', (d) => [d.attrs?.host]],
    ["_dynamic->'extra'", 'more', (d) => [d.extra]],
  )
  .map(([field, word, values]) => ({
    sql: `match(${field}, '${word}')`,
    text: true,
    test: (document) => values(document).includes(word),
  }))

const patterns: readonly (readonly [pattern: string, matches: RegExp])[] = [
  ['tag-1%', /^tag-1.*$/su],
  ['%R%', /^.*R.*$/su],
  ['_NF_', /^.NF.$/su],
  ["it''s%", /^it's.*$/su],
  ['%', /^.*$/su],
]

const like: fc.Arbitrary<Predicate> = fc
  .tuple(fc.constantFrom('level', 'tag', 'note', 'host'), fc.constantFrom(...patterns), fc.boolean(), fc.boolean())
  .map(([name, [pattern, matches], negated, insensitive]) => {
    const column = columns[name]!
    const regex = new RegExp(matches.source, insensitive ? 'isu' : 'su')
    return {
      sql: `${column.sql} ${negated ? 'NOT ' : ''}${insensitive ? 'ILIKE' : 'LIKE'} '${pattern}'`,
      text: false,
      test: (document) => {
        const value = column.value(document) as string | null
        return value === null ? null : regex.test(value) !== negated
      },
    }
  })

const between: fc.Arbitrary<Predicate> = fc
  .tuple(anyColumn, fc.nat(100), fc.nat(100), fc.boolean())
  .map(([column, a, b, negated]) => {
    const [low, high] = [a, b].map((pick) => column.literals[pick % column.literals.length]!) as [Scalar, Scalar]
    return {
      sql: `${column.sql} ${negated ? 'NOT ' : ''}BETWEEN ${column.literal(low)} AND ${column.literal(high)}`,
      text: false,
      test: (document) => {
        const value = column.value(document)
        if (value === null) return null
        return (compareScalars(low, value) <= 0 && compareScalars(value, high) <= 0) !== negated
      },
    }
  })

const leaf: fc.Arbitrary<Predicate> = fc.oneof(
  { weight: 5, arbitrary: comparison },
  { weight: 1, arbitrary: acrossTypes },
  { weight: 2, arbitrary: nullTest },
  { weight: 2, arbitrary: membership },
  { weight: 3, arbitrary: search },
  { weight: 2, arbitrary: rawSearch },
  { weight: 1, arbitrary: like },
  { weight: 1, arbitrary: between },
)

export function negation(of: Predicate): Predicate {
  const test = (document: SampleDocument): Truth => {
    const truth = of.test(document)
    return truth === null ? null : !truth
  }
  return { sql: `NOT (${of.sql})`, test, text: of.text }
}

function combined(operator: 'AND' | 'OR', operands: readonly Predicate[]): Predicate {
  // What decides at once: false for AND, true for OR.
  const decisive = operator === 'OR'
  return {
    sql: operands.map(({ sql }) => `(${sql})`).join(` ${operator} `),
    text: operands.some(({ text }) => text),
    test: (document) => {
      const truths = operands.map(({ test }) => test(document))
      if (truths.includes(decisive)) return decisive
      return truths.includes(null) ? null : !decisive
    },
  }
}

function choice(when: Predicate, then: Predicate, otherwise: Predicate): Predicate {
  return {
    sql: `CASE WHEN ${when.sql} THEN ${then.sql} ELSE ${otherwise.sql} END`,
    text: when.text || then.text || otherwise.text,
    test: (document) => (when.test(document) === true ? then : otherwise).test(document),
  }
}

/** Conditions of up to a dozen leaves. */
export const predicates: fc.Arbitrary<Predicate> = fc.letrec<{ node: Predicate }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    leaf,
    fc
      .tuple(fc.constantFrom('AND', 'OR'), fc.array(tie('node'), { minLength: 2, maxLength: 3 }))
      .map(([op, list]) => combined(op as 'AND' | 'OR', list)),
    tie('node').map(negation),
    fc.tuple(tie('node'), tie('node'), tie('node')).map(([when, then, otherwise]) => choice(when, then, otherwise)),
  ),
})).node
