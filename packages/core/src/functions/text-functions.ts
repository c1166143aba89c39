import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { formatScalar } from '../types/format-scalar.ts'
import { commonType, isText } from '../types/coercion.ts'
import { typeName } from '../types/data-types.ts'
import { BINARY, elementType, INT32, INT64, listType, UTF8 } from '../types/type-factory.ts'
import { defineFunction, type FunctionDefinition, type Overload } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { substringOfBytes } from './substring.ts'
import type { ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'

/** No result of a text function is longer, in UTF-16 units. */
const MAX_TEXT = 64 * 1024 * 1024

type Args = readonly ScalarValue[]

function text(args: Args, i: number): string {
  return args[i] as string
}

/** An integer argument, clamped to what positions in text can be. */
function int(args: Args, i: number): number {
  return Math.max(-2147483648, Math.min(2147483647, Number(args[i])))
}

/** Whether positions in UTF-16 units are positions in code points. */
function isPlain(value: string): boolean {
  return !/[\ud800-\udfff]/.test(value)
}

/** Code points `start` to `end` (exclusive) of a text. */
function sliceText(value: string, start: number, end: number): string {
  if (end <= start) return ''
  return isPlain(value) ? value.slice(start, end) : Array.from(value).slice(start, end).join('')
}

function lengthOf(value: string): number {
  return isPlain(value) ? value.length : Array.from(value).length
}

function checkLength(length: number): void {
  if (length > MAX_TEXT) throw new VolleyError('requested length too large', { code: '54000' })
}

/** Code points `start` (1-based, may be 0 or less) on, `count` of them, as PostgreSQL's substr counts. */
function substring(args: Args): string {
  const start = int(args, 1)
  if (args.length === 2) return sliceText(text(args, 0), Math.max(0, start - 1), Infinity)
  const count = int(args, 2)
  if (count < 0) throw new VolleyError('negative substring length not allowed', { code: '22011' })
  return sliceText(text(args, 0), Math.max(0, start - 1), Math.max(0, start - 1 + count))
}

function splitPart(args: Args): string {
  const n = int(args, 2)
  if (n === 0) throw new VolleyError('field position must not be zero', { code: SqlState.invalidParameterValue })
  const delimiter = text(args, 1)
  if (delimiter === '') return n === 1 || n === -1 ? text(args, 0) : ''
  return (
    text(args, 0)
      .split(delimiter)
      .at(n > 0 ? n - 1 : n) ?? ''
  )
}

function trimmer(start: boolean, end: boolean): (args: Args) => string {
  return (args) => {
    const characters = Array.from(text(args, 0))
    const set = new Set(args.length > 1 ? Array.from(text(args, 1)) : [' '])
    let from = 0
    let to = characters.length
    if (start) while (from < to && set.has(characters[from]!)) from++
    if (end) while (to > from && set.has(characters[to - 1]!)) to--
    return characters.slice(from, to).join('')
  }
}

function padder(left: boolean): (args: Args) => string {
  return (args) => {
    const length = Math.max(0, int(args, 1))
    checkLength(length)
    const value = Array.from(text(args, 0))
    if (value.length >= length) return value.slice(0, length).join('')
    const fill = args.length > 2 ? Array.from(text(args, 2)) : [' ']
    if (fill.length === 0) return value.join('')
    const padding = Array.from({ length: length - value.length }, (_, i) => fill[i % fill.length]!).join('')
    return left ? padding + value.join('') : value.join('') + padding
  }
}

function position(value: string, part: string): number {
  const at = value.indexOf(part)
  return at < 0 ? 0 : lengthOf(value.slice(0, at)) + 1
}

function initcap(value: string): string {
  return value.toLowerCase().replace(/[\p{L}\p{N}]+/gu, (word) => {
    const [first, ...rest] = word
    return first!.toUpperCase() + rest.join('')
  })
}

function chr(args: Args): string {
  const point = int(args, 0)
  if (point === 0) throw new VolleyError('null character not permitted', { code: '54000' })
  if (point < 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) {
    throw new VolleyError(`requested character not valid for encoding: ${point}`, { code: '54000' })
  }
  return String.fromCodePoint(point)
}

function repeat(args: Args): string {
  const count = Math.max(0, int(args, 1))
  checkLength(count * text(args, 0).length)
  return text(args, 0).repeat(count)
}

function overlay(args: Args): string {
  const start = int(args, 2)
  const count = args.length > 3 ? int(args, 3) : lengthOf(text(args, 1))
  if (start <= 0) throw new VolleyError('negative substring length not allowed', { code: '22011' })
  const value = text(args, 0)
  return sliceText(value, 0, start - 1) + text(args, 1) + sliceText(value, Math.max(0, start - 1 + count), Infinity)
}

function translate(args: Args): string {
  const from = Array.from(text(args, 1))
  const to = Array.from(text(args, 2))
  return Array.from(text(args, 0), (character) => {
    const at = from.indexOf(character)
    return at < 0 ? character : (to[at] ?? '')
  }).join('')
}

const TEXT_1: readonly Overload[] = [{ args: [UTF8], returns: UTF8 }]
const TEXT_INT: readonly Overload[] = [{ args: [UTF8, INT64], returns: UTF8 }]
const TRIM: readonly Overload[] = [
  { args: [UTF8], returns: UTF8 },
  { args: [UTF8, UTF8], returns: UTF8 },
]
const PAD: readonly Overload[] = [
  { args: [UTF8, INT64], returns: UTF8 },
  { args: [UTF8, INT64, UTF8], returns: UTF8 },
]

type Row = (args: Args) => ScalarValue

function textFunction(
  definition: Omit<FunctionDefinition, 'category' | 'evaluate'> & { readonly row: Row },
): ScalarFunction {
  const { row, ...rest } = definition
  return defineFunction({ ...rest, category: 'text', evaluate: (call: ScalarCall) => evaluateRows(call, row) })
}

/** Functions of text that return text or positions in it; positions count code points from 1. */
export const TEXT_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: 'substring',
    category: 'text',
    aliases: ['substr'],
    description: 'Characters from a position on, all or as many as given.',
    examples: [
      ["substring('alphabet', 3)", 'phabet'],
      ["substring('alphabet', 3, 2)", 'ph'],
      ["substr('alphabet', -1, 4)", 'al'],
    ],
    overloads: [
      { args: [UTF8, INT64], returns: UTF8 },
      { args: [UTF8, INT64, INT64], returns: UTF8 },
    ],
    evaluate: (call: ScalarCall) => substringOfBytes(call) ?? evaluateRows(call, substring),
  }),
  textFunction({
    name: 'split_part',
    description: 'The n-th field of a text cut at a delimiter; negative n counts from the end.',
    examples: [
      ["split_part('abc~@~def~@~ghi', '~@~', 2)", 'def'],
      ["split_part('a,b,c', ',', -1)", 'c'],
    ],
    overloads: [{ args: [UTF8, UTF8, INT64], returns: UTF8 }],
    row: splitPart,
  }),
  textFunction({
    name: 'btrim',
    aliases: ['trim'],
    description: 'Removes characters of a set (spaces by default) from both ends.',
    examples: [
      ["btrim('xyxtrimyyx', 'xyz')", 'trim'],
      ["trim('  a b ')", 'a b'],
    ],
    overloads: TRIM,
    row: trimmer(true, true),
  }),
  textFunction({
    name: 'ltrim',
    description: 'Removes characters of a set (spaces by default) from the start.',
    examples: [["ltrim('zzzytest', 'xyz')", 'test']],
    overloads: TRIM,
    row: trimmer(true, false),
  }),
  textFunction({
    name: 'rtrim',
    description: 'Removes characters of a set (spaces by default) from the end.',
    examples: [["rtrim('testxxzx', 'xyz')", 'test']],
    overloads: TRIM,
    row: trimmer(false, true),
  }),
  textFunction({
    name: 'left',
    description: 'The first n characters; with negative n all but the last.',
    examples: [
      ["left('abcde', 2)", 'ab'],
      ["left('abcde', -2)", 'abc'],
    ],
    overloads: TEXT_INT,
    row: (args) => {
      const n = int(args, 1)
      return sliceText(text(args, 0), 0, n >= 0 ? n : Math.max(0, lengthOf(text(args, 0)) + n))
    },
  }),
  textFunction({
    name: 'right',
    description: 'The last n characters; with negative n all but the first.',
    examples: [
      ["right('abcde', 2)", 'de'],
      ["right('abcde', -2)", 'cde'],
    ],
    overloads: TEXT_INT,
    row: (args) => {
      const n = int(args, 1)
      const length = lengthOf(text(args, 0))
      return sliceText(text(args, 0), n >= 0 ? Math.max(0, length - n) : -n, length)
    },
  }),
  textFunction({
    name: 'lpad',
    description: 'Fills up at the start to a length, or cuts at the end.',
    examples: [
      ["lpad('hi', 5, 'xy')", 'xyxhi'],
      ["lpad('hello', 2)", 'he'],
    ],
    overloads: PAD,
    row: padder(true),
  }),
  textFunction({
    name: 'rpad',
    description: 'Fills up at the end to a length, or cuts.',
    examples: [["rpad('hi', 5, 'xy')", 'hixyx']],
    overloads: PAD,
    row: padder(false),
  }),
  textFunction({
    name: 'replace',
    description: 'Replaces every occurrence of a text by another.',
    examples: [["replace('abcdefabcdef', 'cd', 'XX')", 'abXXefabXXef']],
    overloads: [{ args: [UTF8, UTF8, UTF8], returns: UTF8 }],
    row: (args) =>
      text(args, 1) === '' ? text(args, 0) : text(args, 0).replaceAll(text(args, 1), () => text(args, 2)),
  }),
  textFunction({
    name: 'translate',
    description: 'Replaces each character of one set by the one at its place in another, or removes it.',
    examples: [["translate('12345', '143', 'ax')", 'a2x5']],
    overloads: [{ args: [UTF8, UTF8, UTF8], returns: UTF8 }],
    row: translate,
  }),
  textFunction({
    name: 'overlay',
    description: 'Puts a text at a position, over as many characters as it has or as given.',
    examples: [["overlay('Txxxxas', 'hom', 2, 4)", 'Thomas']],
    overloads: [
      { args: [UTF8, UTF8, INT64], returns: UTF8 },
      { args: [UTF8, UTF8, INT64, INT64], returns: UTF8 },
    ],
    row: overlay,
  }),
  textFunction({
    name: 'strpos',
    aliases: ['position', 'instr'],
    description: 'Position of the first occurrence of a text in another; 0 when there is none.',
    examples: [
      ["strpos('high', 'ig')", '2'],
      ["strpos('high', 'x')", '0'],
    ],
    overloads: [{ args: [UTF8, UTF8], returns: INT32 }],
    row: (args) => position(text(args, 0), text(args, 1)),
  }),
  textFunction({
    name: 'reverse',
    description: 'The characters from last to first.',
    examples: [["reverse('abcde')", 'edcba']],
    overloads: TEXT_1,
    row: (args) => Array.from(text(args, 0)).reverse().join(''),
  }),
  textFunction({
    name: 'repeat',
    description: 'The text n times.',
    examples: [["repeat('Pg', 4)", 'PgPgPgPg']],
    overloads: TEXT_INT,
    row: repeat,
  }),
  textFunction({
    name: 'initcap',
    description: 'The first letter of each word upper case, the rest lower case.',
    examples: [["initcap('hi THOMAS')", 'Hi Thomas']],
    overloads: TEXT_1,
    row: (args) => initcap(text(args, 0)),
  }),
  textFunction({
    name: 'ascii',
    description: 'Code point of the first character; 0 of an empty text.',
    examples: [["ascii('x')", '120']],
    overloads: [{ args: [UTF8], returns: INT32 }],
    row: (args) => text(args, 0).codePointAt(0) ?? 0,
  }),
  textFunction({
    name: 'chr',
    description: 'The character of a code point.',
    examples: [['chr(65)', 'A']],
    overloads: [{ args: [INT64], returns: UTF8 }],
    row: chr,
  }),
  textFunction({
    name: 'to_hex',
    description: 'A number in hexadecimal; a negative one as its 64 bits.',
    examples: [['to_hex(2147483647)', '7fffffff']],
    overloads: [{ args: [INT64], returns: UTF8 }],
    row: (args) => BigInt.asUintN(64, args[0] as bigint).toString(16),
  }),
  textFunction({
    name: 'quote_literal',
    description: 'The text as an SQL literal.',
    examples: [["quote_literal('O''Reilly')", "'O''Reilly'"]],
    overloads: TEXT_1,
    row: (args) => quoteLiteral(text(args, 0)),
  }),
  textFunction({
    name: 'quote_ident',
    description: 'The text as an SQL identifier, quoted where it must be.',
    examples: [["quote_ident('Foo bar')", '"Foo bar"']],
    overloads: TEXT_1,
    row: (args) => quoteIdentifier(text(args, 0)),
  }),
]

/** A text as an SQL literal. */
export function quoteLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/** A text as an SQL identifier, quoted where it must be. */
export function quoteIdentifier(value: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`
}

/** A list of both sides' items: lists put together, or a list with an item before or behind it. */
function concatLists(argTypes: readonly DataType[]): ResolvedFunction | null {
  const [left, right] = argTypes as readonly [DataType, DataType]
  const list = typeName(left) === 'List' ? left : right
  const other = list === left ? right : left
  const wanted = typeName(other) === 'List' ? list : elementType(list)
  const common = commonType(wanted, other)
  if (common === null) return null
  const listed = typeName(other) === 'List' ? common : listType(common)
  const types = list === left ? [listed, common] : [common, listed]
  return { argTypes: types, returnType: listed, nullable: 'propagate' }
}

function joinedBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}

/** `||`, `concat` and `concat_ws` take values of any type, and leave NULLs out. */
export const CONCAT_FUNCTIONS: readonly ScalarFunction[] = [
  defineFunction({
    name: '||',
    aliases: ['textcat'],
    category: 'text',
    description:
      'Two texts (or a text and a value of any type), two byte strings or two lists, put together; NULL when one is.',
    examples: [
      ["'a' || 'b'", 'ab'],
      ["'n: ' || 42", 'n: 42'],
      ['ARRAY[1] || ARRAY[2, 3]', '{1,2,3}'],
      ['ARRAY[1] || 2', '{1,2}'],
    ],
    resolve: (argTypes) => {
      if (argTypes.length !== 2) return null
      if (argTypes.some((type) => typeName(type) === 'List')) return concatLists(argTypes)
      if (argTypes.every((type) => typeName(type) === 'Binary')) {
        return { argTypes, returnType: BINARY, nullable: 'propagate' }
      }
      if (!argTypes.some((type) => isText(type) || typeName(type) === 'Null')) return null
      return { argTypes: [UTF8, UTF8], returnType: UTF8, nullable: 'propagate' }
    },
    evaluate: (call) =>
      evaluateRows(call, (args) =>
        typeName(call.type) === 'List'
          ? args.flatMap((arg) => arg as readonly ScalarValue[])
          : typeName(call.type) === 'Binary'
            ? joinedBytes(args[0] as Uint8Array, args[1] as Uint8Array)
            : text(args, 0) + text(args, 1),
      ),
  }),
  defineFunction({
    name: 'concat',
    category: 'text',
    description: 'The text of all arguments, one after the other; NULLs are left out.',
    examples: [["concat('abcde', 2, NULL, 22)", 'abcde222']],
    nullable: 'never',
    resolve: (argTypes) => (argTypes.length === 0 ? null : { argTypes, returnType: UTF8, nullable: 'never' }),
    evaluate: (call) =>
      evaluateRows(call, (args) => args.map((arg, i) => formatScalar(arg, call.args[i]!.type)).join(''), true),
  }),
  defineFunction({
    name: 'concat_ws',
    category: 'text',
    description: 'The text of the arguments but the first, with the first between them; NULLs are left out.',
    examples: [
      ["concat_ws(',', 'abcde', 2, NULL, 22)", 'abcde,2,22'],
      ["concat_ws(NULL, 'a')", ''],
    ],
    resolve: (argTypes) =>
      argTypes.length < 2 ? null : { argTypes: [UTF8, ...argTypes.slice(1)], returnType: UTF8, nullable: 'always' },
    evaluate: (call) =>
      evaluateRows(
        call,
        (args) => {
          if (args[0] === null) return null
          const parts = args.flatMap((arg, i) =>
            i === 0 || arg === null ? [] : [formatScalar(arg, call.args[i]!.type)],
          )
          return parts.join(text(args, 0))
        },
        true,
      ),
  }),
]
