import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { formatScalar } from '../types/format-scalar.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { INT32, UTF8 } from '../types/type-factory.ts'
import { defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import type { ScalarFunction } from './scalar-function.ts'
import { quoteIdentifier, quoteLiteral } from './text-functions.ts'

function counting(
  name: string,
  description: string,
  result: string,
  counts: (value: ScalarValue) => boolean,
): ScalarFunction {
  return defineFunction({
    name,
    category: 'conditional',
    description,
    examples: [[`${name}(1, NULL, 2)`, result]],
    resolve: (argTypes) => (argTypes.length === 0 ? null : { argTypes, returnType: INT32, nullable: 'never' }),
    evaluate: (call) => evaluateRows(call, (args) => args.filter(counts).length, true),
  })
}

/** `%[position][flags][width]type`: position `n$`, flag `-`, width a number, `*` or `*n$`, type s, I or L; `%%`. */
const SPECIFIER = /%(?:(%)|(\d+\$)?(-)?(\d+|\*(?:\d+\$)?)?([sIL])|([\s\S]?))/g

/** PostgreSQL's format() (https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT). */
function format(pattern: string, args: readonly ScalarValue[], types: readonly DataType[]): string {
  let next = 0
  const take = (position: string | undefined): number => {
    if (position !== undefined) next = Number(position.slice(0, -1)) - 1
    if (next < 0) throw invalid('format specifies argument 0, but arguments are numbered from 1')
    if (next >= args.length) throw invalid('too few arguments for format()')
    return next++
  }
  return pattern.replace(
    SPECIFIER,
    (_, percent?: string, position?: string, flag?: string, width?: string, kind?: string, other?: string) => {
      if (percent !== undefined) return '%'
      if (kind === undefined) {
        throw invalid(
          other === '' ? 'unterminated format() type specifier' : `unrecognized format() type specifier "${other}"`,
        )
      }
      const size = width?.startsWith('*')
        ? widthAt(args[take(width === '*' ? undefined : width.slice(1))]!)
        : Number(width ?? 0)
      const i = take(position)
      const shown = formatted(kind, args[i]!, types[i]!)
      return flag === '-' || size < 0 ? shown.padEnd(Math.abs(size)) : shown.padStart(size)
    },
  )
}

function widthAt(value: ScalarValue): number {
  return value === null ? 0 : Number(value)
}

function formatted(kind: string, value: ScalarValue, type: DataType): string {
  if (value === null) {
    if (kind === 'I') throw new VolleyError('null values cannot be formatted as an SQL identifier', { code: '22004' })
    return kind === 'L' ? 'NULL' : ''
  }
  const text = formatScalar(value, type)
  return kind === 's' ? text : kind === 'I' ? quoteIdentifier(text) : quoteLiteral(text)
}

function invalid(message: string): VolleyError {
  return new VolleyError(message, { code: SqlState.invalidParameterValue })
}

/** Functions of any number of values of any types. */
export const VARIADIC_FUNCTIONS: readonly ScalarFunction[] = [
  counting('num_nulls', 'How many of the arguments are NULL.', '1', (value) => value === null),
  counting('num_nonnulls', 'How many of the arguments are not NULL.', '2', (value) => value !== null),
  defineFunction({
    name: 'format',
    category: 'text',
    description:
      'The text with `%s` (text), `%I` (identifier) and `%L` (literal) replaced by the arguments; as C’s sprintf.',
    examples: [
      ["format('Hello %s, %1$s', 'World')", 'Hello World, World'],
      ["format('INSERT INTO %I VALUES (%L)', 'Foo bar', 'O''Reilly')", `INSERT INTO "Foo bar" VALUES ('O''Reilly')`],
    ],
    resolve: (argTypes) =>
      argTypes.length === 0 ? null : { argTypes: [UTF8, ...argTypes.slice(1)], returnType: UTF8, nullable: 'always' },
    evaluate: (call) => {
      const types = call.args.slice(1).map((arg) => arg.type)
      return evaluateRows(
        call,
        ([pattern, ...args]) => (pattern === null ? null : format(pattern as string, args, types)),
        true,
      )
    },
  }),
]
