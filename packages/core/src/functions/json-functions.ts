import type { DataType } from 'apache-arrow'
import { SqlState, VolleyError } from '../errors.ts'
import { arrayLength, findItem, findKey, unescapeJson, type JsonSpan } from '../types/json/json-path.ts'
import { JsonScanner } from '../types/json/json-scanner.ts'
import { typeName } from '../types/data-types.ts'
import type { ScalarValue } from '../types/scalar-value.ts'
import { elementType, INT32, INT64, JSON_TYPE, listType, UTF8 } from '../types/type-factory.ts'
import { commonValidity } from '../vectors/bitmap.ts'
import { constantVector } from '../vectors/build.ts'
import { BytesWriter } from '../vectors/bytes-writer.ts'
import { Operand } from '../vectors/operand.ts'
import { scalarAt } from '../vectors/scalar-at.ts'
import { allRows } from '../vectors/selection.ts'
import { NO_ROW, takeVector } from '../vectors/take.ts'
import type { Vector } from '../vectors/vector.ts'
import { conversionCost, defineFunction } from './define.ts'
import { evaluateRows } from './evaluate-rows.ts'
import { presentRowsOf } from './present-rows.ts'
import type { ResolvedFunction, ScalarCall, ScalarFunction } from './scalar-function.ts'

const encoder = new TextEncoder()

/** One step into a JSON value: a key, or an index into an array. */
type Step = Uint8Array | number

function stepOf(value: ScalarValue): Step {
  return typeof value === 'string' ? encoder.encode(value) : Number(value)
}

const scanner = new JsonScanner()
const span: JsonSpan = { start: 0, end: 0 }

/** Follows the steps from the value in `bytes[start .. end)`; leaves what they lead to in `span`. */
function follow(bytes: Uint8Array, start: number, end: number, steps: readonly Step[]): boolean {
  scanner.reset(bytes, end)
  span.start = scanner.skipSpace(start)
  span.end = end
  for (const step of steps) {
    const found =
      typeof step === 'number' ? findItem(scanner, span.start, step, span) : findKey(scanner, span.start, step, span)
    if (!found) return false
  }
  return true
}

/** Writes what `span` holds: as JSON, or as text (strings without quotes; false for the JSON null). */
function writeSpan(writer: BytesWriter, asText: boolean): boolean {
  const { bytes } = scanner
  if (!asText) {
    writer.append(bytes, span.start, span.end)
    return true
  }
  const kind = scanner.kindAt(span.start)
  if (kind === 'null') return false
  if (kind !== 'string') {
    writer.append(bytes, span.start, span.end)
    return true
  }
  for (let i = span.start + 1; i < span.end - 1; i++) {
    if (bytes[i] !== 0x5c) continue
    const text = encoder.encode(unescapeJson(bytes, span.start + 1, span.end - 1))
    writer.append(text, 0, text.length)
    return true
  }
  writer.append(bytes, span.start + 1, span.end - 1)
  return true
}

/** `->` and `->>`: constant steps are made once, and a dictionary's entries are searched once each. */
function evaluateGet(call: ScalarCall, asText: boolean): Vector {
  const { args, type, length, region } = call
  const rows = call.selection ?? allRows(length)
  const operands = args.map((arg) => new Operand(arg))
  if (rows.length === 0 || commonValidity(args, length, region) === 'none') {
    return constantVector(type, null, length, region)
  }
  const json = operands[0]!
  const constantSteps = operands.slice(1).every((operand) => operand.isConstant)
  let steps = constantSteps ? args.slice(1).flatMap((arg) => stepsOf(scalarAt(arg, 0))) : []
  const places = region.u32(length).fill(NO_ROW)
  const writer = new BytesWriter(region)
  const placeOfEntry = constantSteps && json.codes !== null ? new Int32Array(json.data.length).fill(-2) : null
  const present = presentRowsOf(operands, rows, region)
  for (let k = 0; k < present.length; k++) {
    const row = present[k]!
    const at = json.at(row)
    if (placeOfEntry !== null && placeOfEntry[at]! > -2) {
      if (placeOfEntry[at]! >= 0) places[row] = placeOfEntry[at]!
      continue
    }
    if (!constantSteps) steps = args.slice(1).flatMap((arg) => stepsOf(scalarAt(arg, row)))
    const { offsets, bytes } = json.bytes
    const found = follow(bytes, offsets[at]!, offsets[at + 1]!, steps) && writeSpan(writer, asText)
    if (found) {
      places[row] = writer.length
      writer.endRow()
    }
    if (placeOfEntry !== null) placeOfEntry[at] = found ? places[row]! : -1
  }
  return takeVector(writer.finish(type), places, length, region)
}

/** A path's list of texts is several steps; digits in it are array indexes where an array is met. */
function stepsOf(value: ScalarValue): Step[] {
  if (!Array.isArray(value)) return [stepOf(value)]
  return (value as readonly ScalarValue[]).map((item) => {
    if (item === null)
      throw new VolleyError('a JSON path must not have NULLs', { code: SqlState.invalidParameterValue })
    return /^-?\d{1,9}$/.test(item as string) ? Number(item) : stepOf(item)
  })
}

function isJsonLike(type: DataType, literal: ScalarValue | undefined): boolean {
  return conversionCost(type, JSON_TYPE, literal) !== null || typeName(type) === 'Utf8'
}

function resolveGet(
  returnType: DataType,
  argTypes: readonly DataType[],
  literals: readonly (ScalarValue | undefined)[],
): ResolvedFunction | null {
  if (argTypes.length < 2 || !isJsonLike(argTypes[0]!, literals[0])) return null
  const steps = argTypes.slice(1).map((type, i) => {
    if (typeName(type) === 'List' && typeName(elementType(type)) === 'Utf8') return type
    if (conversionCost(type, INT64, undefined) !== null && typeName(type) !== 'Null') return INT64
    return conversionCost(type, UTF8, literals[i + 1]) === null ? null : UTF8
  })
  if (steps.includes(null)) return null
  return { argTypes: [JSON_TYPE, ...(steps as DataType[])], returnType, nullable: 'always' }
}

function getFunction(name: string, aliases: readonly string[], asText: boolean): ScalarFunction {
  return defineFunction({
    name,
    aliases,
    category: 'json',
    description: asText
      ? 'The value of a key or array index as text, as ->> gives it: NULL for JSON null; more steps go deeper.'
      : 'The value of a key or array index as JSON, as -> gives it; more steps go deeper.',
    examples: asText
      ? [
          [`${name}(JSON '{"a": {"b.c": 1.50}}', 'a', 'b.c')`, '1.50'],
          [`${name}(JSON '["x", "y"]', -1)`, 'y'],
        ]
      : [[`${name}(JSON '{"a": ["x", null]}', 'a')`, '["x", null]']],
    resolve: (argTypes, literals) => resolveGet(asText ? UTF8 : JSON_TYPE, argTypes, literals),
    evaluate: (call) => evaluateGet(call, asText),
  })
}

function pathFunction(name: string, asText: boolean): ScalarFunction {
  const path = listType(UTF8)
  return defineFunction({
    name,
    aliases: [asText ? '#>>' : '#>'],
    category: 'json',
    description: `The value at a path, given as a list of texts, as ${asText ? 'text (#>>)' : 'JSON (#>)'}.`,
    examples: [[`${name}(JSON '{"a": [7, {"b": "c"}]}', ARRAY['a', '1', 'b'])`, asText ? 'c' : '"c"']],
    resolve: (argTypes, literals) => {
      if (argTypes.length !== 2 || !isJsonLike(argTypes[0]!, literals[0])) return null
      const list = typeName(argTypes[1]!) === 'List' && typeName(elementType(argTypes[1]!)) === 'Utf8'
      if (!list && conversionCost(argTypes[1]!, path, literals[1]) === null) return null
      return { argTypes: [JSON_TYPE, path], returnType: asText ? UTF8 : JSON_TYPE, nullable: 'always' }
    },
    evaluate: (call) => evaluateGet(call, asText),
  })
}

const KINDS = { object: 'object', array: 'array', string: 'string', number: 'number', boolean: 'boolean', null: 'null' }

function onValue(call: ScalarCall, of: (bytes: Uint8Array, start: number) => ScalarValue): Vector {
  return evaluateRows(call, (args) => {
    const bytes = encoder.encode(args[0] as string)
    scanner.reset(bytes, bytes.length)
    return of(bytes, scanner.skipSpace(0))
  })
}

function objectKeys(at: number): string[] {
  const keys: string[] = []
  if (scanner.kindAt(at) !== 'object') {
    throw new VolleyError('cannot call json_object_keys on a value that is no object', {
      code: SqlState.invalidParameterValue,
    })
  }
  at = scanner.skipSpace(at + 1)
  while (scanner.bytes[at] !== 0x7d) {
    const start = scanner.skipSpace(at)
    const end = scanner.skipString(start)
    keys.push(unescapeJson(scanner.bytes, start + 1, end - 1))
    at = scanner.skipSpace(scanner.skipValue(scanner.skipSpace(scanner.skipSpace(end) + 1)))
    if (scanner.bytes[at] === 0x2c) at++
    else if (at >= scanner.end) throw scanner.error()
  }
  return keys
}

/** Functions of JSON text. Numbers and spelling stay as they are written. */
export const JSON_FUNCTIONS: readonly ScalarFunction[] = [
  getFunction('json_get', ['->', 'json_extract', 'json_extract_path', 'jsonb_extract_path'], false),
  getFunction(
    'json_get_text',
    ['->>', 'json_get_str', 'json_extract_path_text', 'json_extract_string', 'jsonb_extract_path_text'],
    true,
  ),
  pathFunction('json_get_path', false),
  pathFunction('json_get_path_text', true),
  defineFunction({
    name: 'json_typeof',
    aliases: ['jsonb_typeof'],
    category: 'json',
    description: 'object, array, string, number, boolean or null.',
    examples: [["json_typeof(JSON '-123.4')", 'number']],
    overloads: [{ args: [JSON_TYPE], returns: UTF8 }],
    evaluate: (call) => onValue(call, (_bytes, at) => KINDS[scanner.kindAt(at)]),
  }),
  defineFunction({
    name: 'json_array_length',
    aliases: ['jsonb_array_length'],
    category: 'json',
    description: 'Number of items of a JSON array.',
    examples: [["json_array_length(JSON '[1, [2, 3], {}]')", '3']],
    overloads: [{ args: [JSON_TYPE], returns: INT32 }],
    evaluate: (call) =>
      onValue(call, (_bytes, at) => {
        if (scanner.kindAt(at) !== 'array') {
          throw new VolleyError('cannot get array length of a value that is no array', {
            code: SqlState.invalidParameterValue,
          })
        }
        return arrayLength(scanner, at)
      }),
  }),
  defineFunction({
    name: 'json_object_keys',
    aliases: ['json_keys', 'jsonb_object_keys'],
    category: 'json',
    description: 'The keys of a JSON object as a list, in their order.',
    examples: [[`json_object_keys(JSON '{"b": 1, "a": 2}')`, '{b,a}']],
    overloads: [{ args: [JSON_TYPE], returns: listType(UTF8) }],
    evaluate: (call) => onValue(call, (_bytes, at) => objectKeys(at)),
  }),
]
